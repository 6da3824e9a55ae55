"""What the topics hold: where each log ends, and what lies last under each key of a table."""

from collections.abc import Iterable
from hashlib import sha256

from contracts.catalogue import Topic

from writeoff.catalogue import source_of, topics
from writeoff.logs import Place, ends, operator_consumer, read
from writeoff.reconcile.facts import Digest, Input, TableKey
from writeoff.reconcile.stores import Store
from writeoff.stackenv import StackEnv


def read_inputs(env: StackEnv, stores: dict[str, Store]) -> list[Input]:
    """Compare how far each service has heard with where the logs end."""
    found: list[Input] = []
    with operator_consumer(env) as consumer:
        for topic in topics(env):
            hearers = [store for store in stores.values() if _hears(store, topic)]
            if not hearers:
                continue
            for partition in range(topic.partitions):
                start, end = ends(consumer, topic.name, partition)
                found += [
                    Input(
                        store.service,
                        topic.name,
                        partition,
                        store.inputs.get((topic.name, partition), start),
                        end,
                    )
                    for store in hearers
                ]
    return found


def read_tables(env: StackEnv, stores: dict[str, Store]) -> list[TableKey]:
    """Compare the last record of every key on the table topics with their writers' stores."""
    tables = [topic for topic in topics(env) if topic.kind == "table"]
    on_topic = _last_records(env, tables)
    found: list[TableKey] = []
    for topic in tables:
        store = stores[topic.writer]
        in_store = {key: digest for (name, key), digest in store.said.items() if name == topic.name}
        lying = on_topic[topic.name]
        found += [
            TableKey(topic.writer, topic.name, key, in_store.get(key), lying.get(key))
            for key in sorted(in_store.keys() | lying.keys())
        ]
    return found


def _hears(store: Store, topic: Topic) -> bool:
    """A service hears what it has begun to hear; case hears every upstream from the start."""
    if source_of(topic.name) is not None:
        return store.service == "case"
    return any(name == topic.name for name, _ in store.inputs)


def _last_records(env: StackEnv, tables: Iterable[Topic]) -> dict[str, dict[str, Digest | None]]:
    """Read whole tables; a tombstone is none, as is a key that was never said."""
    last: dict[str, dict[str, Digest | None]] = {topic.name: {} for topic in tables}
    places = [Place(t.name, partition) for t in tables for partition in range(t.partitions)]
    with operator_consumer(env) as consumer:
        for raw in read(consumer, places):
            digest = sha256(raw.value).digest() if raw.value is not None else None
            last[raw.topic][raw.key.decode(errors="replace")] = digest
    return last
