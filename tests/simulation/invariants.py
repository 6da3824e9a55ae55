"""What must be true when all is quiet: sentences, each with what differs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from authorization.domain.loan import Loan as Authority
from authorization.domain.loan import Over
from case.domain.case import Case
from case.domain.case import LoanFile as CaseFile
from case.domain.lifecycle import CLOSED_COMPLETE
from contracts.records import case as case_records
from documents.domain.file import LoanFile as Evidence
from documents.domain.file import Verifying
from ledger.domain.decide import LoanState, PartyState
from ledger.domain.posting import Entry, EntryKind
from mesh.ports import Record
from mesh.service import Key
from mesh.testing import virtual
from mesh.wire import number_of
from notifications.domain.notices import LoanNotices, PartyFile

from .people import Outside
from .world import LANES, World

ORDER = (
    ("CaseOpened", "CaseReviewed", "LoanUpdateConfirmed", "CaseClosed"),
    ("RequirementsDetermined", "VerificationCompleted"),
    ("AuthorizationRequested", "AuthorizationGranted"),
    ("AuthorizationRequested", "AuthorizationDeclined"),
)
"""What one service says of one case, in this order, each at most once."""


def unquiet(world: World, outside: Outside) -> Iterator[str]:
    """Say what is still on its way."""
    for instance in world.instances:
        instance.check()
    for name in world.databases:
        yield from _unheard(world, name)
        yield from _unacknowledged(world, name)
    for service, key, task in outside.open_tasks():
        yield f"{task.task} of {service} waits for a person: {key.id}"
    for case in _cases(world).values():
        if not case.is_closed:
            yield f"case {case.number} of {case.request.loan_id} is {case.place.stage}"


def _unheard(world: World, name: str) -> Iterator[str]:
    rows = world.databases[name].rows
    living = {each.who for each in world.running[name]}
    for number in range(LANES):
        lane = rows.lanes.get(number)
        if lane is None or lane.owner not in living:
            yield f"lane {number} of {name} has no living owner"
        for topic, partition, _ in world.topics[name].of_lane(number):
            end = world.broker.topics[topic].partitions[partition].end
            position = rows.inputs.get((topic, partition))
            heard = position.next_offset if position else 0
            if heard != end:
                yield f"{name} has heard {topic}[{partition}] up to {heard} of {end}"
    for row in rows.due.values():
        if row.due_at <= virtual.now():
            yield f"{row.kind} is due in lane {row.lane} of {name}"


def _unacknowledged(world: World, name: str) -> Iterator[str]:
    for spoken in world.databases[name].rows.outputs.values():
        left = spoken.last_seq - spoken.acked_seq
        if left:
            yield f"{left} of {spoken.topic}[{spoken.lane}] are not acknowledged"


def wrong(world: World, outside: Outside) -> list[str]:
    """List what is not as it must be."""
    return [f"{check.__name__}: {what}" for check in CHECKS for what in check(world, outside)]


# --- requests and cases -----------------------------------------------------------------------


def a_request_has_one_case(world: World, outside: Outside) -> Iterator[str]:
    files = world.states("case", CaseFile)
    count = Counter(case_id for file in files.values() for case_id in file.cases)
    loans = {case_id: key.id for key, file in files.items() for case_id in file.cases}
    for case_id, loan in outside.asked.accepted.items():
        # An id that was used for other content may have been decided by what came first.
        if count[case_id] != 1 or loans[case_id] != loan:
            yield f"{case_id} of {loan} has {count[case_id]} cases"
    for case_id in count.keys() - outside.asked.accepted.keys():
        yield f"nobody asked for {case_id}"


def a_reused_id_is_refused_once(world: World, outside: Outside) -> Iterator[str]:
    refused = {
        record.request_id
        for _, record in _heard(world, "writeoff.case.v1")
        if isinstance(record, case_records.RequestRefused)
    }
    if refused != outside.asked.reused:
        yield f"refused {sorted(refused)}, reused {sorted(outside.asked.reused)}"


def only_garbage_is_parked(world: World, outside: Outside) -> Iterator[str]:
    parked = {name: list(base.rows.parked.values()) for name, base in world.databases.items()}
    unreadable = [row for row in parked["case"] if row.unit.startswith("unreadable/")]
    if len(unreadable) != outside.asked.garbage:
        yield f"{len(unreadable)} of {outside.asked.garbage} pieces of garbage are parked"
    for name, rows in parked.items():
        for row in rows:
            if row not in unreadable:
                yield f"{name}: {row.place}: {row.reason}"


# --- the books --------------------------------------------------------------------------------


def a_completed_case_has_one_posting(world: World, _: Outside) -> Iterator[str]:
    entries = world.states("ledger", Entry).values()
    count = Counter(entry.case_id for entry in entries if entry.kind is EntryKind.POST)
    cases = _cases(world)
    for case_id, case in cases.items():
        if count[case_id] != (case.place == CLOSED_COMPLETE):
            yield f"{case_id} is {case.place.state} and has {count[case_id]} postings"
    for case_id in count.keys() - cases.keys():
        yield f"the posting of {case_id} has no case"


def journals_balance(world: World, _: Outside) -> Iterator[str]:
    for key, entry in world.states("ledger", Entry).items():
        sides: Counter[str] = Counter()
        for line in entry.lines:
            sides[line.book] += line.debit_minor - line.credit_minor
        if any(sides.values()):
            yield f"entry {key.id} is out of balance"


def a_loan_is_what_its_entries_left(world: World, _: Outside) -> Iterator[str]:
    posted: Counter[Key] = Counter()
    cases = _cases(world)
    for key, entry in world.states("ledger", Entry).items():
        if entry.case_id in cases:
            posted[Key(key.tenant, cases[entry.case_id].request.loan_id)] += 1
    for key, state in world.states("ledger", LoanState).items():
        if state.loan and state.loan.version != posted[key] + 1:
            yield f"{key.id} has version {state.loan.version} after {posted[key]} postings"


# --- the services agree -----------------------------------------------------------------------

ENDS = {
    "Closed Complete": {"POSTED"},
    "Closed Refused": {"REFUSED", "POSTING_REFUSED"},
    "Closed Declined": {"DECLINED"},
}


def authority_agrees_on_the_end(world: World, _: Outside) -> Iterator[str]:
    cases = _cases(world)
    for key, loan in world.states("authorization", Authority).items():
        for case_id, seen in loan.cases.items():
            end = seen.end if isinstance(seen, Over) else None
            if end not in ENDS[cases[case_id].place.state]:
                yield f"{case_id} of {key.id} is {cases[case_id].place.state}, there {seen}"
        posted = {each.case_id for each in loan.written_off.values()}
        complete = {i for i, c in cases.items() if c.place == CLOSED_COMPLETE}
        here = {i for i in complete if cases[i].request.loan_id == key.id}
        if posted != here or len(loan.written_off) != len(here):
            yield f"{key.id}: written off there {posted}, complete {here}"


def a_reference_stands_as_its_case_ended(world: World, outside: Outside) -> Iterator[str]:
    cases = _cases(world)
    known: set[str] = set()
    for loan in world.states("authorization", Authority).values():
        for reference in loan.references.values():
            known.add(reference.reference)
            users = {
                case_id
                for case_id, case in cases.items()
                if case.request.approval_reference == reference.reference
                and case.place == CLOSED_COMPLETE
            }
            held = {reference.case_id} if reference.case_id else set()
            standing = "CONSUMED" if users else "ISSUED"
            if (reference.standing, held) != (standing, users):
                yield f"{reference.reference} is {reference.standing} by {held}, used by {users}"
    if missing := set(outside.asked.references) - known:
        yield f"not issued: {sorted(missing)}"


def evidence_waits_for_nothing(world: World, _: Outside) -> Iterator[str]:
    for key, file in world.states("documents", Evidence).items():
        for case in file.cases.values():
            if isinstance(case, Verifying):
                yield f"{case.case_id} of {key.id} is still looked for"


def a_posting_has_its_notices(world: World, _: Outside) -> Iterator[str]:
    told = Counter(
        notice.case_id
        for file in world.states("notifications", LoanNotices).values()
        for notice in file.notices.values()
    )
    for case_id, case in _cases(world).items():
        if told[case_id] != (case.place == CLOSED_COMPLETE):
            yield f"{case_id} is {case.place.state} and has {told[case_id]} notices"


def everyone_holds_the_same_loan(world: World, outside: Outside) -> Iterator[str]:
    loans = world.states("ledger", LoanState)
    held = world.states("case", CaseFile)
    for loan_id in outside.asked.loans:
        [key] = [key for key in loans if key.id == loan_id] or [None]
        if key is None:
            yield f"{loan_id} is not in the books"
            continue
        here, there = loans[key].loan, held[key].loan if key in held else None
        seen = (there.outstanding_minor, there.status) if there else None
        if here is None or seen != (here.outstanding.total, here.status):
            yield f"{loan_id} is seen as {seen}"
    parties = world.states("notifications", PartyFile)
    for key, state in world.states("ledger", PartyState).items():
        if key not in parties or (parties[key].party is None) != (state.party is None):
            yield f"{key.id} is not known to notifications"


# --- the logs ---------------------------------------------------------------------------------


def every_number_is_said_once_as_it_is(world: World, _: Outside) -> Iterator[str]:
    """A counting reader hears all that the store has said, and no number has two contents."""
    for name, database in world.databases.items():
        for (lane, topic), spoken in database.rows.outputs.items():
            partition = world.broker.topics[topic].partitions[lane]
            said: dict[tuple[int, int], bytes | None] = {}
            for record in partition.records:
                number = _number(record)
                if said.setdefault(number, record.value) != record.value:
                    yield f"{name} said {topic}[{lane}] {number} twice, differently"
            rows = {(r.incarnation, r.seq): r.value for r in database.rows.outbox[lane, topic]}
            if said != rows:
                yield f"{topic}[{lane}] differs from {name}'s outbox"
            if max(said, default=(0, 0)) != (spoken.incarnation, spoken.last_seq):
                yield f"{topic}[{lane}] ends at {max(said)}, not at {spoken.last_seq}"
            heard = [number for number, _ in _counted(partition.records)]
            if heard != sorted(said):
                yield f"{topic}[{lane}] is not heard in order, once"


def a_case_is_told_in_order(world: World, _: Outside) -> Iterator[str]:
    for service in ("case", "documents", "authorization"):
        told: defaultdict[str, list[str]] = defaultdict(list)
        for _, record in _heard(world, f"writeoff.{service}.v1"):
            if record.meta.case_id:
                told[record.meta.case_id].append(type(record).__name__)
        for case_id, names in told.items():
            for order in ORDER:
                seen = [name for name in names if name in order]
                if seen != [name for name in order if name in seen]:
                    yield f"{case_id}: {', '.join(names)}"


def an_event_is_told_once(world: World, _: Outside) -> Iterator[str]:
    """Under one number of its topic: only a request that is refused may be refused again."""
    for topic in ("case", "documents", "authorization", "ledger", "notifications"):
        told = (record for _, record in _heard(world, f"writeoff.{topic}.v1"))
        refused = case_records.RequestRefused
        ids = Counter(each.meta.event_id for each in told if not isinstance(each, refused))
        for event_id, count in ids.items():
            if count > 1:
                yield f"{topic} told {event_id} {count} times"


def a_table_ends_as_the_store_is(world: World, _: Outside) -> Iterator[str]:
    for name, database in world.databases.items():
        tables = sorted(t for t in world.topics[name].says if world.topics[name].is_table(t))
        for topic in tables:
            last = {(r.key or b"").decode(): r for r in world.broker.records(topic)}
            kept = {key: row for (of, key), row in database.rows.said.items() if of == topic}
            for key in last.keys() | kept.keys():
                here = kept[key].value if key in kept else None
                there = last[key].value if key in last else None
                if here != there:
                    yield f"{topic}: the last record of {key} is not the store's"
    cases = _cases(world)
    for _, status in _last(world, "writeoff.status.v1.north"):
        case = cases[UUID(status.meta.case_id)]
        if status.state != case.place.state:
            yield f"{case.case_id} is shown as {status.state}, and is {case.place.state}"
    loans = world.states("ledger", LoanState)
    for _, snapshot in _last(world, "writeoff.loans.v1"):
        loan = loans[Key(snapshot.meta.tenant, snapshot.meta.loan_id)].loan
        if loan is None or snapshot.meta.version != loan.version:
            yield f"{snapshot.meta.loan_id} is shown as of version {snapshot.meta.version}"


CHECKS: tuple[Callable[[World, Outside], Iterator[str]], ...] = (
    a_request_has_one_case,
    a_reused_id_is_refused_once,
    only_garbage_is_parked,
    a_completed_case_has_one_posting,
    journals_balance,
    a_loan_is_what_its_entries_left,
    authority_agrees_on_the_end,
    a_reference_stands_as_its_case_ended,
    evidence_waits_for_nothing,
    a_posting_has_its_notices,
    everyone_holds_the_same_loan,
    every_number_is_said_once_as_it_is,
    a_case_is_told_in_order,
    an_event_is_told_once,
    a_table_ends_as_the_store_is,
)


def _cases(world: World) -> dict[UUID, Case]:
    files = world.states("case", CaseFile).values()
    return {case_id: case for file in files for case_id, case in file.cases.items()}


def _number(record: Record) -> tuple[int, int]:
    number = number_of(record.headers)
    assert number is not None, "all that the mesh says is numbered"
    return number


def _counted(records: list[Record]) -> list[tuple[tuple[int, int], Record]]:
    """Give what a counting reader hears of one partition."""
    heard: list[tuple[tuple[int, int], Record]] = []
    incarnation, seq = 0, 0
    for record in records:
        number = _number(record)
        if number == (incarnation, seq + 1) or (number[0] > incarnation and number[1] == 1):
            incarnation, seq = number
            heard.append((number, record))
    return heard


def _heard(world: World, topic: str) -> Iterator[tuple[Record, Any]]:
    """Give what a reader hears of a log topic, lane by lane."""
    for partition in world.broker.topics[topic].partitions:
        for _, record in _counted(partition.records):
            yield record, world.decode(record)


def _last(world: World, topic: str) -> Iterator[tuple[Record, Any]]:
    """Give the last record of each key of a table topic."""
    for record in {record.key: record for record in world.broker.records(topic)}.values():
        if record.value is not None:
            yield record, world.decode(record)
