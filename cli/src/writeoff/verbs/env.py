"""`writeoff env`: how an upstream, a portal and an operator connect."""

from collections.abc import Mapping

import typer
from rich.console import Console
from rich.syntax import Syntax

from writeoff.door import Json
from writeoff.root import session_of
from writeoff.show import pairs, table
from writeoff.stackenv import StackEnv

UPSTREAM = """\
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry import topic_record_subject_name_strategy as strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = "writeoff.requests.v1.{source}"

reader = "reader:" + open("{registry_password}").read()
registry = SchemaRegistryClient({{"url": "{registry}", "basic.auth.user.info": reader}})
subject = f"{{TOPIC}}-writeoff.requests.WriteOffRequested"
serialize = AvroSerializer(
    registry,
    registry.get_latest_version(subject).schema.schema_str,
    conf={{"auto.register.schemas": False, "subject.name.strategy": strategy}},
)
producer = Producer({{
    "bootstrap.servers": "{bootstrap}",
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "source-{source}",
    "sasl.password": open("{password}").read(),
    "enable.idempotence": True,
}})
value = serialize(request, SerializationContext(TOPIC, MessageField.VALUE))
producer.produce(TOPIC, key=request["meta"]["loan_id"], value=value)
producer.flush()
"""

PORTAL = """\
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = "writeoff.status.v1.{tenant}"

reader = "reader:" + open("{registry_password}").read()
registry = SchemaRegistryClient({{"url": "{registry}", "basic.auth.user.info": reader}})
deserialize = AvroDeserializer(registry)
consumer = Consumer({{
    "bootstrap.servers": "{bootstrap}",
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "portal-{tenant}",
    "sasl.password": open("{password}").read(),
    "group.id": "portal-{tenant}",
    "auto.offset.reset": "earliest",
}})
consumer.subscribe([TOPIC])
while True:
    message = consumer.poll(1.0)
    if message and not message.error():
        # The state of a case; one with a higher meta.version replaces it.
        print(deserialize(message.value(), SerializationContext(TOPIC, MessageField.VALUE)))
"""


def env(ctx: typer.Context) -> None:
    """Tell how an upstream, a portal and an operator connect, and where each password is."""
    session = session_of(ctx)
    stack = session.env
    data = _data(stack)
    session.show(data, lambda out: _render(out, stack, data))


def _data(stack: StackEnv) -> Json:
    return {
        "directory": str(stack.directory),
        "lanes": stack.lanes,
        "tenants": list(stack.tenants),
        "kafka": {
            "bootstrap": stack.kafka_bootstrap,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "users": dict(stack.kafka_passwords),
        },
        "registry": {"url": stack.registry_url, "users": dict(stack.registry_passwords)},
        "postgresql": {
            "host": stack.database_host,
            "port": stack.database_port,
            "users": dict(stack.database_passwords),
        },
        "doors": {name: list(urls) for name, urls in stack.services.items()},
        "people": {
            member.name: {
                "roles": sorted(member.roles),
                "level": member.level,
                "token": f"{stack.tokens_dir}/{member.name}",
            }
            for member in stack.people()
        },
        "mail": stack.mail_dir,
        "letters": stack.print_dir,
        "upstreams": {
            source: {
                "user": f"source-{source}",
                "topic": f"writeoff.requests.v1.{source}",
                "snippet": _filled(UPSTREAM, stack, f"source-{source}", source=source),
            }
            for source in stack.sources
        },
        "portals": {
            tenant: {
                "user": f"portal-{tenant}",
                "topic": f"writeoff.status.v1.{tenant}",
                "snippet": _filled(PORTAL, stack, f"portal-{tenant}", tenant=tenant),
            }
            for tenant in stack.tenants
        },
    }


def _filled(snippet: str, stack: StackEnv, user: str, **names: str) -> str:
    return snippet.format(
        registry=stack.registry_url,
        registry_password=stack.registry_passwords["reader"],
        bootstrap=stack.kafka_bootstrap,
        password=stack.kafka_passwords[user],
        **names,
    )


def _render(out: Console, stack: StackEnv, data: Json) -> None:
    out.print(
        pairs(
            "where",
            {
                "Kafka": f"{stack.kafka_bootstrap} (SASL_PLAINTEXT, SCRAM-SHA-512)",
                "schema registry": f"{stack.registry_url} (user reader)",
                "PostgreSQL": f"{stack.database_host}:{stack.database_port}, a database a service",
                "mail": stack.mail_dir,
                "letters": stack.print_dir,
            }
            | {f"{name} door": ", ".join(urls) for name, urls in stack.services.items()},
        )
    )
    out.print(table("people (doors)", ("name", "roles", ">level", "token"), _people(data)))
    users = [(user, _purpose(user), path) for user, path in stack.kafka_passwords.items()]
    out.print(table("Kafka users", ("user", "for", "password is in"), users))
    for kind, told in (("an upstream", data["upstreams"]), ("a portal", data["portals"])):
        for name, each in list(told.items())[:1]:
            out.rule(f"{kind}, as {name}: {each['topic']}", align="left")
            out.print(Syntax(each["snippet"], "python", word_wrap=True))
    out.rule("an operator", align="left")
    password = stack.kafka_passwords.get("operator", "")
    dsn = f"postgresql://operator@{stack.database_host}:{stack.database_port}/case"
    out.print(
        f"Kafka: user operator, password in {password}: reads every topic, writes none\n"
        f"PostgreSQL: {dsn}, password in {stack.database_passwords.get('operator', '')}\n"
        "writeoff mesh lanes · writeoff mesh parked · writeoff reconcile",
        highlight=False,
        soft_wrap=True,
    )


def _people(data: Mapping[str, Json]) -> list[tuple[object, ...]]:
    return [
        (name, ", ".join(each["roles"]), each["level"] or "", each["token"])
        for name, each in data["people"].items()
    ]


def _purpose(user: str) -> str:
    kind, _, name = user.partition("-")
    match kind:
        case "source":
            return f"upstream {name}: writes writeoff.requests.v1.{name}"
        case "portal":
            return f"portals of {name}: read writeoff.status.v1.{name}"
        case "board":
            return "the live board: reads every status topic"
        case "admin":
            return "the stack itself: makes topics and users"
        case "operator":
            return "operators: read everything"
        case _:
            return f"the service {user}"
