"""What notifications hears and says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.records import common, ledger, notifications, tasks
from contracts.types import from_date, from_datetime
from mesh.people import Person
from mesh.service import Actor, Answer, Change, Key, Later, Message, Outgoing, Said, Told, derive
from notifications.domain.events import Outage, RecordDelivery, Refusal
from notifications.domain.notices import LoanNotices, PartyFile, Proof, State
from notifications.domain.policy import POLICY
from notifications.service import Notifications
from notifications.settings import Settings
from notifications.store.states import Store
from notifications.wire.heard import to_command, to_json

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASE = UUID(int=1)
POSTING = UUID(int=5)
LOAN = Key("demo", "LN-1")
PARTY = Key("demo", "P-1", "party")
BEA = Person("bea", frozenset({"back_office"}), level=2)
SERVICE = Notifications(Store(), POLICY)


def meta(number: int) -> common.Meta:
    return common.Meta(
        event_id=str(UUID(int=number)),
        tenant="demo",
        case_id=str(CASE),
        loan_id="LN-1",
        occurred_at=from_datetime(NOW),
        correlation_id=str(CASE),
        causation_id=str(CASE),
        actor=common.Actor(role="mesh", id="ledger"),
    )


def posted(**changed: Any) -> ledger.WriteOffPosted:
    terms = {
        "case_number": "C-1",
        "customer_id": "P-1",
        "product": "PERSONAL_LOAN",
        "segment": "PERSONAL",
        "kind": "WRITE_OFF",
        "scope": "FULL",
        "amount": common.Money(amount_minor=300, currency="USD"),
        "reason": "AGED",
        "date": from_date(NOW.date()),
        "channel": "TOPIC",
        "source": "lending",
        "maker": "u-17",
        "litigation": "N",
        "fraud": False,
        "related_party": False,
        "collection_ceases": False,
        "outstanding_minor": 300,
        "charged_off_minor": 0,
    } | changed
    return ledger.WriteOffPosted(
        meta=meta(10),
        terms=common.Terms(**terms),
        transaction_id=str(POSTING),
        grant_id=str(UUID(int=6)),
        value_date=from_date(NOW.date()),
        amount=common.Money(amount_minor=300, currency="USD"),
        components=common.Components(
            principal_minor=200,
            interest_minor=100,
            fees_minor=0,
            penalties_minor=0,
            tax_minor=0,
        ),
        reclassified_minor=0,
        balance_before_minor=300,
        balance_after_minor=0,
        policy_version="1",
    )


def message(kind: str, body: Any, *, number: int = 10, **more: Any) -> Message:
    return Message(
        kind=kind,
        body=body,
        message_id=UUID(int=number),
        tenant="demo",
        source="ledger",
        actor=Actor("mesh", "ledger"),
        correlation_id=CASE,
        case_id=CASE,
        **more,
    )


def hear(state: State, heard: Message, key: Key = LOAN) -> tuple[State, list[Said]]:
    """Take a message in as the mesh does; gives what is said."""
    after, told = state, []
    for place, event in enumerate(SERVICE.decide(state, heard, now=NOW)):
        event_id = derive(heard.message_id, type(event).__name__, place)
        told.append(Told(event, event_id, NOW, heard))
        after = SERVICE.evolve(after, event)
    return after, list(SERVICE.say(Change(key, 0, state, after, told))) if told else []


def records(said: list[Said]) -> list[Any]:
    return [out.record for out in said if isinstance(out, Outgoing)]


def notice_id(state: State) -> str:
    assert isinstance(state, LoanNotices)
    return str(next(iter(state.notices)))


def delivered(state: State, outcome: Proof | Refusal | Outage, attempt: int = 0) -> Message:
    delivery = RecordDelivery(UUID(notice_id(state)), attempt, outcome)
    return message("RecordDelivery", to_json(delivery), number=20 + attempt, by=BEA)


PROOF = Proof(
    channel="EMAIL",
    provider_id="<1@bank.example>",
    text_sha256="ab" * 32,
    address_sha256="cd" * 32,
    template_version="en-US/WRITE_OFF_NOTICE/1",
)


def test_a_posting_concerns_its_loan_and_a_party_itself() -> None:
    party = ledger.Party(meta=meta(11), party_id="P-1")

    assert SERVICE.key_of(message("WriteOffPosted", posted())) == LOAN
    assert SERVICE.key_of(message("Party", party)) == PARTY


def test_a_posting_is_answered_with_its_notices_in_the_same_turn() -> None:
    state, said = hear(LoanNotices(), message("WriteOffPosted", posted()))

    (recorded,) = records(said)
    assert isinstance(recorded, notifications.NoticesRecorded)
    assert recorded.posting_id == str(POSTING)
    assert recorded.meta.case_id == str(CASE)
    assert recorded.notices == [
        notifications.NoticeDue(
            notice_id=notice_id(state),
            notice="WRITE_OFF_NOTICE",
            recipient="P-1",
            deadline=from_date(date(2026, 12, 24)),
        )
    ]


def test_a_suppressed_notice_is_due_and_says_its_rule() -> None:
    _, said = hear(LoanNotices(), message("WriteOffPosted", posted(reason="FRAUD")))

    recorded, suppressed = records(said)
    assert suppressed.rule == "FRAUD_SUSPECTED"
    assert suppressed.notice_id == recorded.notices[0].notice_id


def test_a_held_notice_sets_its_timer_and_the_timer_asks_a_person() -> None:
    state, said = hear(LoanNotices(), message("WriteOffPosted", posted(litigation="P")))
    (timer,) = [s for s in said if isinstance(s, Later)]
    _, said = hear(state, message(timer.kind, timer.body, number=30))

    assert timer.due_at == NOW + timedelta(days=24)
    assert timer.body == {"notice_id": notice_id(state)}
    assert isinstance(records(said)[0], tasks.TaskOpened)


def test_a_delivery_is_said_with_its_proof_and_answered() -> None:
    state, _ = hear(LoanNotices(), message("WriteOffPosted", posted()))
    _, said = hear(state, delivered(state, PROOF))

    sent, answer = records(said)[0], said[-1]
    assert isinstance(sent, notifications.NoticeSent)
    assert (sent.channel, sent.provider_id) == ("EMAIL", "<1@bank.example>")
    assert (sent.text_sha256, sent.address_sha256) == ("ab" * 32, "cd" * 32)
    assert sent.template_version == "en-US/WRITE_OFF_NOTICE/1"
    assert answer == Answer()


def test_a_notice_that_fails_for_good_is_a_task_that_a_person_closes() -> None:
    state, _ = hear(LoanNotices(), message("WriteOffPosted", posted()))
    refusals = [Refusal("EMAIL", "SMTP_550")] * 3 + [Refusal("LETTER", "PRINT_FAILED")] * 3
    said: list[Said] = []
    for attempt, refusal in enumerate(refusals):
        state, said = hear(state, delivered(state, refusal, attempt))
    failed, opened = records(said)
    body = {"task_id": opened.task_id, "decision": "undeliverable"}
    state, said = hear(state, message("CompleteTask", body, number=40, by=BEA))

    assert (failed.code, failed.recipient) == ("PRINT_FAILED", "P-1")
    assert opened.queue == "CORRESPONDENCE"
    assert [r.result for r in records(said)] == ["UNDELIVERABLE"]
    assert said[-1] == Answer({"closed": True, "result": "UNDELIVERABLE"})


@pytest.mark.parametrize(
    "outcome", [PROOF, Refusal("LETTER", "PRINT_FAILED"), Outage("EMAIL", "CUT_OFF")]
)
def test_an_outcome_survives_its_way_as_a_command(outcome: Proof | Refusal | Outage) -> None:
    delivery = RecordDelivery(UUID(int=7), 3, outcome)

    assert to_command(message("RecordDelivery", to_json(delivery), by=BEA)) == delivery


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("CompleteTask", {"task_id": str(CASE), "decision": "burn"}),
        ("CompleteTask", {"task_id": str(CASE)}),
        ("ClaimTask", {"task_id": "x"}),
        ("RecordDelivery", {"notice_id": str(CASE), "channel": "DOVE"}),
        ("Dance", {"task_id": str(CASE)}),
    ],
)
def test_nonsense_is_answered(kind: str, body: dict[str, Any]) -> None:
    _, said = hear(LoanNotices(), message(kind, body, by=BEA))

    assert [a.code for a in said if isinstance(a, Answer)] == ["INVALID_FIELDS"]


def test_a_party_is_kept_without_its_tax_id_and_erased_by_a_tombstone() -> None:
    record = ledger.Party(
        meta=meta(11), party_id="P-1", given_name="Jo", email="jo@example.org", tax_id="078-05-1120"
    )
    file, said = hear(PartyFile(), message("Party", record, version=(3, 1)), PARTY)
    erased, _ = hear(file, message("Party", None, version=(3, 2)), PARTY)

    assert said == []
    assert isinstance(file, PartyFile)
    assert file.party is not None
    assert file.party.email == "jo@example.org"
    assert not hasattr(file.party, "tax_id")
    assert erased == PartyFile((3, 2), None)


def test_settings_name_all_that_is_missing() -> None:
    with pytest.raises(SystemExit, match="SMTP_HOST is missing") as refused:
        Settings.read({"SMTP_PORT": "mail", "MAIL_FROM": "a@b\r\nX: y"})

    assert "PRINT_DIR is missing" in str(refused.value)
    assert "SMTP_PORT must be a port" in str(refused.value)
    assert "MAIL_FROM must be an address" in str(refused.value)
