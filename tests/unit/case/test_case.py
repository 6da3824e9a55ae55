"""A case from review to its end."""

from dataclasses import replace
from itertools import pairwise, permutations
from typing import Any
from uuid import UUID

import pytest
from case.domain import events, lifecycle
from case.domain.case import Case, number_of
from case.domain.commands import ClaimTask, CompleteTask, ReleaseTask
from case.domain.events import Fact, WorkNoteAdded
from case.domain.history import lines
from case.domain.terms import Approver, Posting
from hypothesis import given
from hypothesis import strategies as st
from mesh.people import Person
from mesh.tasks import TaskClosed, TaskRefused

CASE = UUID(int=1)
TASK_ELSEWHERE = UUID(int=77)
POSTING = Posting(
    transaction_id="T-1",
    amount_minor=100_000,
    currency="USD",
    balance_before_minor=100_000,
    balance_after_minor=0,
    approvers=(Approver(id="l4-deb", level=4), Approver(id="l5-eve", level=5)),
)


def base(number: int, story: Any) -> dict[str, Any]:
    return {"case_id": CASE, "at": story.now, "fact_id": UUID(int=100 + number)}


def way(story: Any) -> list[list[Fact]]:
    """What other services tell of a case, in the order of each."""
    return [
        [
            events.RequirementsDetermined(**base(1, story), wanted=("COLLECTION_LOG",)),
            events.VerificationCompleted(**base(2, story)),
        ],
        [
            events.AuthorizationRequested(**base(3, story), row="A1", level=1),
            events.ElsewhereOpened(**base(4, story), task_id=TASK_ELSEWHERE, task="loan"),
            events.ApprovalRecorded(**base(5, story), approver=Approver(id="l1-amy", level=1)),
            events.ElsewhereClosed(
                **base(6, story), task_id=TASK_ELSEWHERE, task="loan", result="approved"
            ),
            events.AuthorizationGranted(**base(7, story), row="A1", approvers=()),
        ],
        [events.WriteOffPosted(**base(8, story), posting=POSTING)],
        [events.NoticesRecorded(**base(9, story), notices=("WRITE_OFF_NOTICE",))],
    ]


def open_task(story: Any) -> UUID:
    [task] = [t for t in story.file.tasks.values() if t.closed_at is None]
    return task.task_id


def test_a_plain_case_passes_review_without_a_person(story: Any) -> None:
    story.loan()

    told = story.request(notes="written off as agreed")

    assert story.names(told) == ["CaseOpened", "WorkNoteAdded", "IntakePassed", "CaseReviewed"]
    assert story.case().place == lifecycle.DOCUMENT_VERIFICATION
    assert story.case().is_on_the_way


def test_a_case_goes_from_stage_to_stage_and_closes_complete(story: Any) -> None:
    story.loan()
    story.request()

    stages: list[str] = []
    for facts in way(story):
        for fact in facts:
            story.hear(fact)
            stages.append(story.case().place.stage)

    assert stages == [
        "Document Verification",
        *["Authorization"] * 5,
        *["Loan Update"] * 2,
        "Closed Complete",
    ]
    [note] = [e.text for e in story.told if isinstance(e, WorkNoteAdded)]
    assert note == (
        "Written off 1000.00 USD by transaction T-1. Outstanding 1000.00 before, 0.00 after. "
        "Approved by l4-deb (L4), l5-eve (L5). Notices: WRITE_OFF_NOTICE."
    )


def test_it_waits_for_a_person_while_another_service_does(story: Any) -> None:
    story.loan()
    story.request()
    _, asking, _, _ = way(story)

    for fact in asking[:2]:
        story.hear(fact)
    assert story.case().waits
    for fact in asking[2:]:
        story.hear(fact)
    assert not story.case().waits


def test_facts_of_different_services_may_come_in_any_order(story: Any) -> None:
    story.loan()
    story.request()
    start = story.file
    ends: set[Case] = set()

    for order in permutations(way(story)):
        story.file = start
        for facts in order:
            for fact in facts:
                story.hear(fact)
        ends.add(story.case())

    assert len(ends) == 1
    assert ends.pop().place == lifecycle.CLOSED_COMPLETE


@given(data=st.data())
def test_a_repeated_fact_changes_nothing(new_story: Any, data: st.DataObject) -> None:
    story = new_story()
    story.loan()
    story.request()
    facts = [fact for part in way(story) for fact in part]
    for fact in facts:
        story.hear(fact)
        again = data.draw(st.sampled_from(facts[: facts.index(fact) + 1]))
        before = story.file

        assert story.hear(again) == []
        assert story.file is before


@given(late=st.lists(st.integers(0, 8), max_size=9))
def test_nothing_leads_out_of_a_closed_place(new_story: Any, late: list[int]) -> None:
    story = new_story()
    story.loan()
    story.request()
    facts = [fact for part in way(story) for fact in part]
    story.hear(events.AuthorizationRefused(**base(50, story), code="APPROVAL_USED"))

    for number in late:
        story.hear(facts[number])

    assert story.case().place == lifecycle.CLOSED_REFUSED
    assert story.case().code == "APPROVAL_USED"


@pytest.mark.parametrize(
    ("fact", "state", "code"),
    [
        (
            lambda b: events.AuthorizationDeclined(
                **b, by=Approver(id="l3-cal", level=3), comment="collect first"
            ),
            "Closed Declined",
            "DECLINED",
        ),
        (
            lambda b: events.AuthorizationRefused(**b, code="APPROVAL_USED"),
            "Closed Refused",
            "APPROVAL_USED",
        ),
        (
            lambda b: events.PostingRefused(**b, code="GRANT_EXCEEDED", message="too much"),
            "Closed Refused",
            "GRANT_EXCEEDED",
        ),
    ],
)
def test_a_no_of_another_service_ends_the_case(
    story: Any, fact: Any, state: str, code: str
) -> None:
    story.loan()
    story.request()

    told = story.hear(fact(base(1, story)))

    assert story.names(told)[1:] == ["WorkNoteAdded", "CaseClosed"]
    assert (story.case().place.state, story.case().code) == (state, code)


def test_a_reviewer_corrects_the_terms(story: Any, ana: Person) -> None:
    story.loan()
    story.request(reason="nobody knows")
    command = CompleteTask(
        task_id=open_task(story),
        by=ana,
        scope="PARTIAL",
        amount="250.5",
        reason="SKIP",
        litigation="P",
        legal_code="10",
        note="Traced twice.",
    )

    told = story.hear(command)

    assert story.names(told) == ["TaskClosed", "CaseReviewed", "WorkNoteAdded"]
    terms = story.case().terms
    assert (terms.scope, terms.amount_minor, terms.reason) == ("PARTIAL", 25_050, "SKIP")
    assert (terms.litigation, terms.legal_code) == ("P", "10")
    assert told[1].reviewer == "ana"
    assert told[2].text.endswith("outstanding 1000.00. Traced twice.")
    assert not story.case().waits


@pytest.mark.parametrize(
    ("correction", "code"),
    [
        ({"amount": "0"}, "AMOUNT_NOT_POSITIVE"),
        ({"amount": "1000.01"}, "AMOUNT_EXCEEDS_OUTSTANDING"),
        ({"amount": "1.001"}, "AMOUNT_SCALE"),
        ({"amount": "much"}, "INVALID_FIELDS"),
        ({"scope": "PARTIAL"}, "INVALID_FIELDS"),
        ({"reason": "WINDING_UP"}, "REASON_NOT_ALLOWED"),
        ({"legal_code": "9"}, "INVALID_FIELDS"),
    ],
)
def test_a_correction_that_breaks_a_rule_is_told_to_the_reviewer(
    story: Any, ana: Person, correction: dict[str, str], code: str
) -> None:
    story.loan()
    story.request(reason="nobody knows")

    [refused] = story.hear(CompleteTask(task_id=open_task(story), by=ana, **correction))

    assert isinstance(refused, TaskRefused)
    assert refused.code == code
    assert story.case().waits


def test_a_case_under_review_ends_when_its_loan_was_closed_meanwhile(
    story: Any, ana: Person
) -> None:
    story.loan()
    story.request(channel="AGENT", source="agent")
    story.loan(version=(1, 2), status="CLOSED_OBLIGATIONS_MET", outstanding_minor=0)

    told = story.hear(CompleteTask(task_id=open_task(story), by=ana))

    assert story.refusal(told) == "LOAN_NOT_ACTIVE"
    assert [t.result for t in story.file.tasks.values()] == ["case closed"]


def test_a_full_case_is_reviewed_with_what_is_outstanding_then(story: Any, ana: Person) -> None:
    story.loan()
    story.request(channel="AGENT", source="agent", amount_minor=100_000, currency="USD")
    story.loan(version=(1, 2), outstanding_minor=90_000)

    story.hear(CompleteTask(task_id=open_task(story), by=ana))

    assert story.case().terms.amount_minor == 90_000


def test_an_older_snapshot_is_not_taken_in(story: Any) -> None:
    story.loan(version=(2, 1))

    assert story.loan(version=(1, 9), outstanding_minor=1) == []
    assert story.file.loan.outstanding_minor == 100_000


def test_tasks_are_claimed_and_released_by_who_may(story: Any, ana: Person, bea: Person) -> None:
    story.loan()
    story.request(reason="nobody knows")
    task_id = open_task(story)

    assert story.names(story.hear(ClaimTask(task_id=task_id, by=ana))) == ["TaskClaimed"]
    assert story.hear(ClaimTask(task_id=task_id, by=ana)) == []
    [refused] = story.hear(ClaimTask(task_id=task_id, by=bea))
    assert refused.code == "ROLE_NEEDED"
    assert story.names(story.hear(ReleaseTask(task_id=task_id, by=ana))) == ["TaskReleased"]


def by_hand(story: Any, ana: Person) -> UUID:
    """Bring a case of a product that is updated by hand to its posting; ana approved it."""
    story.policy = replace(story.policy, modes={"PERSONAL_LOAN": "MANUAL"})
    story.loan()
    story.request()
    posting = replace(POSTING, approvers=(Approver(id=ana.id, level=1),))
    story.hear(events.WriteOffPosted(**base(1, story), posting=posting))
    story.hear(events.NoticesRecorded(**base(2, story), notices=()))
    assert story.case().waits
    return open_task(story)


def test_a_loan_update_by_hand_is_confirmed_by_another_person(story: Any, ana: Person) -> None:
    task_id = by_hand(story, ana)
    ben = Person("ben", frozenset({"loan_agent"}))
    update = CompleteTask(task_id=task_id, by=ana, core_reference="C-77", new_balance="0")

    [refused] = story.hear(update)
    told = story.hear(replace(update, by=ben))

    assert refused.code == "MAKER_IS_CHECKER"
    assert story.names(told) == [
        "TaskClosed",
        "LoanUpdateConfirmed",
        "WorkNoteAdded",
        "CaseClosed",
    ]
    assert story.case().place == lifecycle.CLOSED_COMPLETE


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"new_balance": "0.00"}, "INVALID_FIELDS"),
        ({"core_reference": "C-77"}, "INVALID_FIELDS"),
        ({"core_reference": "C-77", "new_balance": "0.01"}, "BALANCE_MISMATCH"),
    ],
)
def test_a_loan_update_must_show_what_was_posted(
    story: Any, ana: Person, fields: dict[str, str], code: str
) -> None:
    task_id = by_hand(story, ana)
    ben = Person("ben", frozenset({"loan_agent"}))

    [refused] = story.hear(CompleteTask(task_id=task_id, by=ben, **fields))

    assert refused.code == code
    assert story.case().waits


def test_a_closed_case_leaves_no_task_of_ours(story: Any) -> None:
    story.loan()
    story.request(reason="nobody knows")

    told = story.hear(events.AuthorizationRefused(**base(1, story), code="X"))

    [closed] = [e for e in told if isinstance(e, TaskClosed)]
    assert (closed.result, closed.by) == ("case closed", None)


def test_the_timeline_has_a_line_for_each_thing_that_happened(story: Any) -> None:
    before = story.file
    story.request()
    story.loan()
    for facts in way(story):
        for fact in facts:
            story.hear(fact)

    found = [line for line in lines(before, story.file, story.told) if line]

    assert [line.seq for line in found] == list(range(1, story.case().seq + 1))
    assert found[0].before == lifecycle.INTAKE
    assert found[-1].after == lifecycle.CLOSED_COMPLETE
    assert all(a.after == b.before for a, b in pairwise(found))


def test_numbers_are_readable_and_follow_from_the_id() -> None:
    assert number_of(UUID(int=32 * 31 + 10)) == "WO-AZ00000000"
    assert number_of(UUID(int=2**50 + 1)) == number_of(UUID(int=1))


def test_the_table_knows_every_open_place_and_leads_only_to_places() -> None:
    targets = {place for row in lifecycle.TABLE.values() for place in row.values()}

    assert targets <= lifecycle.TABLE.keys()
    assert lifecycle.CLOSED.isdisjoint(lifecycle.TABLE)
