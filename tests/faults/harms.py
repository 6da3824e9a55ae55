"""What can befall a stack: functions that do harm to a scene and return when the harm is over."""

import errno
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import PIPE

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from mesh.limits import UNACKNOWLEDGED_ROWS_MAX

from ..journeys.bank import SERVICES, a_loan  # noqa: TID252 - tests are no package
from ..journeys.waiting import eventually  # noqa: TID252
from .load import PART
from .running import PROCESSES, RECOVERED_S, SECONDS, SERVERS, Scene

NO_SPACE = os.strerror(errno.ENOSPC)
PAGE = 4_096


def kill(scene: Scene, *names: str) -> None:
    """SIGKILL; the supervisor starts it again."""
    for name in names:
        scene.at.hand("kill", name)


def kill_in_turn(scene: Scene, *waves: tuple[str, ...]) -> None:
    """Kill some, wait until cases close in every lane, kill the next."""
    for names in waves:
        kill(scene, *names)
        scene.until_cases_close()
        scene.at.until_ready(*names)


def freeze(scene: Scene, name: str, seconds: float) -> None:
    """SIGSTOP, and SIGCONT when others have long gone on without it."""
    scene.at.hand("freeze", name)
    time.sleep(seconds)
    scene.at.hand("thaw", name)


def cut_off(scene: Scene, name: str, server: str, seconds: float) -> None:
    """Let nothing through between a process and the broker, or its store."""
    link = scene.at.links[name, server]
    link.hold()
    time.sleep(seconds)
    link.heal()


def go_away(scene: Scene, server: str, seconds: float) -> None:
    """Stop a server in good order; nobody starts it for so long."""
    scene.at.hand("stop", server)
    time.sleep(seconds)
    scene.at.hand("start", server)
    scene.at.until_ready(server)


def lose_commits(scene: Scene, each: int) -> None:
    """Swallow the answers of so many COMMITs of each process: the store has done them."""
    links = {name: scene.at.links[name, "postgres"] for name in PROCESSES}
    before = {name: link.lost for name, link in links.items()}
    for link in links.values():
        link.lose_commits(each)
    eventually(
        lambda: all(link.lost - before[name] == each for name, link in links.items()),
        seconds=RECOVERED_S,
    )


def forget_offsets(scene: Scene) -> None:
    """Delete the offsets of the services in Kafka, but of one set them back to the beginning."""
    conf: dict[str, str | int | float | bool] = {**scene.at.env.kafka_conf("admin")}
    admin = AdminClient(conf)
    first, *others = list[str](SERVICES)
    for done in admin.delete_consumer_groups(others).values():
        done.result(30)
    places = [TopicPartition(f"writeoff.{name}.v1", 0, 0) for name in others]
    back = ConsumerGroupTopicPartitions(first, places)
    [done] = admin.alter_consumer_group_offsets([back]).values()
    done.result(30)


def restart_in_turn(scene: Scene) -> None:
    """Stop each in good order and start it again, one after the other, as a deploy does."""
    for name in (*PROCESSES, *SERVERS, "mail"):
        scene.at.hand("restart", name)
        scene.at.until_ready(name)


def start_seconds(scene: Scene, seconds: float) -> None:
    """Start a second instance of who has one, let them share the lanes for a while, stop it."""
    for name in SECONDS:
        scene.at.hand("start", name)
    for service in SERVICES:
        scene.at.until_shared(service, 2)
    time.sleep(seconds)
    for name in SECONDS:
        scene.at.hand("stop", name)


def fill_outboxes(scene: Scene, seconds: float) -> None:
    """Let nothing that the ledger says be acknowledged until its lanes take in nothing more."""
    links = [scene.at.links[name, "kafka"] for name in ("ledger-1", "ledger-2")]
    for link in links:
        link.hold_produced()
    while not all(
        lane["unacknowledged"] > UNACKNOWLEDGED_ROWS_MAX
        for _, lane in scene.at.lanes("ledger")
        if lane["state"] == "running"
    ):
        rows = [{"line": line, **a_loan()} for line in range(1, PART + 1)]
        scene.bank.post("ledger", "/v1/loans/import", {"rows": rows}, who="adele")
    time.sleep(seconds)
    for link in links:
        link.heal()


def fill_disk(scene: Scene, seconds: float) -> None:
    """Leave PostgreSQL not one byte, and after a while give it all back."""
    disk = scene.at.places.postgres
    ballast, log = disk / "ballast", scene.at.places.log("postgres")
    said = log.read_text().count(NO_SPACE)
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(PAGE))
    eventually(lambda: log.read_text().count(NO_SPACE) > said, seconds=RECOVERED_S)
    time.sleep(seconds)
    ballast.unlink()


def take_lanes(scene: Scene, a_minute: int, seconds: float) -> None:
    """Have every lane of every service given back and taken again, so often a minute."""
    for _ in range(round(a_minute * seconds / 60)):
        due = time.monotonic() + 60 / a_minute
        for service in SERVICES:
            _let_go(scene, service)
        time.sleep(max(0.0, due - time.monotonic()))


def _let_go(scene: Scene, service: str) -> None:
    """Release a service's lanes once all of them run, which counts as one taking of each."""

    def running() -> list[tuple[str, int]]:
        lanes = scene.at.lanes(service)
        return [(url, lane["lane"]) for url, lane in lanes if lane["state"] == "running"]

    eventually(lambda: len(running()) == scene.at.env.lanes, seconds=RECOVERED_S)
    for url, lane in running():
        assert scene.at.repair(url, "release", lane=lane)


def freeze_a_reader(scene: Scene, service: str) -> None:
    """Freeze somebody who holds a service's lanes while the server is sending to him.

    No limit of the session ends that, for the server waits in the network; the fault ends when the
    server finds that nobody takes what it sends (lanes 2).
    """
    command = [sys.executable, "-P", str(Path(__file__).with_name("greedy.py"))]
    reader = subprocess.Popen([*command, scene.at.env.dsn(service)], stdout=PIPE, text=True)
    assert reader.stdout is not None
    backend = int(reader.stdout.readline())
    waits = partial(scene.at.waits_of, backend)
    eventually(lambda: waits() == ["ClientWrite"], seconds=RECOVERED_S)
    reader.send_signal(signal.SIGSTOP)
    eventually(lambda: waits() == [], seconds=RECOVERED_S)
    reader.kill()
    reader.communicate()
