"""How requirements are met, one after the other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID, uuid5

import pytest
from documents.domain.events import (
    ClaimTask,
    Command,
    CompleteTask,
    DetermineRequirements,
    DocumentRejected,
    DocumentVerified,
    EndCase,
    Event,
    HearReference,
    Misunderstood,
    ReferenceHeard,
    RequirementsDetermined,
    RequirementsMet,
    Returned,
    Seen,
    VerificationAbandoned,
    VerificationCompleted,
)
from documents.domain.file import (
    Abandoned,
    Completed,
    LoanFile,
    Reference,
    Supplied,
    Terms,
    Verifying,
)
from documents.domain.policy import POLICY
from documents.domain.verification import decide, evolve
from hypothesis import given
from hypothesis import strategies as st
from mesh.people import Person
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
CASE = UUID(int=1)
OTHER = UUID(int=2)
CAUSE = UUID(int=100)
SHA = "ab" * 32
DORA = Person("dora", frozenset({"document_agent"}))
ANA = Person("ana", frozenset({"loan_agent"}))

TERMS = Terms(
    kind="WRITE_OFF",
    segment="PERSONAL",
    product="PERSONAL_LOAN",
    reason="UNCOLLECTIBLE",
    amount_minor=200_000,
    currency="USD",
    usd_rate=Fraction(1),
    channel="TOPIC",
    has_guarantor=False,
    litigation="N",
    legal_code=None,
    collection_ceases=False,
    maker="u-17",
    approval_reference="APPR-2026-001",
    heard='{"as": "heard"}',
)
REFERENCE = Reference("APPR-2026-001", True, date(2026, 12, 31))
LOG = Supplied("COLLECTION_LOG", SHA, TODAY, "core")
DEMAND = Supplied("FINAL_DEMAND", SHA, TODAY, "collections")


def review(
    terms: Terms = TERMS, *supplied: Supplied, case_id: UUID = CASE
) -> DetermineRequirements:
    return DetermineRequirements(case_id, terms, supplied, uuid5(CAUSE, str(case_id)))


def hear(
    *commands: Command, file: LoanFile | None = None, now: datetime = NOW
) -> tuple[LoanFile, list[Event]]:
    """Decide commands in order; gives the file after them and the events of the last."""
    file = file or LoanFile()
    events: Sequence[Event] = ()
    for command in commands:
        events = decide(file, command, now=now, policy=POLICY)
        for event in events:
            file = evolve(file, event)
    return file, list(events)


def task_of(file: LoanFile, case_id: UUID = CASE) -> UUID:
    task = file.task_of(case_id)
    assert task is not None
    return task.task_id


def complete(file: LoanFile, by: Person = DORA, **found: object) -> CompleteTask:
    return CompleteTask(task_id=task_of(file), by=by, cause=UUID(int=77), **found)  # pyright: ignore


def kinds(events: Sequence[Event]) -> list[type]:
    return [type(event) for event in events]


def test_a_case_with_all_its_documents_needs_nobody() -> None:
    file, events = hear(review(TERMS, LOG, DEMAND))

    assert kinds(events) == [RequirementsDetermined, VerificationCompleted]
    completed = events[1]
    assert isinstance(completed, VerificationCompleted)
    assert [r.basis for r in completed.requirements] == ["MADE", "SUPPLIED", "SUPPLIED"]
    assert completed.requirements[1].sha256 == SHA
    assert (completed.agent, completed.heard) == (None, TERMS.heard)
    assert isinstance(file.cases[CASE], Completed)
    assert not file.tasks


def test_what_is_not_at_hand_is_a_task_for_anyone_but_the_maker() -> None:
    _, events = hear(review(TERMS, LOG))

    assert kinds(events) == [RequirementsDetermined, TaskOpened]
    opened = events[1]
    assert isinstance(opened, TaskOpened)
    assert opened.task.queue == "DOCS-PERSONAL"
    assert opened.task.role == "document_agent"
    assert opened.task.barred == {"u-17"}
    assert opened.task.due_at == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    "terms", [replace(TERMS, segment="BUSINESS"), replace(TERMS, reason="FRAUD")]
)
def test_businesses_and_special_cases_go_to_the_business_queue(terms: Terms) -> None:
    _, events = hear(review(terms))

    assert isinstance(events[1], TaskOpened)
    assert events[1].task.queue == "DOCS-BUSINESS"


@pytest.mark.parametrize(
    "bad",
    [
        replace(LOG, source="lending"),
        replace(LOG, sha256="ab" * 31),
        replace(LOG, sha256="zz" * 32),
        replace(LOG, dated=TODAY - timedelta(days=91)),
        replace(LOG, dated=TODAY + timedelta(days=2)),
        replace(LOG, document="SOMETHING_ELSE"),
    ],
)
def test_a_supplied_document_counts_only_when_hash_date_and_source_are_good(bad: Supplied) -> None:
    file, _ = hear(review(TERMS, bad, DEMAND))

    case = file.cases[CASE]
    assert isinstance(case, Verifying)
    assert case.wanted == ("COLLECTION_LOG",)


def test_court_papers_are_good_at_any_age() -> None:
    notice = Supplied("COURT_NOTICE", SHA, date(2019, 1, 1), "court")
    file, _ = hear(review(replace(TERMS, reason="BANKRUPTCY"), LOG, notice))

    assert isinstance(file.cases[CASE], Completed)


def test_a_reference_heard_before_the_case_stands_in_for_its_documents() -> None:
    _, events = hear(HearReference(REFERENCE), review())

    completed = events[-1]
    assert isinstance(completed, VerificationCompleted)
    assert [r.basis for r in completed.requirements] == ["MADE", "ATTESTED", "ATTESTED"]


def test_a_reference_heard_after_the_case_completes_it_and_closes_the_task() -> None:
    file, events = hear(review(), HearReference(REFERENCE))

    assert kinds(events) == [ReferenceHeard, RequirementsMet, VerificationCompleted, TaskClosed]
    assert events[3] == TaskClosed(events[3].task_id, "ATTESTED", None, NOW)  # pyright: ignore
    assert file.task_of(CASE) is None


@pytest.mark.parametrize(
    ("reference", "terms"),
    [
        (replace(REFERENCE, attests=False), TERMS),
        (replace(REFERENCE, expires=TODAY - timedelta(days=1)), TERMS),
        (replace(REFERENCE, reference="APPR-2026-002"), TERMS),
        (REFERENCE, replace(TERMS, reason="FRAUD")),
        (REFERENCE, replace(TERMS, approval_reference=None)),
    ],
)
def test_a_reference_that_does_not_attest_leaves_the_task(
    reference: Reference, terms: Terms
) -> None:
    file, events = hear(review(terms), HearReference(reference))

    assert kinds(events) == [ReferenceHeard]
    assert file.task_of(CASE) is not None


def test_an_agent_verifies_all_that_is_wanted() -> None:
    file, _ = hear(review(TERMS, LOG))
    file, events = hear(complete(file, everything=True), file=file)

    assert kinds(events) == [DocumentVerified, RequirementsMet, VerificationCompleted, TaskClosed]
    completed = events[2]
    assert isinstance(completed, VerificationCompleted)
    assert completed.agent == "dora"
    assert [r.basis for r in completed.requirements] == ["MADE", "SUPPLIED", "VERIFIED"]
    assert events[3] == TaskClosed(events[3].task_id, "VERIFIED", "dora", NOW)  # pyright: ignore


def test_a_task_stays_open_while_something_is_wanted() -> None:
    file, _ = hear(review())
    found = complete(
        file,
        verified=(Seen("COLLECTION_LOG", SHA, None),),
        rejected=(Returned("FINAL_DEMAND", "ILLEGIBLE"),),
    )
    file, events = hear(found, file=file)

    assert kinds(events) == [DocumentVerified, DocumentRejected, RequirementsMet]
    case = file.cases[CASE]
    assert isinstance(case, Verifying)
    assert case.wanted == ("FINAL_DEMAND",)
    assert file.task_of(CASE) is not None


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({}, "INVALID_FIELDS"),
        ({"verified": (Seen("VALUATION", None, None),)}, "DOCUMENT_NOT_WANTED"),
        ({"verified": (Seen("FINAL_DEMAND", "12", None),)}, "INVALID_FIELDS"),
        (
            {"verified": (Seen("FINAL_DEMAND", None, TODAY - timedelta(days=91)),)},
            "DOCUMENT_NOT_CURRENT",
        ),
        ({"rejected": (Returned("FINAL_DEMAND", "UGLY"),)}, "INVALID_FIELDS"),
        (
            {
                "verified": (Seen("FINAL_DEMAND", None, None),),
                "rejected": (Returned("FINAL_DEMAND", "EXPIRED"),),
            },
            "INVALID_FIELDS",
        ),
        (
            {"everything": True, "rejected": (Returned("FINAL_DEMAND", "EXPIRED"),)},
            "INVALID_FIELDS",
        ),
        ({"everything": True, "by": ANA}, "ROLE_NEEDED"),
        (
            {"everything": True, "by": Person("u-17", frozenset({"document_agent"}))},
            "MAKER_IS_CHECKER",
        ),
    ],
)
def test_findings_that_make_no_sense_are_refused_whole(found: dict[str, object], code: str) -> None:
    file, _ = hear(review())
    after, events = hear(complete(file, **found), file=file)  # pyright: ignore

    assert [e.code for e in events if isinstance(e, TaskRefused)] == [code]
    assert len(events) == 1
    assert after == file


def test_a_verified_document_serves_the_next_case_of_the_loan() -> None:
    file, _ = hear(review())
    file, _ = hear(complete(file, everything=True), file=file)
    _, events = hear(review(case_id=OTHER), file=file, now=NOW + timedelta(days=90))

    completed = events[-1]
    assert isinstance(completed, VerificationCompleted)
    assert completed.agent is None
    assert {r.basis for r in completed.requirements} == {"MADE", "VERIFIED"}


def test_a_verified_document_is_stale_after_ninety_days() -> None:
    file, _ = hear(review())
    file, _ = hear(complete(file, everything=True), file=file)
    _, events = hear(review(case_id=OTHER), file=file, now=NOW + timedelta(days=91))

    assert kinds(events) == [RequirementsDetermined, TaskOpened]


def test_a_document_that_the_maker_verified_does_not_count_for_his_case() -> None:
    file, _ = hear(review())
    file, _ = hear(complete(file, everything=True), file=file)
    _, events = hear(review(replace(TERMS, maker="dora"), case_id=OTHER), file=file)

    assert kinds(events) == [RequirementsDetermined, TaskOpened]


def test_a_court_paper_serves_only_cases_of_its_legal_status() -> None:
    summons = replace(TERMS, litigation="L", legal_code="10")
    judgement = replace(TERMS, litigation="L", legal_code="11")
    file, _ = hear(review(summons, LOG, DEMAND))
    file, _ = hear(complete(file, everything=True), file=file)
    file, _ = hear(review(judgement, LOG, DEMAND, case_id=OTHER), file=file)

    case = file.cases[OTHER]
    assert isinstance(case, Verifying)
    assert case.wanted == ("COURT_PAPER",)


def test_one_agents_finding_completes_every_open_case_of_the_loan() -> None:
    file, _ = hear(review(), review(case_id=OTHER))
    file, events = hear(complete(file, everything=True), file=file)

    assert kinds(events).count(VerificationCompleted) == 2
    assert kinds(events).count(TaskClosed) == 2
    assert all(isinstance(case, Completed) for case in file.cases.values())


def test_a_case_that_ends_needs_nobody_any_more() -> None:
    file, events = hear(review(), EndCase(CASE))

    assert kinds(events) == [VerificationAbandoned, TaskClosed]
    assert isinstance(file.cases[CASE], Abandoned)
    assert hear(HearReference(REFERENCE), file=file)[1] == [ReferenceHeard(REFERENCE)]


def test_the_end_of_a_completed_or_unknown_case_is_no_news() -> None:
    assert hear(review(TERMS, LOG, DEMAND), EndCase(CASE))[1] == []
    assert hear(EndCase(CASE))[1] == []


def test_a_task_is_claimed_once_and_its_owner_alone_completes_it() -> None:
    dan = Person("dan", frozenset({"document_agent"}))
    file, _ = hear(review())
    file, events = hear(ClaimTask(task_of(file), DORA), file=file)

    assert kinds(events) == [TaskClaimed]
    assert hear(ClaimTask(task_of(file), DORA), file=file)[1] == []
    refused = hear(complete(file, by=dan, everything=True), file=file)[1]
    assert refused == [TaskRefused("TASK_CLAIMED", "dora has it")]


def test_a_command_that_makes_no_sense_is_answered() -> None:
    assert hear(Misunderstood("what?"))[1] == [TaskRefused("INVALID_FIELDS", "what?")]


CASE_FACTS = (
    review(),
    review(replace(TERMS, approval_reference=None), LOG, case_id=OTHER),
    EndCase(OTHER),
)


def interleaved(place: int) -> list[Command]:
    """Give the facts of both topics, the reference heard at this place among the others."""
    return [*CASE_FACTS[:place], HearReference(REFERENCE), *CASE_FACTS[place:]]


@given(st.integers(0, 3), st.sampled_from(interleaved(0)))
def test_a_repeated_fact_changes_nothing(place: int, repeated: Command) -> None:
    file, _ = hear(*interleaved(place))

    assert decide(file, repeated, now=NOW, policy=POLICY) == []


@given(st.integers(0, 3), st.integers(0, 3))
def test_facts_of_different_topics_converge_in_any_order(one: int, other: int) -> None:
    assert hear(*interleaved(one))[0].cases == hear(*interleaved(other))[0].cases
