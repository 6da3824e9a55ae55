"""What must be true of requests, cases, books and letters when all is quiet."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from authorization.domain.loan import Loan as Authority
from authorization.domain.loan import Over
from case.domain.case import Case
from case.domain.case import LoanFile as CaseFile
from case.domain.lifecycle import CLOSED_COMPLETE
from contracts.records.case import RequestRefused
from documents.domain.file import LoanFile as Evidence
from documents.domain.file import Verifying
from ledger.domain.events import LoanState, PartyState
from ledger.domain.posting import Entry, EntryKind
from mesh.service import Key
from mesh.testing.memory_rows import UNREADABLE
from notifications.domain.notices import LoanNotices, PartyFile, Sent

from .asked import Asked
from .post import DOMAIN
from .world import World

ENDS = {
    "Closed Complete": {"POSTED"},
    "Closed Refused": {"REFUSED", "POSTING_REFUSED"},
    "Closed Declined": {"DECLINED"},
}

# --- requests and cases -----------------------------------------------------------------------


def a_request_has_one_case(world: World, asked: Asked) -> Iterator[str]:
    files = world.states("case", CaseFile)
    count = Counter(case_id for file in files.values() for case_id in file.cases)
    loans = {case_id: key.id for key, file in files.items() for case_id in file.cases}
    for case_id, loan in asked.accepted.items():
        # An id that was used for other content may have been decided by what came first.
        if count[case_id] != 1 or loans[case_id] != loan:
            yield f"{case_id} of {loan} has {count[case_id]} cases"
    for case_id in count.keys() - asked.accepted.keys():
        yield f"nobody asked for {case_id}"


def what_may_not_be_is_refused(world: World, asked: Asked) -> Iterator[str]:
    """An id that was used before for other content, a tenant that is not the source's."""
    refused = {
        record.request_id: record.code
        for record in map(world.decode, world.broker.records("writeoff.case.v1"))
        if isinstance(record, RequestRefused)
    }
    if refused != asked.refused:
        yield f"refused {sorted(refused.items())}, to be refused {sorted(asked.refused.items())}"


def only_what_is_unreadable_is_parked(world: World, asked: Asked) -> Iterator[str]:
    parked = {name: list(base.rows.parked.values()) for name, base in world.databases.items()}
    unreadable = [row for row in parked["case"] if row.unit.startswith(UNREADABLE)]
    copies = {record.headers["dead-place"] for record in _dead_letters(world)}
    if not len(unreadable) == len(copies) == asked.unreadable:
        told = f"{len(unreadable)} parked, {len(copies)} dead letters"
        yield f"{asked.unreadable} were sent that nobody can read: {told}"
    for name, rows in parked.items():
        for row in rows:
            if row not in unreadable:
                yield f"{name}: {row.place}: {row.reason}"


def _dead_letters(world: World) -> list[Any]:
    return world.broker.records("writeoff.deadletters.v1.case")


# --- the books --------------------------------------------------------------------------------


def a_completed_case_has_one_posting(world: World, _: Asked) -> Iterator[str]:
    entries = world.states("ledger", Entry).values()
    count = Counter(entry.case_id for entry in entries if entry.kind is EntryKind.POST)
    cases = _cases(world)
    for case_id, case in cases.items():
        if count[case_id] != (case.place == CLOSED_COMPLETE):
            yield f"{case_id} is {case.place.state} and has {count[case_id]} postings"
    for case_id in count.keys() - cases.keys():
        yield f"the posting of {case_id} has no case"


def a_loan_is_what_its_entries_left(world: World, _: Asked) -> Iterator[str]:
    posted: Counter[Key] = Counter()
    cases = _cases(world)
    for key, entry in world.states("ledger", Entry).items():
        if entry.case_id in cases:
            posted[Key(key.tenant, cases[entry.case_id].request.loan_id)] += 1
    for key, state in world.states("ledger", LoanState).items():
        if state.loan and state.loan.version != posted[key] + 1:
            yield f"{key.id} has version {state.loan.version} after {posted[key]} postings"


# --- the services agree -----------------------------------------------------------------------


def authority_agrees_on_the_end(world: World, _: Asked) -> Iterator[str]:
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


def a_reference_stands_as_its_case_ended(world: World, asked: Asked) -> Iterator[str]:
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
    if missing := set(asked.references) - known:
        yield f"not issued: {sorted(missing)}"


def evidence_waits_for_nothing(world: World, _: Asked) -> Iterator[str]:
    for key, file in world.states("documents", Evidence).items():
        for case in file.cases.values():
            if isinstance(case, Verifying):
                yield f"{case.case_id} of {key.id} is still looked for"


def everyone_holds_the_same_loan(world: World, asked: Asked) -> Iterator[str]:
    loans = world.states("ledger", LoanState)
    held = world.states("case", CaseFile)
    for loan_id in asked.loans:
        [key] = [key for key in loans if key.id == loan_id] or [None]
        if key is None:
            yield f"{loan_id} is not in the books"
            continue
        here, there = loans[key].loan, held[key].loan if key in held else None
        seen = (there.outstanding_minor, there.status) if there else None
        if here is None or seen != (here.outstanding.total, here.status):
            yield f"{loan_id} is seen as {seen}"


def everyone_knows_the_same_people(world: World, _: Asked) -> Iterator[str]:
    books, letters = world.states("ledger", PartyState), world.states("notifications", PartyFile)
    for key in books.keys() | letters.keys():
        here = books[key].party if key in books else None
        there = letters[key].party if key in letters else None
        if (here and here.family_name) != (there and there.family_name):
            yield f"{key.id} has one name in the books and another in letters"


def what_is_shown_is_so(world: World, _: Asked) -> Iterator[str]:
    cases = _cases(world)
    for status in _last(world, "writeoff.status.v1.north"):
        case = cases[UUID(status.meta.case_id)]
        if status.state != case.place.state:
            yield f"{case.case_id} is shown as {status.state}, and is {case.place.state}"
    loans = world.states("ledger", LoanState)
    for snapshot in _last(world, "writeoff.loans.v1"):
        loan = loans[Key(snapshot.meta.tenant, snapshot.meta.loan_id)].loan
        if loan is None or snapshot.meta.version != loan.version:
            yield f"{snapshot.meta.loan_id} is shown as of version {snapshot.meta.version}"


# --- people are told --------------------------------------------------------------------------


def a_posting_has_its_notice(world: World, _: Asked) -> Iterator[str]:
    told = Counter(
        notice.case_id
        for file in world.states("notifications", LoanNotices).values()
        for notice in file.notices.values()
    )
    for case_id, case in _cases(world).items():
        if told[case_id] != (case.place == CLOSED_COMPLETE):
            yield f"{case_id} is {case.place.state} and has {told[case_id]} notices"


def a_notice_left_the_house(world: World, _: Asked) -> Iterator[str]:
    """And what left it again is the same, under the same name."""
    files = world.states("notifications", LoanNotices).values()
    notices = {f"{notice_id}": n for file in files for notice_id, n in file.notices.items()}
    for notice_id, notice in notices.items():
        name, letter = f"<{notice_id}@{DOMAIN}>", f"{notice_id}.txt"
        left = {"EMAIL": world.post.mails[name], "LETTER": world.post.letters[letter]}
        if isinstance(notice.standing, Sent) and not left[notice.standing.proof.channel]:
            yield f"notice {notice_id} is said to be sent"
        for channel, pieces in left.items():
            if any(piece != pieces[0] for piece in pieces):
                yield f"notice {notice_id} left as {len(pieces)} different pieces by {channel}"
    for name in (*world.post.mails, *world.post.letters):
        if name.strip("<>").removesuffix(f"@{DOMAIN}").removesuffix(".txt") not in notices:
            yield f"{name} was sent without a notice"


CHECKS = (
    a_request_has_one_case,
    what_may_not_be_is_refused,
    only_what_is_unreadable_is_parked,
    a_completed_case_has_one_posting,
    a_loan_is_what_its_entries_left,
    authority_agrees_on_the_end,
    a_reference_stands_as_its_case_ended,
    evidence_waits_for_nothing,
    everyone_holds_the_same_loan,
    everyone_knows_the_same_people,
    what_is_shown_is_so,
    a_posting_has_its_notice,
    a_notice_left_the_house,
)


def _cases(world: World) -> dict[UUID, Case]:
    files = world.states("case", CaseFile).values()
    return {case_id: case for file in files for case_id, case in file.cases.items()}


def _last(world: World, topic: str) -> Iterator[Any]:
    """Give the last record of each key of a table topic."""
    last = {record.key: record for record in world.broker.records(topic)}
    for record in last.values():
        if record.value is not None:
            yield world.decode(record)
