"""The checks, each a sentence that must be true. Pure: facts in, what differs out."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from writeoff.reconcile.facts import POSTED, Facts, Keeper, Request, Telling

COMPLETE = "Closed Complete"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as its check says."""

    check: str
    what: str


type Check = Callable[[Facts], Iterator[str]]


def differences(facts: Facts) -> list[Difference]:
    """Return all that differs, check by check."""
    return [Difference(name, what) for name, check in CHECKS.items() for what in check(facts)]


def unquiet(facts: Facts) -> list[Difference]:
    """Return what is still on its way: unheard, or not acknowledged."""
    return [Difference(name, what) for name in QUIET for what in CHECKS[name](facts)]


def not_yet_tried(facts: Facts) -> list[str]:
    """List the notices that nobody was told of yet, with what they wait for."""
    return [
        f"notice {notice.notice_id} of case {notice.case_id}: {notice.why}"
        for notice in facts.notices
        if notice.telling is Telling.NOT_YET_TRIED
    ]


def requests_have_cases(facts: Facts) -> Iterator[str]:
    """Every accepted request has exactly one case."""
    by_identity = Counter((case.tenant, case.source, case.request_id) for case in facts.cases)
    for identity, count in by_identity.items():
        if count > 1:
            yield f"request {'/'.join(identity)} has {count} cases"
    cases = {case.case_id for case in facts.cases}
    asked: set[str] = set()
    for request in facts.requests:
        if _opens_a_case(request, facts):
            asked.add(request.message_id)
            if request.message_id not in cases:
                yield f"request {request.source}/{request.request_id} has no case"
    for case in facts.cases:
        if case.case_id not in asked:
            yield f"{case} has no request"


def open_cases_are_kept(facts: Facts) -> Iterator[str]:
    """A case that is not over has an open task, a timer or a parked message that keeps it."""
    kept = {keeper.case_id for keeper in facts.keepers}
    for case in facts.cases:
        if not case.is_closed and case.case_id not in kept:
            yield f"{case} waits for nothing: no task, no timer, nothing parked"


def closed_cases_are_left(facts: Facts) -> Iterator[str]:
    """A case that is over has at most tasks and timers of notices and deferred documents."""
    closed = {case.case_id: case for case in facts.cases if case.is_closed}
    for keeper in facts.keepers:
        case = closed.get(keeper.case_id)
        if case is not None and not _may_outlive(keeper):
            yield f"{case} is over, but {keeper.service} has a {keeper.what} of it: {keeper.name}"


def posted_cases_have_one_journal(facts: Facts) -> Iterator[str]:
    """A completed case has one journal, and a journal has a case that was not refused."""
    cases = {case.case_id: case for case in facts.cases}
    counts = Counter(journal.case_id for journal in facts.journals if journal.case_id)
    for case in facts.cases:
        count = counts.get(case.case_id, 0)
        if case.state == COMPLETE and count != 1:
            yield f"{case} has {count} journals"
        if case.is_closed and case.state != COMPLETE and count:
            yield f"{case} has {count} journals, but was not carried out"
    for case_id in counts.keys() - cases.keys():
        yield f"the journal of case {case_id} has no case"


def what_is_posted_was_granted(facts: Facts) -> Iterator[str]:
    """Authority knows of its grant for every case that has a journal."""
    for journal in facts.journals:
        if journal.case_id and journal.case_id not in facts.granted:
            yield f"the journal of case {journal.case_id} has no grant"


def what_was_said_stands(facts: Facts) -> Iterator[str]:
    """What was said to be posted has a journal, and a case ended as was said."""
    cases = {case.case_id: case for case in facts.cases}
    posted = {journal.case_id for journal in facts.journals}
    for said in sorted(facts.endings):
        if said.state == POSTED:
            if said.case_id not in posted:
                yield f"case {said.case_id} was said to be posted, and has no journal"
        elif said.case_id not in cases:
            yield f"case {said.case_id} was said to be {said.state}, and is not known any more"
        elif cases[said.case_id].state != said.state:
            yield f"{cases[said.case_id]} was said to be {said.state}"


def journals_balance(facts: Facts) -> Iterator[str]:
    """The debits of a journal are its credits."""
    for journal in facts.journals:
        if journal.imbalance_minor:
            yield f"journal {journal.entry_id} is out of balance by {journal.imbalance_minor}"


def refinances_are_opened(facts: Facts) -> Iterator[str]:
    """What a refinance took from a loan, its new loan owes: nothing stays between them."""
    for each in facts.refinances:
        if each.opened_minor != each.amount_minor:
            between = each.amount_minor - (each.opened_minor or 0)
            what = f"refinance {each.transaction_id} of {each.tenant}/{each.loan_id}"
            opened = "differs" if each.opened_minor is not None else "is not opened"
            yield f"{what}: its new loan {opened}, {between} minor units stand between them"


def notices_are_told(facts: Facts) -> Iterator[str]:
    """A notice due was sent, failed or suppressed, or it is listed as not yet tried."""
    for notice in facts.notices:
        if notice.telling is Telling.UNKNOWN:
            yield f"notice {notice.notice_id} of case {notice.case_id}: {notice.why}"


def inputs_are_heard(facts: Facts) -> Iterator[str]:
    """No input is behind its log."""
    for each in facts.inputs:
        if max(each.next_offset, 0) < each.end:
            behind = each.end - max(each.next_offset, 0)
            yield f"{each.service} is {behind} behind in {each.topic}[{each.partition}]"


def what_is_due_is_heard(facts: Facts) -> Iterator[str]:
    """No timer and no command is due and unheard."""
    for each in facts.overdue:
        yield f"{each.service} has {each.count} {each.kind} due in lane {each.lane}"


def outboxes_are_acknowledged(facts: Facts) -> Iterator[str]:
    """Nothing in an outbox waits for the broker."""
    for each in facts.outputs:
        if each.acked_seq < each.last_seq:
            left = each.last_seq - each.acked_seq
            yield f"{each.service} has {left} unacknowledged rows for {each.topic}[{each.lane}]"


def tables_match(facts: Facts) -> Iterator[str]:
    """The last record of every key on the table topics equals the store."""
    for each in facts.table_keys:
        if each.in_store == each.on_topic:
            continue
        # Keys of parties are pseudonymous, so they may be told.
        if each.on_topic is None:
            yield f"{each.topic}: {each.key} is in {each.service}'s store and not on the topic"
        elif each.in_store is None:
            yield f"{each.topic}: {each.key} is on the topic and not in {each.service}'s store"
        else:
            yield f"{each.topic}: {each.key} differs from {each.service}'s store"


def _opens_a_case(request: Request, facts: Facts) -> bool:
    """Say whether it was accepted as a request; a door's other commands have identities too."""
    if request.source in facts.sources:
        return request.tenant in facts.sources[request.source]
    return request.message_id == request.case_id


def _may_outlive(keeper: Keeper) -> bool:
    if keeper.what == "parked":
        return False
    deferred = keeper.service == "documents" and "defer" in keeper.name.lower()
    return keeper.service == "notifications" or deferred


CHECKS: dict[str, Check] = {
    "requests have cases": requests_have_cases,
    "open cases are kept": open_cases_are_kept,
    "closed cases are left": closed_cases_are_left,
    "posted cases have one journal": posted_cases_have_one_journal,
    "what is posted was granted": what_is_posted_was_granted,
    "what was said stands": what_was_said_stands,
    "journals balance": journals_balance,
    "refinances are opened": refinances_are_opened,
    "notices are told": notices_are_told,
    "inputs are heard": inputs_are_heard,
    "what is due is heard": what_is_due_is_heard,
    "outboxes are acknowledged": outboxes_are_acknowledged,
    "tables match": tables_match,
}

QUIET = ("inputs are heard", "what is due is heard", "outboxes are acknowledged")
