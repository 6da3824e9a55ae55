"""What documents hears and says."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from contracts.records import common, documents, tasks
from contracts.records.authorization import ApprovalReferenceIssued
from contracts.records.case import CaseClosed, CaseReviewed
from contracts.types import from_date
from documents.domain.file import LoanFile
from documents.domain.policy import POLICY
from documents.service import Documents
from documents.store import Store
from mesh.people import Person
from mesh.service import Actor, Answer, Change, Key, Message, Outgoing, Said, Told, derive

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASE = UUID(int=1)
KEY = Key("demo", "LN-1")
DORA = Person("dora", frozenset({"document_agent"}))
SERVICE = Documents(Store(), POLICY)

TERMS = common.Terms(
    case_number="C-1",
    customer_id="P-1",
    product="PERSONAL_LOAN",
    segment="PERSONAL",
    kind="WRITE_OFF",
    scope="FULL",
    amount=common.Money(amount_minor=20_000, currency="EUR"),
    usd_rate="1.10",
    reason="UNCOLLECTIBLE",
    date=from_date(NOW.date()),
    channel="TOPIC",
    source="lending",
    maker="u-17",
    litigation="N",
    fraud=False,
    related_party=False,
    collection_ceases=False,
    outstanding_minor=20_000,
    charged_off_minor=0,
    approval_reference="APPR-2026-001",
)


def meta(number: int, case_id: UUID | None = CASE) -> common.Meta:
    return common.Meta(
        event_id=str(UUID(int=number)),
        tenant="demo",
        case_id=str(case_id) if case_id else None,
        loan_id="LN-1",
        occurred_at=0,
        correlation_id=str(CASE),
        causation_id=str(CASE),
        actor=common.Actor(role="mesh", id="case"),
    )


def fact(body: Any) -> Message:
    return Message(
        kind=type(body).__name__,
        body=body,
        message_id=UUID(body.meta.event_id),
        tenant="demo",
        source="case",
        actor=Actor("mesh", "case"),
        correlation_id=CASE,
        case_id=UUID(body.meta.case_id) if body.meta.case_id else None,
    )


def command(kind: str, number: int, **body: Any) -> Message:
    return Message(
        kind=kind,
        body=body,
        message_id=UUID(int=number),
        tenant="demo",
        source="door",
        actor=Actor("document_agent", "dora"),
        correlation_id=CASE,
        by=DORA,
    )


REVIEWED = fact(CaseReviewed(meta=meta(10), terms=TERMS))
LOG = common.SuppliedDocument(
    document="COLLECTION_LOG", sha256="ab" * 32, dated=from_date(NOW.date()), source="core"
)
ISSUED = fact(
    ApprovalReferenceIssued(
        meta=meta(11, None),
        reference="APPR-2026-001",
        kind="WRITE_OFF",
        amount_max=common.Money(amount_minor=20_000, currency="EUR"),
        issued=from_date(NOW.date()),
        expires=from_date(NOW.date()),
        attests_documents=True,
        issued_by="adele",
    )
)


def hear(file: LoanFile, message: Message) -> tuple[LoanFile, list[Said]]:
    """Take a message in as the mesh does; gives what is said."""
    after, told = file, []
    for place, event in enumerate(SERVICE.decide(file, message, now=NOW)):
        told.append(
            Told(event, derive(message.message_id, type(event).__name__, place), NOW, message)
        )
        after = SERVICE.evolve(after, event)
    change = Change(KEY, 0, file, after, told)
    return after, list(SERVICE.say(change)) if told else []


def records(said: list[Said]) -> list[Any]:
    return [out.record for out in said if isinstance(out, Outgoing)]


def test_a_fact_concerns_its_loan() -> None:
    assert SERVICE.key_of(REVIEWED) == KEY


def test_a_review_with_its_documents_is_verified_with_the_terms_as_heard() -> None:
    reviewed = fact(CaseReviewed(meta=meta(10), terms=TERMS, documents=[LOG]))
    _, said = hear(LoanFile(), reviewed)

    determined, completed = records(said)
    assert isinstance(determined, documents.RequirementsDetermined)
    assert isinstance(completed, documents.VerificationCompleted)
    assert completed.terms == TERMS
    assert completed.agent is None
    assert completed.requirements[1] == documents.Requirement(
        document="COLLECTION_LOG", rule="R2", state="MET", basis="SUPPLIED", sha256="ab" * 32
    )
    assert (completed.meta.case_id, completed.meta.causation_id) == (str(CASE), str(UUID(int=10)))
    assert {out.key for out in said if isinstance(out, Outgoing)} == {"demo/LN-1"}


def test_terms_kept_for_later_are_said_as_they_were_heard() -> None:
    file, said = hear(LoanFile(), REVIEWED)
    opened = records(said)[1]
    _, said = hear(file, ISSUED)

    completed, closed = records(said)
    assert isinstance(opened, tasks.TaskOpened)
    assert isinstance(completed, documents.VerificationCompleted)
    assert isinstance(closed, tasks.TaskClosed)
    assert completed.terms == TERMS
    assert closed.task_id == opened.task_id
    assert (closed.result, closed.closed_by) == ("ATTESTED", None)


def test_an_agent_is_told_what_is_still_wanted_and_when_nothing_is() -> None:
    large = TERMS.__class__.from_avro(
        TERMS.to_avro() | {"amount": {"amount_minor": 10**6, "currency": "EUR"}}
    )
    file, said = hear(LoanFile(), fact(CaseReviewed(meta=meta(10), terms=large)))
    task_id = records(said)[1].task_id
    file, said = hear(
        file,
        command(
            "CompleteTask",
            20,
            task_id=task_id,
            verified=[{"document": "FINAL_DEMAND", "sha256": "AB" * 32, "dated": "2026-11-01"}],
            rejected=[{"document": "COLLECTION_LOG", "code": "INCOMPLETE"}],
        ),
    )
    first = said[-1]
    verified, rejected = records(said)
    file, said = hear(file, command("CompleteTask", 21, task_id=task_id, all=True))
    last = said[-1]

    assert isinstance(first, Answer)
    assert (first.code, first.body["closed"], first.body["wanted"]) == (
        None,
        False,
        ["COLLECTION_LOG"],
    )
    assert (verified.document, verified.sha256, verified.agent) == (
        "FINAL_DEMAND",
        "ab" * 32,
        "dora",
    )
    assert (rejected.document, rejected.code) == ("COLLECTION_LOG", "INCOMPLETE")
    assert isinstance(last, Answer)
    assert (last.body["closed"], last.body["wanted"]) == (True, [])
    assert records(said)[1].agent == "dora"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"task_id": "nonsense"},
        {"task_id": 7, "all": True},
        {"task_id": str(CASE), "verified": "COLLECTION_LOG"},
        {"task_id": str(CASE), "verified": ["COLLECTION_LOG"]},
        {"task_id": str(CASE), "verified": [{"sha256": "12"}]},
        {"task_id": str(CASE), "verified": [{"document": "X", "dated": "yesterday"}]},
        {"task_id": str(CASE), "rejected": [{"document": "X"}]},
    ],
)
def test_nonsense_is_answered_and_changes_nothing(body: dict[str, Any]) -> None:
    file, said = hear(LoanFile(), command("CompleteTask", 20, **body))

    assert file == LoanFile()
    assert [a.code for a in said if isinstance(a, Answer)] == ["INVALID_FIELDS"]


def test_an_unknown_task_is_refused() -> None:
    _, said = hear(LoanFile(), command("ClaimTask", 20, task_id=str(CASE)))

    assert said == [Answer({"message": "no such task"}, "TASK_UNKNOWN")]


def test_the_end_of_a_case_closes_its_task() -> None:
    file, _ = hear(LoanFile(), REVIEWED)
    closed = CaseClosed(
        meta=meta(12), case_number="C-1", outcome="WITHDRAWN", code="ABANDONED", kind="WRITE_OFF"
    )
    _, said = hear(file, fact(closed))

    assert [r.result for r in records(said)] == ["CASE_CLOSED"]
