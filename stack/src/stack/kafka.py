"""The broker: one node in KRaft mode, every door with a password, every right given by name."""

import base64
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack import credentials, java, probes
from stack.keeper import Program, environment, launched, tail
from stack.places import Places, StackError, write_private

ADMIN = "admin"
"""The super user: the stack's own, given to no service."""

PROPERTIES = """\
# Written anew at every start.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=SASL_PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=SASL_PLAINTEXT://127.0.0.1:{port}{advertised}
listener.security.protocol.map=CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT{protocols}
controller.listener.names=CONTROLLER
inter.broker.listener.name=SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=SCRAM-SHA-512
listener.name.controller.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_plaintext.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.controller.scram-sha-512.sasl.jaas.config={jaas}
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config={jaas}
{logins}authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
log.dirs={data}
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
group.initial.rebalance.delay.ms=0
group.consumer.heartbeat.interval.ms=500
group.consumer.min.heartbeat.interval.ms=500
group.consumer.session.timeout.ms=3000
group.consumer.min.session.timeout.ms=3000
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
background.threads=4
log.segment.bytes=67108864
metadata.log.segment.bytes=33554432
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=16777216
"""

LOGIN = "listener.name.{door}.scram-sha-512.sasl.jaas.config={jaas}\n"

LOGGING = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
logger.refusals.name=kafka.authorizer.logger
logger.refusals.level=INFO
"""


def prepare(
    places: Places,
    jars: Sequence[Path],
    *,
    ports: dict[str, int],
    links: Mapping[str, tuple[int, int]],
) -> None:
    """Write the broker's settings and format its storage, if it is not yet.

    `links`: a name → the port that its clients are told, and the one that the broker listens at.
    """
    word = credentials.password(places, "kafka", ADMIN)
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    jaas = f'{login} required username="{ADMIN}" password="{word}";'
    doors = {f"LINK_{name.upper().replace('-', '_')}": each for name, each in links.items()}
    settings = PROPERTIES.format(
        port=ports["kafka"],
        controller=ports["kafka-controller"],
        data=places.kafka / "data",
        jaas=jaas,
        listeners="".join(f",{door}://127.0.0.1:{own}" for door, (_, own) in doors.items()),
        advertised="".join(f",{door}://127.0.0.1:{told}" for door, (told, _) in doors.items()),
        protocols="".join(f",{door}:SASL_PLAINTEXT" for door in doors),
        logins="".join(LOGIN.format(door=door.lower(), jaas=jaas) for door in doors),
    )
    write_private(places.kafka / "server.properties", settings)
    (places.kafka / "log4j2.properties").write_text(LOGGING)
    if not (places.kafka / "data" / "meta.properties").exists():
        _format(places, jars, word)


def program(places: Places, jars: Sequence[Path], *, ports: dict[str, int]) -> Program:
    """Describe the broker."""

    async def ready() -> bool:
        return await probes.kafka_answers(ports["kafka"])

    return Program(
        name="kafka",
        command=_java(
            places, jars, "kafka", "kafka.Kafka", str(places.kafka / "server.properties")
        ),
        environment=environment(),
        port=ports["kafka"],
        ready=ready,
        grace_s=java.grace_s(30.0),
    )


def _java(places: Places, jars: Sequence[Path], name: str, *arguments: str) -> tuple[str, ...]:
    logging = f"-Dlog4j2.configurationFile={places.kafka / 'log4j2.properties'}"
    return java.command(
        name,
        heap_mib=(192, 384),
        temporary=places.kafka / "tmp",
        jars=jars,
        arguments=(logging, *arguments),
    )


def _format(places: Places, jars: Sequence[Path], word: str) -> None:
    """Format with the super user only; its password goes by a file, unseen in the process list."""
    cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    settings = places.kafka / "server.properties"
    scram = f"SCRAM-SHA-512=[name={ADMIN},password={word}]"
    arguments = places.kafka / "format.arguments"
    # One word: an id may begin with a hyphen.
    words = ["-c", str(settings), f"--cluster-id={cluster}", "--add-scram", scram]
    write_private(arguments, "\n".join(words))
    command = _java(
        places, jars, "kafka-format", "kafka.tools.StorageTool", "format", f"@{arguments}"
    )
    log = places.log("kafka-format")
    with log.open("wb") as file:  # its standard output tells the keys: never kept
        done = subprocess.run(  # noqa: S603
            launched(command),
            stdout=subprocess.DEVNULL,
            stderr=file,
            env=environment(),
            check=False,
        )
    arguments.unlink()
    if done.returncode != 0:
        raise StackError(f"the broker's storage cannot be formatted:\n{tail(log)}")
