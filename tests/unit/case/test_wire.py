"""What the service hears as records and commands, and what it says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from case.domain.case import LoanFile
from case.domain.policy import Policy
from case.service import CaseService
from case.store.files import FileStore
from contracts.records import authorization, common, documents, ledger, notifications, requests
from contracts.records import tasks as task_records
from contracts.types import from_date, from_datetime
from mesh.people import Person
from mesh.service import Actor, Answer, Cancel, Change, Key, Later, Message, Outgoing, Told, derive

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASE = UUID(int=1)
KEY = Key("demo", "LN-1")
ANA = Person("ana", frozenset({"loan_agent"}))
TODAY = from_date(NOON.date())


def meta(number: int) -> common.Meta:
    return common.Meta(
        event_id=str(UUID(int=number)),
        tenant="demo",
        case_id=str(CASE),
        loan_id="LN-1",
        occurred_at=from_datetime(NOON),
        correlation_id=str(CASE),
        causation_id=str(CASE),
        actor=common.Actor(role="authorizer", id="l1-amy"),
    )


class Mesh:
    """One key of the service, as the mesh runs it."""

    def __init__(self, policy: Policy) -> None:
        self.service = CaseService(FileStore(), policy)
        self.state: Any = None
        self.last: Change[Any, Any] | None = None

    def hear(self, message: Message) -> list[Any]:
        service = self.service
        before = self.state
        told: list[Told[Any]] = []
        after = before
        for place, event in enumerate(service.decide(before, message, now=NOON)):
            event_id = derive(message.message_id, type(event).__name__, place)
            told.append(Told(event, event_id, NOON, message))
            after = service.evolve(after, event)
        self.state = after
        if not told:
            return []
        self.last = Change(KEY, 4, before, after, told)
        said = list(service.say(self.last))
        for each in said:
            if isinstance(each, Outgoing):
                body = each.record.to_binary()
                assert type(each.record).from_binary(body, 0)[0] == each.record
        return said

    def record(self, record: Any, number: int, **more: Any) -> list[Any]:
        names: dict[str, Any] = {
            "kind": type(record).__name__,
            "body": record,
            "message_id": UUID(int=number),
            "tenant": "demo",
            "source": "ledger",
            "actor": Actor("mesh", "case"),
            "correlation_id": CASE,
            "case_id": CASE,
        }
        return self.hear(Message(**{**names, **more}))

    def command(self, kind: str, body: dict[str, Any], **more: Any) -> list[Any]:
        names: dict[str, Any] = {
            "kind": kind,
            "body": {"loan_id": "LN-1", **body},
            "message_id": CASE,
            "tenant": "demo",
            "source": "door",
            "actor": Actor("loan_agent", "ana"),
            "correlation_id": CASE,
            "case_id": CASE,
            "by": ANA,
        }
        return self.hear(Message(**{**names, **more}))


@pytest.fixture
def mesh() -> Mesh:
    mesh = Mesh(Policy(sources={"lending": frozenset({"demo"})}))
    mesh.state = LoanFile(tenant="demo", loan_id="LN-1")
    return mesh


def snapshot(**changes: Any) -> ledger.LoanSnapshot:
    names: dict[str, Any] = {
        "meta": meta(900),
        "customer_id": "C-1",
        "product": "PERSONAL_LOAN",
        "segment": "PERSONAL",
        "currency": "USD",
        "status": "ACTIVE",
        "opened": from_date(date(2024, 1, 1)),
        "balances": common.Components(
            principal_minor=1000, interest_minor=0, fees_minor=0, penalties_minor=0, tax_minor=0
        ),
        "unearned_minor": 0,
        "outstanding_minor": 100_000,
        "charged_off_minor": 0,
        "written_off_minor": 0,
        "fraud": False,
    }
    return ledger.LoanSnapshot(**{**names, **changes})


def request(**changes: Any) -> requests.WriteOffRequested:
    names: dict[str, Any] = {
        "meta": meta(1),
        "request_id": "R-1",
        "kind": "WRITE_OFF",
        "scope": "FULL",
        "date": TODAY,
        "reason": "Uncollectible - Customer bankruptcy",
        "litigation": "N",
        "fraud": False,
        "related_party": False,
        "collection_ceases": False,
        "approval_reference": "APPR-2026-001",
        "documents": [
            common.SuppliedDocument(
                document="COURT_NOTICE", sha256="ab" * 32, dated=TODAY, source="court"
            )
        ],
    }
    return requests.WriteOffRequested(**{**names, **changes})


def posted() -> ledger.WriteOffPosted:
    return ledger.WriteOffPosted(
        meta=meta(20),
        terms=a_terms(),
        transaction_id=str(UUID(int=5)),
        grant_id=str(UUID(int=6)),
        value_date=TODAY,
        amount=common.Money(amount_minor=100_000, currency="USD"),
        components=snapshot().balances,
        reclassified_minor=0,
        balance_before_minor=100_000,
        balance_after_minor=0,
        approvers=[common.Approver(id="l5-eve", level=5)],
        policy_version="1",
    )


def a_terms() -> common.Terms:
    return common.Terms(
        case_number="WO-1",
        customer_id="C-1",
        product="PERSONAL_LOAN",
        segment="PERSONAL",
        kind="WRITE_OFF",
        scope="FULL",
        amount=common.Money(amount_minor=100_000, currency="USD"),
        usd_rate="1",
        reason="BANKRUPTCY",
        date=TODAY,
        channel="TOPIC",
        source="lending",
        maker="source:lending",
        litigation="N",
        fraud=False,
        related_party=False,
        collection_ceases=False,
        outstanding_minor=100_000,
        charged_off_minor=0,
        approval_reference="APPR-2026-001",
    )


def kinds(said: Sequence[Any]) -> list[str]:
    return [type(s.record if isinstance(s, Outgoing) else s).__name__ for s in said]


def record_of(said: Sequence[Any], kind: str) -> Any:
    [found] = [s.record for s in said if isinstance(s, Outgoing) and _is(s, kind)]
    return found


def _is(said: Outgoing, kind: str) -> bool:
    return type(said.record).__name__ == kind


def ask(mesh: Mesh, record: requests.WriteOffRequested, **more: Any) -> list[Any]:
    return mesh.record(record, 1, source="lending", request_id=record.request_id, **more)


def test_a_plain_request_is_reviewed_and_its_terms_travel_on(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)

    said = ask(mesh, request())

    assert kinds(said) == ["CaseOpened", "CaseReviewed", "CaseStatus"]
    reviewed = record_of(said, "CaseReviewed")
    assert reviewed.terms == replace(a_terms(), case_number=reviewed.terms.case_number)
    assert record_of(said, "CaseOpened").terms == reviewed.terms
    assert reviewed.documents == request().documents
    assert reviewed.reviewer is None
    assert reviewed.meta.case_id == str(CASE)
    assert [s.topic for s in said if isinstance(s, Outgoing)] == [
        "writeoff.case.v1",
        "writeoff.case.v1",
        "writeoff.status.v1.demo",
    ]
    assert [s.key for s in said] == ["LN-1", "LN-1", str(CASE)]


def test_a_case_is_followed_to_its_end(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    opened = ask(mesh, request())
    said = [
        mesh.record(documents.RequirementsDetermined(meta=meta(10)), 10, source="documents"),
        mesh.record(documents.VerificationCompleted(meta=meta(11), terms=a_terms()), 11),
        mesh.record(granted(), 12, source="authorization"),
        mesh.record(posted(), 13),
        mesh.record(recorded(), 14, source="notifications"),
    ]

    assert [kinds(each) for each in said] == [
        [],
        ["CaseStatus"],
        ["CaseStatus"],
        ["LoanUpdateConfirmed"],
        ["CaseClosed", "CaseStatus"],
    ]
    closed = record_of(said[-1], "CaseClosed")
    assert (closed.outcome, closed.code) == ("COMPLETE", None)
    assert closed.approval_reference == "APPR-2026-001"
    statuses = [
        record_of(each, "CaseStatus") for each in (opened, *said) if "CaseStatus" in kinds(each)
    ]
    assert [s.portal_text for s in statuses] == [
        "Checking documents",
        "Under review",
        "Being completed",
        "Completed",
    ]
    versions = [s.meta.version for s in statuses]
    assert versions == sorted(set(versions))
    assert statuses[-1].closed_at == from_datetime(NOON)


def granted() -> authorization.AuthorizationGranted:
    return authorization.AuthorizationGranted(
        meta=meta(12),
        terms=a_terms(),
        grant_id=str(UUID(int=6)),
        row="REFERENCE",
        level=5,
        approvers=[common.Approver(id="l5-eve", level=5)],
        amount_max_minor=102_000,
        expires_at=from_datetime(NOON + timedelta(days=30)),
        matrix_version="1",
        terms_hash="ab" * 32,
    )


def recorded() -> notifications.NoticesRecorded:
    due = notifications.NoticeDue(
        notice_id=str(UUID(int=8)), notice="WRITE_OFF_NOTICE", recipient="C-1", deadline=TODAY
    )
    return notifications.NoticesRecorded(meta=meta(14), posting_id=str(UUID(int=5)), notices=[due])


PARTS = common.Components(
    principal_minor=600, interest_minor=5, fees_minor=0, penalties_minor=0, tax_minor=0
)


@pytest.mark.parametrize(
    ("kind", "scope", "of_kind"),
    [
        ("CHARGE_OFF", "PARTIAL", common.KindTerms(components=PARTS)),
        ("WRITE_OFF", "PARTIAL", common.KindTerms(percent="12.5")),
        ("REFINANCE", "FULL", common.KindTerms(new_loan_id="LN-2", rate="7.25")),
    ],
)
def test_what_only_a_kind_asks_for_travels_on(
    mesh: Mesh, kind: common.Kind, scope: common.Scope, of_kind: common.KindTerms
) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)

    said = ask(mesh, request(kind=kind, scope=scope, of_kind=of_kind))

    assert record_of(said, "CaseReviewed").terms.of_kind == of_kind
    assert record_of(said, "CaseStatus").kind == kind


def test_a_door_asks_for_what_only_a_kind_has(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    body = DOOR | {"kind": "CHARGE_OFF", "scope": "PARTIAL", "channel": "FILE"}
    body["of_kind"] = {"components": {"principal_minor": 600, "interest_minor": 5}}

    said = mesh.command("OpenCase", body, source="file", request_id="R-1")

    assert record_of(said, "CaseReviewed").terms.of_kind == common.KindTerms(components=PARTS)


def told_of(kind: type[Any], **more: Any) -> Any:
    """Make a record of the ledger of what it has in common with a write-off."""
    posting = posted()
    names = ("meta", "terms", "transaction_id", "grant_id", "value_date", "policy_version")
    return kind(**{name: getattr(posting, name) for name in names} | more)


BALANCES = {"balance_before_minor": 9, "balance_after_minor": 4}
MONEY = common.Money(amount_minor=5, currency="USD")


@pytest.mark.parametrize(
    ("record", "amount_minor", "balances"),
    [
        (
            told_of(
                ledger.ChargeOffPosted,
                amount=MONEY,
                components=PARTS,
                charged_off_minor=5,
                is_full=False,
                **BALANCES,
            ),
            5,
            (9, 4),
        ),
        (
            told_of(
                ledger.ChargeOffRemoved,
                amount=MONEY,
                components=PARTS,
                cause="ERROR",
                charged_off_minor=0,
                **BALANCES,
            ),
            5,
            (9, 4),
        ),
        (
            told_of(
                ledger.TransactionReversed,
                command="write_off",
                currency="USD",
                status="ACTIVE",
                **BALANCES,
            ),
            100_000,
            (9, 4),
        ),
        (
            told_of(ledger.RecoveryPosted, amount=MONEY, components=PARTS, remaining_minor=1),
            5,
            (0, 0),
        ),
        (told_of(ledger.PayOffPosted, amount=MONEY, status="X", **BALANCES), 5, (9, 4)),
        (told_of(ledger.RefinancePosted, amount=MONEY, old_loan_id="LN-1", rate="1"), 5, (5, 0)),
    ],
)
def test_each_kinds_posting_is_heard(
    mesh: Mesh, record: Any, amount_minor: int, balances: tuple[int, int]
) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    ask(mesh, request())

    said = mesh.record(record, 21)

    posting = mesh.state.cases[CASE].posting
    assert posting.amount_minor == amount_minor
    assert (posting.balance_before_minor, posting.balance_after_minor) == balances
    assert "LoanUpdateConfirmed" in kinds(said)


def test_a_refinance_told_in_its_new_loans_lane_is_passed_on(mesh: Mesh) -> None:
    record = told_of(ledger.RefinancePosted, amount=MONEY, old_loan_id="LN-0", rate="1")

    [later] = mesh.record(record, 21)
    mesh.state = LoanFile(tenant="demo", loan_id="LN-0")
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    ask(mesh, request())
    heard = mesh.command(later.kind, dict(later.body), source="timer", by=None)

    assert (later.key, later.due_at, later.case_id) == (Key("demo", "LN-0"), NOON, CASE)
    assert "LoanUpdateConfirmed" in kinds(heard)


def test_a_case_waits_for_the_core_that_was_instructed(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    ask(mesh, request())
    acknowledged = ledger.PostingAcknowledged(
        meta=meta(22),
        instruction_id=str(UUID(int=9)),
        transaction_id=posted().transaction_id,
        core="vault",
        core_reference="V-1",
    )

    waiting = mesh.record(replace(posted(), instructed="vault"), 21)
    said = mesh.record(acknowledged, 22)

    assert "LoanUpdateConfirmed" not in kinds(waiting)
    assert record_of(said, "LoanUpdateConfirmed").core_reference == "V-1"


def test_every_other_fact_finds_its_way(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    ask(mesh, request())
    approver = common.Approver(id="l1-amy", level=1)
    facts = [
        authorization.AuthorizationRequested(
            meta=meta(30), row="A1", level=1, people=1, queue="AUTH-L1", matrix_version="1"
        ),
        task_records.TaskOpened(
            meta=meta(31),
            task_id=str(UUID(int=70)),
            task="loan authorization",
            queue="AUTH-L1",
            due_at=from_datetime(NOON),
        ),
        authorization.ApprovalRecorded(meta=meta(32), approver=approver, still_needed=1),
        task_records.TaskClosed(
            meta=meta(33), task_id=str(UUID(int=70)), task="loan authorization", result="approved"
        ),
        authorization.AuthorizationDeclined(meta=meta(34), by=approver, comment="no"),
        authorization.AuthorizationRefused(meta=meta(35), code="APPROVAL_USED"),
        ledger.PostingRefused(
            meta=meta(36), grant_id=str(UUID(int=6)), code="GRANT_USED", message="used"
        ),
    ]

    waits: list[bool] = []
    for number, fact in enumerate(facts, 30):
        mesh.record(fact, number)
        waits.append(mesh.state.cases[CASE].waits)

    assert waits == [False, True, True, False, False, False, False]
    assert mesh.state.cases[CASE].place.state == "Closed Declined"
    assert len(mesh.state.cases[CASE].heard) == len(facts)


def test_the_clock_of_an_unknown_loan_is_set_and_taken_back(mesh: Mesh) -> None:
    said = ask(mesh, request())
    found = mesh.record(snapshot(), 900, version=(7, 1), case_id=None)

    assert kinds(said) == ["CaseOpened", "Later", "CaseStatus"]
    [later] = [s for s in said if isinstance(s, Later)]
    assert later.due_at == NOON + timedelta(seconds=30)
    assert kinds(found) == ["CaseReviewed", "Cancel", "CaseStatus"]
    [cancel] = [s for s in found if isinstance(s, Cancel)]
    assert cancel.due_id == later.due_id


def test_a_loan_that_stays_unknown_is_refused_by_the_clock(mesh: Mesh) -> None:
    ask(mesh, request())

    said = mesh.command("LookAgain", {"case_id": str(CASE)}, source="timer", by=None)

    assert kinds(said) == ["CaseClosed", "Cancel", "CaseStatus"]
    assert record_of(said, "CaseClosed").code == "UNKNOWN_LOAN"
    assert record_of(said, "CaseStatus").segment == "UNKNOWN"


def test_a_reused_id_is_told_without_a_case(mesh: Mesh) -> None:
    said = ask(mesh, request(), refusal="ID_REUSED")

    assert kinds(said) == ["RequestRefused", "Answer"]
    refused = record_of(said, "RequestRefused")
    assert (refused.code, refused.request_id, refused.meta.case_id) == ("ID_REUSED", "R-1", None)


def test_a_suspect_reads_that_it_is_under_review(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)

    said = ask(mesh, request(reason="forged papers"))

    status = record_of(said, "CaseStatus")
    assert (status.stage, status.portal_text) == ("Case Review", "Under review")


def test_a_loans_tombstone_changes_nothing(mesh: Mesh) -> None:
    gone = Message(
        kind="LoanSnapshot",
        body=None,
        message_id=UUID(int=3),
        tenant="demo",
        source="loans",
        actor=Actor("mesh", "case"),
        correlation_id=CASE,
    )

    assert mesh.hear(gone) == []


DOOR: dict[str, Any] = {
    "channel": "AGENT",
    "kind": "WRITE_OFF",
    "scope": "FULL",
    "amount_minor": None,
    "currency": "USD",
    "date": "2026-11-24",
    "reason": "AGED",
    "litigation": "N",
    "legal_code": None,
    "legal_date": None,
    "fraud": False,
    "related_party": False,
    "collection_ceases": False,
    "approval_reference": None,
    "documents": [],
    "notes": None,
}


def test_an_agents_case_is_answered_and_waits_for_review(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)

    said = mesh.command("OpenCase", DOOR, source="agent", request_id="R-1")

    assert kinds(said) == ["CaseOpened", "TaskOpened", "CaseStatus", "Answer"]
    answer = said[-1]
    assert isinstance(answer, Answer)
    assert answer.code is None
    assert answer.body["state"] == "Open"
    assert answer.body["waiting"] is True
    terms = record_of(said, "CaseOpened").terms
    assert (terms.maker, terms.source, terms.channel) == ("ana", "agent", "AGENT")


def test_a_refused_case_is_answered_with_its_code(mesh: Mesh) -> None:
    [*_, answer] = mesh.command("OpenCase", DOOR, source="agent", request_id="R-1")

    assert answer.code == "UNKNOWN_LOAN"
    assert answer.body["case_id"] == str(CASE)
    assert answer.body["message"] == "no such loan"


def test_tasks_are_answered(mesh: Mesh) -> None:
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    mesh.command("OpenCase", DOOR, source="agent", request_id="R-1")
    [task_id] = mesh.state.tasks
    told = {"task_id": str(task_id)}

    claimed = mesh.command("ClaimTask", told, message_id=UUID(int=40))
    refused = mesh.command("CompleteTask", told | {"amount": "0"}, message_id=UUID(int=41))
    done = mesh.command("CompleteTask", told | {"note": "Seen."}, message_id=UUID(int=42))

    assert kinds(claimed) == ["Answer"]
    assert claimed[0].body["claimed_by"] == "ana"
    assert kinds(refused) == ["Answer"]
    assert refused[0].code == "AMOUNT_NOT_POSITIVE"
    assert kinds(done) == ["TaskClosed", "CaseReviewed", "CaseStatus", "Answer"]
    assert done[-1].body["result"] == "reviewed"
    assert record_of(done, "CaseReviewed").reviewer == "ana"


def test_a_fact_before_its_case_is_heard_again_until_the_case_is_there(mesh: Mesh) -> None:
    granted = authorization.AuthorizationDeclined(
        meta=meta(40), by=common.Approver(id="P-2", level=2), comment="no"
    )
    said = mesh.record(granted, 40)
    [first] = [s for s in said if isinstance(s, Later)]
    again = mesh.command(first.kind, dict(first.body), source="timer", by=None)
    [second] = [s for s in again if isinstance(s, Later)]
    mesh.record(snapshot(), 900, version=(7, 1), case_id=None)
    ask(mesh, request())

    heard = mesh.command(second.kind, dict(second.body), source="timer", by=None)
    repeated = mesh.command(second.kind, dict(second.body), source="timer", by=None)

    assert first.due_id == second.due_id
    assert (first.due_at, second.due_at) == (
        NOON + timedelta(seconds=2),
        NOON + timedelta(seconds=4),
    )
    assert kinds(heard) == ["CaseClosed", "CaseStatus"]
    assert mesh.state.cases[CASE].place.state == "Closed Declined"
    assert repeated == []


def test_a_fact_whose_case_never_comes_is_let_go(mesh: Mesh) -> None:
    said = mesh.record(authorization.AuthorizationRefused(meta=meta(41), code="X"), 41)
    waited_s = 0.0
    while laters := [s for s in said if isinstance(s, Later)]:
        waited_s += (laters[0].due_at - NOON).total_seconds()
        said = mesh.command("HearAgain", dict(laters[0].body), source="timer", by=None)

    assert said == []
    assert waited_s == 2**13 - 2


def test_a_fact_that_names_no_case_is_not_kept(mesh: Mesh) -> None:
    refused = authorization.AuthorizationRefused(meta=meta(42), code="X")

    assert mesh.record(refused, 42, case_id=None) == []
