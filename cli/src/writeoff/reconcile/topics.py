"""What the topics hold: where logs end, what lies last in tables, how cases were said to end."""

from collections.abc import Iterable
from hashlib import sha256

from contracts.catalogue import Topic

from writeoff.catalogue import source_of, topics
from writeoff.decoding import Decoder
from writeoff.logs import Place, ends, operator_consumer, read
from writeoff.reconcile.facts import POSTED, Digest, Ending, Input, TableKey
from writeoff.reconcile.stores import Store
from writeoff.stackenv import StackEnv

CLOSINGS, POSTINGS = "writeoff.case.v1", "writeoff.ledger.v1"

POSTED_RECORDS = frozenset(
    {
        *("WriteOffPosted", "ChargeOffPosted", "RecoveryPosted", "PayOffPosted"),
        *("RefinancePosted", "ChargeOffRemoved", "TransactionReversed"),
    }
)
"""What the ledger says when it has carried out a case."""


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


def read_endings(env: StackEnv) -> frozenset[Ending]:
    """Read every record that told of a case that it is posted, or over."""
    logs = [topic for topic in topics(env) if topic.name in (CLOSINGS, POSTINGS)]
    places = [Place(t.name, partition) for t in logs for partition in range(t.partitions)]
    decoder, found = Decoder(env), set[Ending]()
    with operator_consumer(env) as consumer:
        for raw in read(consumer, places):
            name = decoder.name(raw.value) if raw.value is not None else ""
            if raw.value is None or (name != "CaseClosed" and name not in POSTED_RECORDS):
                continue
            _, body = decoder.decode(raw.value)
            case_id = body["meta"]["case_id"]
            if name == "CaseClosed":
                found.add(Ending(str(case_id), f"Closed {body['outcome'].capitalize()}"))
            elif case_id is not None:
                found.add(Ending(str(case_id), POSTED))
    return frozenset(found)


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
