"""The world's stores and topics as `writeoff reconcile` looks at them, and what it says of them."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from authorization.domain.loan import Granted, Over
from authorization.domain.loan import Loan as Authority
from case.domain.case import LoanFile as CaseFile
from ledger.domain.posting import Entry, EntryKind
from notifications.domain.notices import Failed, LoanNotices, Sent, Suppressed
from writeoff.reconcile.checks import differences
from writeoff.reconcile.facts import (
    Case,
    Digest,
    Facts,
    Input,
    Journal,
    Keeper,
    Notice,
    Output,
    Request,
    TableKey,
    Telling,
)

from .world import LANES, SOURCE, TENANT, World


def reconcile_finds_nothing(world: World, _: Any) -> Iterator[str]:
    for difference in differences(_facts(world)):
        yield f"{difference.check}: {difference.what}"


def decided_otherwise(world: World, found: Sequence[str]) -> list[str]:
    """Name what a case service that went back said and then decided otherwise, as it was found.

    It hears the loan as its own posting left it before it hears the request again, and refuses it.
    """
    names: list[str] = []
    for file in world.states("case", CaseFile).values():
        for case in file.cases.values():
            here = [what for what in found if f"{case.case_id}," in what]
            if any("but was not carried out" in what for what in here):
                asked = case.request
                names += [str(case.case_id), asked.loan_id, asked.approval_reference or ""]
    return [name for name in names if name]


def _facts(world: World) -> Facts:
    return Facts(
        sources={SOURCE: frozenset({TENANT})},
        requests=[
            Request(str(r.message_id), r.source, r.tenant, r.request_id, _text(r.case_id))
            for r in world.databases["case"].rows.requests.values()
        ],
        cases=list(_cases(world)),
        keepers=list(_keepers(world)),
        journals=list(_journals(world)),
        granted=frozenset(_granted(world)),
        notices=list(_notices(world)),
        inputs=list(_inputs(world)),
        outputs=[
            Output(name, spoken.topic, spoken.lane, spoken.last_seq, spoken.acked_seq)
            for name, database in world.databases.items()
            for spoken in database.rows.outputs.values()
        ],
        table_keys=list(_table_keys(world)),
    )


def _cases(world: World) -> Iterator[Case]:
    for key, file in world.states("case", CaseFile).items():
        for case in file.cases.values():
            asked = case.request
            yield Case(
                str(case.case_id),
                case.number,
                key.tenant,
                asked.source,
                asked.request_id,
                case.place.state,
            )


def _keepers(world: World) -> Iterator[Keeper]:
    for name, database in world.databases.items():
        rows = database.rows
        for state in rows.states.values():
            for task in getattr(state, "tasks", {}).values():
                if task.closed_at is None and task.case_id:
                    yield Keeper(name, "task", task.task, str(task.case_id))
        for due in rows.due.values():
            if due.case_id:
                yield Keeper(name, "timer", due.kind, str(due.case_id))
        for parked in rows.parked.values():
            if parked.case_id:
                told = f"{parked.place}: {parked.reason}"
                yield Keeper(name, "parked", told, str(parked.case_id))


def _journals(world: World) -> Iterator[Journal]:
    for entry in world.states("ledger", Entry).values():
        if entry.kind is EntryKind.POST:
            imbalance = sum(line.debit_minor - line.credit_minor for line in entry.lines)
            yield Journal(str(entry.entry_id), _text(entry.case_id), imbalance)


def _granted(world: World) -> Iterator[str]:
    for loan in world.states("authorization", Authority).values():
        for case_id, seen in loan.cases.items():
            if isinstance(seen, Granted) or (isinstance(seen, Over) and seen.end == "POSTED"):
                yield str(case_id)


def _notices(world: World) -> Iterator[Notice]:
    for file in world.states("notifications", LoanNotices).values():
        for notice in file.notices.values():
            match notice.standing:
                case Sent():
                    telling = Telling.SENT
                case Failed():
                    telling = Telling.FAILED
                case Suppressed():
                    telling = Telling.SUPPRESSED
                case _:
                    telling = Telling.NOT_YET_TRIED
            yield Notice(str(notice.notice_id), str(notice.case_id), telling, "")


def _inputs(world: World) -> Iterator[Input]:
    for name, database in world.databases.items():
        for lane in range(LANES):
            for topic, partition, _ in world.topics[name].of_lane(lane):
                position = database.rows.inputs.get((topic, partition))
                end = world.broker.topics[topic].partitions[partition].end
                yield Input(name, topic, partition, position.next_offset if position else 0, end)


def _table_keys(world: World) -> Iterator[TableKey]:
    for name, database in world.databases.items():
        topics = world.topics[name]
        for topic in sorted(each for each in topics.says if topics.is_table(each)):
            lying = {
                (record.key or b"").decode(): _digest(record.value)
                for record in world.broker.records(topic)
            }
            said = database.rows.said
            kept = {key: _digest(row.value) for (of, key), row in said.items() if of == topic}
            for key in sorted(lying.keys() | kept.keys()):
                yield TableKey(name, topic, key, kept.get(key), lying.get(key))


def _digest(value: bytes | None) -> Digest | None:
    return None if value is None else sha256(value).digest()


def _text(value: object) -> str | None:
    return str(value) if value else None
