"""What the ledger hears and says, in the records that others read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.records import authorization, common
from contracts.records.ledger import LoanSnapshot, PostingRefused, WriteOffPosted
from contracts.types import from_date, from_datetime
from ledger.domain.decide import Event, LoanState, PartyState, State
from ledger.domain.grant import Terms, terms_hash
from ledger.domain.policyfile import Policies
from ledger.service import Ledger
from ledger.settings import own_policy
from ledger.store.states import Store
from ledger.wire.heard import to_wants
from mesh.service import Actor, Answer, Change, Key, Message, Outgoing, Said, Told, derive

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASE = UUID(int=1)
GRANT = UUID(int=2)
HEARD = UUID(int=3)
ROW_ID = UUID(int=9)
LOAN = Key("demo", "LN-1")
POLICY = Policies.parse(own_policy()).everybody
SERVICE = Ledger(Store(lambda _: POLICY, to_wants), lambda _: POLICY)
ROW = {
    "loan_id": "LN-1",
    "customer_id": "C-1",
    "product": "PERSONAL_LOAN",
    "segment": "PERSONAL",
    "currency": "USD",
    "principal": "900.00",
    "interest": "100.00",
    "unearned_interest": "20.00",
    "opened": "2025-01-01",
    "status": "ACTIVE",
}
TERMS = common.Terms(
    case_number="W-1",
    customer_id="C-1",
    product="PERSONAL_LOAN",
    segment="PERSONAL",
    kind="WRITE_OFF",
    scope="FULL",
    amount=common.Money(amount_minor=98_000, currency="USD"),
    reason="AGED",
    date=from_date(date(2026, 11, 20)),
    channel="TOPIC",
    source="lending",
    maker="u-17",
    litigation="N",
    fraud=False,
    related_party=False,
    collection_ceases=False,
    outstanding_minor=98_000,
    charged_off_minor=0,
    approval_reference="APPR-2026-001",
)
APPROVERS = [common.Approver(id="l1-amy", level=1)]


def granted(*, max_minor: int = 99_960) -> Message:
    meta = common.Meta(
        event_id=str(HEARD),
        tenant="demo",
        case_id=str(CASE),
        loan_id="LN-1",
        occurred_at=from_datetime(NOW),
        correlation_id=str(CASE),
        causation_id=str(CASE),
        actor=common.Actor(role="mesh", id="authorization"),
    )
    terms = Terms(
        kind="WRITE_OFF",
        scope="FULL",
        amount_minor=98_000,
        currency="USD",
        reason="AGED",
        date=date(2026, 11, 20),
    )
    record = authorization.AuthorizationGranted(
        meta=meta,
        terms=TERMS,
        grant_id=str(GRANT),
        row="REFERENCE",
        level=1,
        approvers=APPROVERS,
        amount_max_minor=max_minor,
        expires_at=from_datetime(NOW + timedelta(days=30)),
        matrix_version="2026-01",
        terms_hash=terms_hash("demo", "LN-1", terms),
    )
    return message("AuthorizationGranted", record, message_id=HEARD, case_id=CASE)


def message(
    kind: str, body: Any, *, message_id: UUID = ROW_ID, case_id: UUID | None = None
) -> Message:
    return Message(
        kind=kind,
        body=body,
        message_id=message_id,
        tenant="demo",
        source="door",
        actor=Actor("mesh", "ledger"),
        correlation_id=case_id or message_id,
        case_id=case_id,
    )


def hear(state: State, heard: Message) -> tuple[State, Sequence[Said]]:
    """What the mesh does with one message."""
    after, told = state, list[Told[Event]]()
    for place, event in enumerate(SERVICE.decide(state, heard, now=NOW)):
        event_id = derive(heard.message_id, type(event).__name__, place)
        told.append(Told(event, event_id, NOW, heard))
        after = SERVICE.evolve(after, event)
    return after, SERVICE.say(Change(key_of(heard), 0, state, after, told))


def key_of(heard: Message) -> Key:
    """Give whose state it is: a command carries it, of a record the service says it."""
    match heard.kind:
        case "ImportLoan":
            return Key("demo", heard.body["loan_id"])
        case "ImportParty":
            return Key("demo", heard.body["customer_id"], "party")
        case _:
            return SERVICE.key_of(heard)


@pytest.fixture
def imported() -> State:
    state, _ = hear(LoanState(), message("ImportLoan", ROW))
    return state


def test_an_imported_loan_is_told_to_others_and_the_caller_is_answered() -> None:
    _, (told, answer) = hear(LoanState(), message("ImportLoan", ROW))

    assert isinstance(told, Outgoing)
    assert (told.topic, told.key) == ("writeoff.loans.v1", "demo/LN-1")
    snapshot = told.record
    assert isinstance(snapshot, LoanSnapshot)
    assert (snapshot.meta.loan_id, snapshot.meta.version) == ("LN-1", 1)
    assert (snapshot.status, snapshot.outstanding_minor) == ("ACTIVE", 98_000)
    assert (snapshot.balances.interest_minor, snapshot.unearned_minor) == (10_000, 2_000)
    assert LoanSnapshot.from_binary(snapshot.to_binary(), 0)[0] == snapshot
    assert answer == Answer({"result": "imported"})


def test_a_posting_is_told_with_its_terms_and_the_loan_as_it_is_then(imported: State) -> None:
    state, (posted, table) = hear(imported, granted())

    assert isinstance(posted, Outgoing)
    assert (posted.topic, posted.key) == ("writeoff.ledger.v1", "LN-1")
    record = posted.record
    assert isinstance(record, WriteOffPosted)
    assert record.meta.event_id == str(derive(HEARD, "Posted"))
    assert (record.meta.case_id, record.meta.version) == (str(CASE), None)
    assert (record.terms, record.approvers) == (TERMS, APPROVERS)
    assert record.transaction_id == str(derive(CASE, "transaction"))
    assert record.amount == common.Money(amount_minor=98_000, currency="USD")
    assert (record.components.principal_minor, record.components.interest_minor) == (90_000, 8_000)
    assert (record.balance_before_minor, record.balance_after_minor) == (98_000, 0)
    assert WriteOffPosted.from_binary(record.to_binary(), 0)[0] == record

    assert isinstance(table, Outgoing)
    snapshot = table.record
    assert (snapshot.status, snapshot.meta.version) == ("CLOSED_WRITTEN_OFF", 2)
    assert (snapshot.written_off_minor, snapshot.last_transaction) == (98_000, TERMS.date)
    assert snapshot.meta.event_id != record.meta.event_id
    assert hear(state, granted()) == (state, [])


def test_a_refusal_is_told_with_the_reference_that_it_gives_back() -> None:
    state, [told] = hear(LoanState(), granted())

    assert isinstance(told, Outgoing)
    assert (told.topic, told.key) == ("writeoff.ledger.v1", "LN-1")
    record = told.record
    assert isinstance(record, PostingRefused)
    assert (record.code, record.grant_id) == ("UNKNOWN_LOAN", str(GRANT))
    assert record.approval_reference == "APPR-2026-001"
    assert hear(state, granted()) == (state, [])


def test_a_party_is_told_on_the_one_topic_with_personal_data() -> None:
    row = {"customer_id": "C-1", "given_name": "Ada", "family_name": "Lovelace"}
    heard = message("ImportParty", row)

    _, (told, answer) = hear(PartyState(), heard)

    assert isinstance(told, Outgoing)
    assert (told.topic, told.key) == ("writeoff.parties.v1", "demo/C-1")
    assert (told.record.family_name, told.record.meta.version) == ("Lovelace", 1)
    assert told.record.meta.loan_id is None
    assert answer == Answer({"result": "imported"})


def test_a_refused_row_is_answered_and_told_to_nobody(imported: State) -> None:
    state, [answer] = hear(imported, message("ImportLoan", ROW | {"principal": "1.00"}))

    assert state == imported
    assert isinstance(answer, Answer)
    assert answer.code == "LOAN_EXISTS"


def test_a_message_that_the_ledger_does_not_hear_is_a_bug() -> None:
    with pytest.raises(ValueError, match="does not hear"):
        SERVICE.key_of(replace_kind(granted(), "CaseOpened"))


def replace_kind(heard: Message, kind: str) -> Message:
    return replace(heard, kind=kind)
