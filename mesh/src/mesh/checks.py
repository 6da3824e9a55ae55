"""What must hold before a service starts (lanes 27): wrong ends it, missing is waited for."""

from collections.abc import Sequence
from pathlib import Path

from mesh import migrations
from mesh.kafka import KafkaLog
from mesh.ports import Unavailable
from mesh.postgres import PostgresStore
from mesh.postgres_sql import SETTINGS
from mesh.service import Reader
from mesh.topics import Topics

POSTGRES_MIN = 170_000


async def check_start(
    store: PostgresStore, kafka: KafkaLog, topics: Topics, *, folders: Sequence[tuple[str, Path]]
) -> None:
    """Raises Unavailable for what is not there yet, SystemExit for what is wrong."""
    await store.check_direct()
    await _check_store(store.reader, folders)
    await check_topics(kafka, topics)


async def _check_store(reader: Reader, folders: Sequence[tuple[str, Path]]) -> None:
    applied = await migrations.version(reader)
    if newer := migrations.ahead(applied, folders):
        raise SystemExit(f"the store needs a newer build than this one: {', '.join(newer)}")
    if missing := migrations.behind(applied, folders):
        raise Unavailable(f"migrations not applied yet: {', '.join(missing)}")
    [found] = await reader.fetch(SETTINGS)
    if found["version"] < POSTGRES_MIN:
        raise SystemExit("PostgreSQL 17 or newer is needed")
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if found[name] != "on":
            raise SystemExit(f"PostgreSQL's {name} must be on, it is {found[name]}")
    if found["standby"]:
        raise Unavailable("this PostgreSQL is a standby")


async def check_topics(kafka: KafkaLog, topics: Topics) -> None:
    """Raises Unavailable or SystemExit, naming the topic and what is wrong with it."""
    wanted = {name: topics.by_name[name] for name in {*topics.inputs, *topics.says}}
    found = await kafka.facts(sorted(wanted))
    for name, topic in sorted(wanted.items()):
        facts = found[name]
        if facts.partitions != topic.partitions:
            raise SystemExit(
                f"topic {name} has {facts.partitions} partitions, not {topic.partitions}"
            )
        cleanup = "compact" if topic.kind == "table" else "delete"
        if facts.cleanup != cleanup:
            raise SystemExit(f"topic {name} has cleanup.policy {facts.cleanup}, not {cleanup}")
        if facts.timestamps != "LogAppendTime":
            raise SystemExit(f"topic {name} must have message.timestamp.type LogAppendTime")
        # Rights may come a moment after the topic: waited for, and named meanwhile.
        needed = {"READ"} | ({"WRITE"} if name in topics.says else set())
        if missing := needed - facts.may:
            raise Unavailable(f"topic {name}: we may not {', '.join(sorted(missing))} (yet)")
