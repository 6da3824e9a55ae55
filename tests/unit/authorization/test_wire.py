"""The border: what is heard, what is said, what is answered."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import UUID, uuid5

import pytest
from authorization.domain.commands import (
    ClaimTask,
    CompleteTask,
    HearClosing,
    HearPosting,
    HearPostingRefusal,
    HearRemoval,
    HearReversal,
    HearReview,
    HearVerification,
    IssueReference,
    Refuse,
    ReleaseTask,
    RevokeReference,
)
from authorization.domain.loan import Loan, Verified
from authorization.domain.matrix import Matrix
from authorization.domain.references import Reference
from authorization.domain.terms import KINDS, Approver, Terms
from authorization.service import Authorization
from authorization.wire.heard import (
    from_reference,
    reference_named_by,
    to_command,
    to_reference,
    to_terms,
)
from contracts.codec import decode, encode
from contracts.records import authorization, case, common, documents, ledger, tasks
from contracts.types import from_date
from hypothesis import given
from hypothesis import strategies as st
from mesh.people import Person
from mesh.service import Actor, Answer, Change, Key, Message, Outgoing, Said, Told, derive

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASE = UUID(int=7)
KEY = Key("demo", "LN-1")
AMY = Person("l1-amy", frozenset({"authorizer"}), 1)
ADELE = Person("adele", frozenset({"admin"}))
APPROVERS = [common.Approver(id="l5-eve", level=5), common.Approver(id="l4-deb", level=4)]

META = common.Meta(
    event_id=str(UUID(int=8)),
    tenant="demo",
    case_id=str(CASE),
    loan_id="LN-1",
    occurred_at=1_795_521_600_000_000,
    correlation_id=str(CASE),
    causation_id=str(CASE),
    actor=common.Actor(role="mesh", id="case"),
)
TERMS = common.Terms(
    case_number="C-2026-1",
    customer_id="P-1",
    product="PERSONAL_LOAN",
    segment="PERSONAL",
    kind="WRITE_OFF",
    scope="FULL",
    amount=common.Money(amount_minor=200_000, currency="USD"),
    usd_rate="1",
    reason="UNCOLLECTIBLE",
    date=from_date(date(2026, 11, 24)),
    channel="TOPIC",
    source="lending",
    maker="u-17",
    sanctioner="sam",
    sanction_level=2,
    litigation="N",
    fraud=False,
    related_party=True,
    collection_ceases=False,
    outstanding_minor=200_000,
    charged_off_minor=0,
)


def fact(body: Any, *, message_id: int = 8) -> Message:
    return Message(
        kind=type(body).__name__,
        body=body,
        message_id=UUID(int=message_id),
        tenant="demo",
        source="case",
        actor=Actor("mesh", "authorization"),
        correlation_id=CASE,
        case_id=CASE,
    )


def wish(kind: str, body: dict[str, Any], by: Person) -> Message:
    return Message(
        kind=kind,
        body=body,
        message_id=uuid5(CASE, kind + by.id),
        tenant="demo",
        source="door",
        actor=Actor("authorizer", by.id),
        correlation_id=CASE,
        by=by,
    )


def reviewed(terms: common.Terms = TERMS, reviewer: str | None = None) -> case.CaseReviewed:
    return case.CaseReviewed(meta=META, terms=terms, documents=[], reviewer=reviewer)


def verified(
    terms: common.Terms = TERMS, basis: str = "SUPPLIED", agent: str | None = None
) -> documents.VerificationCompleted:
    requirement = documents.Requirement(
        document="COLLECTION_LOG", rule="R2", state="MET", basis=basis
    )
    return documents.VerificationCompleted(
        meta=META, terms=terms, requirements=[requirement], agent=agent
    )


class World:
    """The service over one loan: what is heard is decided, applied, said."""

    def __init__(self, matrix: Matrix) -> None:
        self.service = Authorization(cast(Any, None), matrix)
        self.loan = Loan(tenant="demo", loan_id="LN-1")

    def hear(self, message: Message) -> list[Said]:
        before, told = self.loan, list[Told[Any]]()
        for place, event in enumerate(self.service.decide(self.loan, message, now=NOW)):
            event_id = derive(message.message_id, type(event).__name__, place)
            told.append(Told(event, event_id, NOW, message))
            self.loan = self.service.evolve(self.loan, event)
        change = Change(KEY, 0, before, self.loan, told)
        return list(self.service.say(change)) if told else []

    def open_task_id(self) -> str:
        [task] = (task for task in self.loan.tasks.values() if task.closed_at is None)
        return str(task.task_id)


@pytest.fixture
def world(matrix: Matrix) -> World:
    return World(matrix)


def records(said: list[Said]) -> list[Any]:
    found = [each.record for each in said if isinstance(each, Outgoing)]
    for record in found:
        value = encode(record, 1)
        assert decode(value, writer_schema=record.SCHEMA) == record
    return found


def answer(said: list[Said]) -> Answer:
    [found] = (each for each in said if isinstance(each, Answer))
    return found


def test_terms_are_heard_as_far_as_authority_looks_at_them() -> None:
    assert to_terms(TERMS) == Terms(
        kind="WRITE_OFF",
        scope="FULL",
        amount_minor=200_000,
        currency="USD",
        reason="UNCOLLECTIBLE",
        date=date(2026, 11, 24),
        segment="PERSONAL",
        product="PERSONAL_LOAN",
        flags=frozenset({"related_party"}),
        maker="u-17",
        sanctioner="sam",
        sanction_level=2,
    )


def test_a_review_is_heard() -> None:
    heard = to_command(fact(reviewed(reviewer="ana")))

    assert isinstance(heard, HearReview)
    assert (heard.case.case_id, heard.case.reviewer) == (CASE, "ana")


@pytest.mark.parametrize(("basis", "is_attested"), [("ATTESTED", True), ("SUPPLIED", False)])
def test_a_verification_is_heard(basis: str, is_attested: bool) -> None:
    heard = to_command(fact(verified(basis=basis, agent="dora"), message_id=9))

    assert isinstance(heard, HearVerification)
    assert isinstance(heard.case, Verified)
    assert (heard.case.cause, heard.case.agent) == (UUID(int=9), "dora")
    assert heard.case.is_attested == is_attested


def test_a_posting_is_heard() -> None:
    posted = ledger.WriteOffPosted(
        meta=META,
        terms=replace(TERMS, approval_reference="APPR-2026-001"),
        transaction_id=str(UUID(int=10)),
        grant_id=str(UUID(int=11)),
        value_date=from_date(date(2026, 1, 2)),
        amount=common.Money(amount_minor=199_000, currency="USD"),
        components=common.Components(
            principal_minor=199_000,
            interest_minor=0,
            fees_minor=0,
            penalties_minor=0,
            tax_minor=0,
        ),
        reclassified_minor=1_000,
        balance_before_minor=199_000,
        balance_after_minor=0,
        approvers=APPROVERS,
        policy_version="1",
    )

    assert to_command(fact(posted)) == HearPosting(
        case_id=CASE,
        transaction_id=UUID(int=10),
        terms=to_terms(posted.terms),
        amount_minor=198_000,
        booked=date(2026, 11, 24),
        grant_id=UUID(int=11),
        approvers=(Approver("l5-eve", 5), Approver("l4-deb", 4)),
    )


def told_of(kind: type[Any], **more: Any) -> Any:
    """Make a record of the ledger of what all that it grants have in common."""
    return kind(
        meta=META,
        terms=replace(TERMS, approval_reference="APPR-2026-001"),
        grant_id=str(UUID(int=11)),
        value_date=from_date(date(2026, 1, 2)),
        balance_before_minor=9,
        balance_after_minor=4,
        policy_version="1",
        **more,
    )


def test_what_is_put_back_and_taken_back_is_heard() -> None:
    transaction_id = str(UUID(int=10))
    removed = told_of(
        ledger.ChargeOffRemoved,
        transaction_id=transaction_id,
        amount=common.Money(amount_minor=5, currency="USD"),
        components=PARTS,
        cause="ERROR",
        charged_off_minor=0,
    )
    reversed_ = told_of(
        ledger.TransactionReversed,
        transaction_id=transaction_id,
        command="remove_charge_off",
        currency="USD",
        status="ACTIVE",
    )

    assert to_command(fact(removed)) == HearRemoval(
        case_id=CASE,
        terms=to_terms(removed.terms),
        amount_minor=5,
        grant_id=UUID(int=11),
        approvers=(),
    )
    assert to_command(fact(reversed_)) == HearReversal(
        case_id=CASE,
        transaction_id=UUID(int=10),
        is_of_removal=True,
        terms=to_terms(reversed_.terms),
        grant_id=UUID(int=11),
        approvers=(),
    )


PARTS = common.Components(
    principal_minor=1, interest_minor=2, fees_minor=3, penalties_minor=4, tax_minor=5
)


def test_what_only_a_kind_asks_for_stands_in_the_grant_and_its_hash(world: World) -> None:
    terms = replace(TERMS, kind="PAY_OFF", related_party=False)
    other = replace(terms, of_kind=common.KindTerms(components=PARTS))
    hashes: list[str] = []
    for each in (terms, other):
        world.loan = Loan(tenant="demo", loan_id="LN-1")
        world.hear(fact(reviewed(each)))
        [granted] = records(world.hear(fact(verified(each), message_id=9)))
        assert granted.terms == each
        hashes.append(granted.terms_hash)

    assert len(set(hashes)) == 2


def test_a_posting_refused_and_a_closing_are_heard() -> None:
    refused = ledger.PostingRefused(
        meta=META, grant_id=str(UUID(int=11)), code="GRANT_EXCEEDED", message="more"
    )
    closed = case.CaseClosed(
        meta=META, case_number="C-2026-1", outcome="DECLINED", code=None, kind="WRITE_OFF"
    )

    assert to_command(fact(refused)) == HearPostingRefusal(CASE)
    assert to_command(fact(closed)) == HearClosing(
        case_id=CASE, outcome="DECLINED", kind="WRITE_OFF", approval_reference=None
    )


def test_what_people_want_is_heard() -> None:
    task_id = {"task_id": str(CASE)}

    assert to_command(wish("ClaimTask", task_id, AMY)) == ClaimTask(CASE, AMY)
    assert to_command(wish("ReleaseTask", task_id, AMY)) == ReleaseTask(CASE, AMY)
    assert to_command(
        wish("CompleteTask", task_id | {"decision": "DECLINE", "comment": " no "}, AMY)
    ) == CompleteTask(task_id=CASE, decision="decline", comment="no", by=AMY)
    assert to_command(
        wish("RevokeApprovalReference", {"reference": "APPR-2026-001"}, ADELE)
    ) == RevokeReference("APPR-2026-001", ADELE)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("ClaimTask", {}),
        ("CompleteTask", {"task_id": "none"}),
        ("IssueApprovalReference", {"reference": "APPR-2026-001"}),
        ("Forgive", {}),
    ],
)
def test_what_makes_no_sense_is_answered(kind: str, body: dict[str, Any]) -> None:
    heard = to_command(wish(kind, body, AMY))

    assert isinstance(heard, Refuse)
    assert heard.code == "INVALID_FIELDS"


references = st.builds(
    Reference,
    reference=st.from_regex(r"APPR-[0-9]{4}-[0-9]{3,12}", fullmatch=True),
    loan_id=st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True),
    kind=st.sampled_from(KINDS),
    amount_max_minor=st.integers(1, 2**62),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    reasons=st.frozensets(st.sampled_from(["FRAUD", "AGED", "SKIP"])),
    approvers=st.lists(
        st.builds(Approver, st.sampled_from(["a", "b", "c"]), st.integers(1, 5)),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each.id,
    ).map(lambda found: tuple(sorted(found, key=lambda each: each.id))),
    issued=st.dates(date(2020, 1, 1), date(2026, 11, 24)),
    expires=st.dates(date(2026, 11, 24), date(2030, 1, 1)),
    attests_documents=st.booleans(),
    issued_by=st.just("adele"),
)


@given(references)
def test_a_reference_goes_into_a_command_and_back(reference: Reference) -> None:
    body = from_reference(reference)

    assert to_reference(body, "adele") == reference
    assert to_command(wish("IssueApprovalReference", body, ADELE)) == IssueReference(
        reference, ADELE
    )
    assert reference_named_by(wish("IssueApprovalReference", body, ADELE)) == reference.reference


def test_the_reference_that_a_message_names_is_looked_up() -> None:
    named = replace(TERMS, approval_reference="APPR-2026-001")

    assert reference_named_by(fact(reviewed(named))) == "APPR-2026-001"
    assert reference_named_by(fact(verified(named))) == "APPR-2026-001"
    assert reference_named_by(fact(verified())) is None
    assert reference_named_by(wish("ClaimTask", {"task_id": "x"}, AMY)) is None


def test_a_grant_by_reference_is_said_with_the_terms_as_they_came(world: World) -> None:
    reference = Reference(
        reference="APPR-2026-001",
        loan_id="LN-1",
        kind="WRITE_OFF",
        amount_max_minor=200_000,
        currency="USD",
        reasons=frozenset({"UNCOLLECTIBLE"}),
        approvers=(Approver("l5-eve", 5), Approver("l4-deb", 4)),
        issued=date(2026, 11, 1),
        expires=date(2027, 1, 30),
        attests_documents=True,
        issued_by="adele",
    )
    named = replace(TERMS, approval_reference="APPR-2026-001")

    issued = world.hear(wish("IssueApprovalReference", from_reference(reference), ADELE))
    world.hear(fact(reviewed(named)))
    granted = world.hear(fact(verified(named, basis="ATTESTED"), message_id=9))

    [record] = records(issued)
    assert isinstance(record, authorization.ApprovalReferenceIssued)
    assert record.amount_max == common.Money(amount_minor=200_000, currency="USD")
    assert (record.meta.case_id, record.meta.loan_id) == (None, "LN-1")
    assert answer(issued) == Answer({"reference": "APPR-2026-001", "result": "issued"})
    [record] = records(granted)
    assert isinstance(record, authorization.AuthorizationGranted)
    assert record.terms == named
    assert record.meta.case_id == str(CASE)
    assert (record.row, record.level) == ("REFERENCE", 5)
    assert sorted(record.approvers, key=lambda each: each.id) == sorted(
        APPROVERS, key=lambda each: each.id
    )


def test_people_are_asked_and_answered(world: World) -> None:
    terms = replace(TERMS, related_party=False)
    world.hear(fact(reviewed(terms)))

    asked = records(world.hear(fact(verified(terms), message_id=9)))
    body = {"task_id": world.open_task_id()}
    claimed = world.hear(wish("ClaimTask", body, AMY))
    released = world.hear(wish("ReleaseTask", body, AMY))
    approved = world.hear(wish("CompleteTask", body | {"decision": "approve"}, AMY))

    requested, opened = asked
    assert isinstance(requested, authorization.AuthorizationRequested)
    assert (requested.row, requested.level, requested.people) == ("A1", 1, 1)
    assert isinstance(opened, tasks.TaskOpened)
    assert (opened.task, opened.queue) == ("loan authorization", "AUTH-L1")
    assert answer(claimed).body["claimed_by"] == "l1-amy"
    assert not records(claimed)
    assert answer(released).body["claimed_by"] is None
    closed, recorded, granted = records(approved)
    assert isinstance(closed, tasks.TaskClosed)
    assert (closed.result, closed.closed_by) == ("APPROVED", "l1-amy")
    assert isinstance(recorded, authorization.ApprovalRecorded)
    assert recorded.still_needed == 0
    assert isinstance(granted, authorization.AuthorizationGranted)
    assert granted.terms == terms, "the terms are kept until people have decided"
    assert answer(approved).body == {
        "case_id": str(CASE),
        "result": "approved",
        "still_needed": 0,
    }


def test_a_no_is_said_with_its_comment(world: World) -> None:
    terms = replace(TERMS, related_party=False)
    world.hear(fact(reviewed(terms)))
    world.hear(fact(verified(terms), message_id=9))
    body = {"task_id": world.open_task_id(), "decision": "decline", "comment": "too early"}

    said = world.hear(wish("CompleteTask", body, AMY))

    _, declined = records(said)
    assert isinstance(declined, authorization.AuthorizationDeclined)
    assert (declined.by, declined.comment) == (
        common.Approver(id="l1-amy", level=1),
        "too early",
    )
    assert answer(said).body == {"case_id": str(CASE), "result": "declined"}


def test_refusals_are_answered_with_their_code(world: World) -> None:
    said = world.hear(wish("ClaimTask", {"task_id": str(CASE)}, AMY))

    assert answer(said).code == "TASK_UNKNOWN"
    assert not records(said)


def test_a_refused_reference_is_said(world: World) -> None:
    named = replace(TERMS, approval_reference="APPR-2026-404")
    world.hear(fact(reviewed(named)))

    [record] = records(world.hear(fact(verified(named), message_id=9)))

    assert isinstance(record, authorization.AuthorizationRefused)
    assert (record.code, record.approval_reference) == ("APPROVAL_UNKNOWN", "APPR-2026-404")
