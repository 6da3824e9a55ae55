"""Who is told, when not, and how often it is tried."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesh.people import Person
from mesh.tasks import TaskClosed, TaskOpened, TaskRefused
from notifications.domain.correspondence import decide, evolve
from notifications.domain.events import (
    ClaimTask,
    Command,
    CompleteTask,
    Event,
    KnowParty,
    NoticeFailed,
    NoticeQueued,
    NoticeSent,
    NoticesRecorded,
    NoticeSuppressed,
    Outage,
    PartyHeard,
    Posting,
    RecordDelivery,
    RecordNotices,
    Refusal,
    RemindOfHeld,
)
from notifications.domain.notices import (
    Failed,
    Held,
    LoanNotices,
    Notice,
    Party,
    PartyFile,
    Pending,
    Proof,
    Sent,
    State,
    Suppressed,
)
from notifications.domain.policy import POLICY

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BEA = Person("bea", frozenset({"back_office"}), level=2)
NEW = Person("nils", frozenset({"back_office"}), level=0)
ANA = Person("ana", frozenset({"loan_agent"}))
NO_MAIL = Refusal("EMAIL", "SMTP_550")
NO_LETTER = Refusal("LETTER", "PRINT_FAILED")

POSTING = Posting(
    posting_id=UUID(int=1),
    case_id=UUID(int=2),
    customer_id="P-1",
    case_number="C-1",
    product="PERSONAL_LOAN",
    segment="PERSONAL",
    reason="AGED",
    litigation="N",
    is_fraud=False,
    collection_ceases=False,
    currency="USD",
    principal_minor=90_000,
    interest_minor=10_000,
    fees_minor=0,
    penalties_minor=0,
    tax_minor=0,
    amount_minor=100_000,
    balance_after_minor=0,
    value_date=date(2026, 11, 20),
    booked=date(2026, 11, 24),
)
PROOF = Proof(
    channel="EMAIL",
    provider_id="<1@bank.example>",
    text_sha256="ab" * 32,
    address_sha256="cd" * 32,
    template_version="en-US/WRITE_OFF_NOTICE/1",
)
JO = Party(
    party_id="P-1",
    given_name="Jo",
    family_name="Doe",
    business_name=None,
    email="jo@example.org",
    locale=None,
)


def hear[S: (LoanNotices, PartyFile)](
    state: S, *commands: Command, now: datetime = NOW
) -> tuple[S, list[Event]]:
    """Decide commands in order; gives the state after them and the events of the last."""
    after: State = state
    events: Sequence[Event] = ()
    for command in commands:
        events = decide(after, command, now=now, policy=POLICY)
        for event in events:
            after = evolve(after, event)
    assert isinstance(after, type(state))
    return after, list(events)


def recorded(**changed: Any) -> LoanNotices:
    return hear(LoanNotices(), RecordNotices(replace(POSTING, **changed)))[0]


def only(state: LoanNotices) -> Notice:
    (notice,) = state.notices.values()
    return notice


def attempt(state: LoanNotices, outcome: Proof | Refusal | Outage) -> RecordDelivery:
    notice = only(state)
    return RecordDelivery(notice.notice_id, notice.attempts, outcome)


def fail(state: LoanNotices, *outcomes: Refusal | Outage) -> LoanNotices:
    for outcome in outcomes:
        state, _ = hear(state, attempt(state, outcome))
    return state


def kinds(events: Sequence[Event]) -> list[type]:
    return [type(event) for event in events]


def test_a_write_off_is_told_to_the_customer_within_thirty_days() -> None:
    state, events = hear(LoanNotices(), RecordNotices(POSTING))

    assert kinds(events) == [NoticesRecorded]
    notice = only(state)
    assert (notice.notice, notice.recipient) == ("WRITE_OFF_NOTICE", "P-1")
    assert notice.deadline == date(2026, 12, 24)
    assert notice.standing == Pending("EMAIL", NOW)
    assert (notice.content.tone, notice.content.owed_minor) == ("OWED", 100_000)


def test_what_was_written_off_before_is_owed_as_well() -> None:
    first = replace(POSTING, amount_minor=10_000, balance_after_minor=90_000)
    second = replace(first, posting_id=UUID(int=9), amount_minor=20_000, balance_after_minor=70_000)
    state, _ = hear(LoanNotices(), RecordNotices(first), RecordNotices(second))

    assert [n.content.owed_minor for n in state.notices.values()] == [100_000, 100_000]


def test_what_was_discharged_before_is_not_owed_again() -> None:
    settled = replace(POSTING, reason="SETTLEMENT", amount_minor=10_000, balance_after_minor=90_000)
    rest = replace(POSTING, posting_id=UUID(int=9), amount_minor=90_000)
    state, _ = hear(LoanNotices(), RecordNotices(settled), RecordNotices(rest))

    assert [n.content.owed_minor for n in state.notices.values()][1] == 90_000


@pytest.mark.parametrize(
    ("changed", "standing", "asks"),
    [
        ({"reason": "FRAUD"}, Suppressed("FRAUD_SUSPECTED"), False),
        ({"is_fraud": True}, Suppressed("FRAUD_SUSPECTED"), False),
        ({"is_fraud": True, "reason": "DECEASED"}, Suppressed("FRAUD_SUSPECTED"), False),
        ({"reason": "DECEASED"}, Suppressed("DECEASED"), True),
    ],
)
def test_a_rule_forbids_to_tell(changed: dict[str, Any], standing: Suppressed, asks: bool) -> None:
    state, events = hear(LoanNotices(), RecordNotices(replace(POSTING, **changed)))

    assert kinds(events) == [NoticesRecorded, NoticeSuppressed] + [TaskOpened] * asks
    assert only(state).standing == standing


@pytest.mark.parametrize("litigation", ["L", "P"])
def test_during_litigation_a_notice_is_held_and_asked_about_at_four_fifths_of_its_time(
    litigation: str,
) -> None:
    state = recorded(litigation=litigation)
    held = only(state).standing
    state, events = hear(state, RemindOfHeld(only(state).notice_id))

    assert held == Held("LITIGATION", NOW + timedelta(days=24))
    assert kinds(events) == [TaskOpened]
    opened = events[0]
    assert isinstance(opened, TaskOpened)
    assert (opened.task.queue, opened.task.role) == ("CORRESPONDENCE", "back_office")
    assert opened.task.level_min == 2
    assert hear(state, RemindOfHeld(only(state).notice_id))[1] == []


@pytest.mark.parametrize(
    ("changed", "tone"),
    [
        ({"collection_ceases": True}, "DISCHARGED"),
        ({"reason": "SETTLEMENT"}, "DISCHARGED"),
        ({"reason": "STATUTE_BARRED"}, "DISCHARGED"),
        ({"reason": "BANKRUPTCY"}, "INFORMATION"),
        ({"reason": "BANKRUPTCY", "litigation": "L"}, "INFORMATION"),
    ],
)
def test_what_is_discharged_or_before_a_court_is_not_dunned(
    changed: dict[str, Any], tone: str
) -> None:
    notice = only(recorded(**changed))

    assert notice.content.tone == tone
    assert isinstance(notice.standing, Pending)


def test_a_sent_notice_keeps_its_proof() -> None:
    state = recorded()
    state, events = hear(state, attempt(state, PROOF))

    assert events == [NoticeSent(only(state).notice_id, PROOF, NOW)]
    assert only(state).standing == Sent(PROOF, NOW)


def test_an_outcome_heard_twice_or_overtaken_is_no_news() -> None:
    state = recorded()
    first = attempt(state, NO_MAIL)
    state, _ = hear(state, first)
    again, events = hear(state, first)

    assert events == []
    assert again == state


def test_a_refused_mail_is_tried_after_one_and_six_hours_and_a_day_later_it_is_a_letter() -> None:
    state = recorded()
    pauses: list[tuple[str, timedelta]] = []
    for _ in range(3):
        state = fail(state, NO_MAIL)
        pending = only(state).standing
        assert isinstance(pending, Pending)
        pauses.append((pending.channel, pending.try_at - NOW))

    assert pauses == [
        ("EMAIL", timedelta(hours=1)),
        ("EMAIL", timedelta(hours=6)),
        ("LETTER", timedelta(hours=24)),
    ]


def test_when_no_channel_takes_it_the_notice_failed_and_a_person_decides() -> None:
    state = fail(recorded(), *[NO_MAIL] * 3, *[NO_LETTER] * 2)
    state, events = hear(state, attempt(state, NO_LETTER))

    assert kinds(events) == [NoticeFailed, TaskOpened]
    assert only(state).standing == Failed("PRINT_FAILED")
    opened = events[1]
    assert isinstance(opened, TaskOpened)
    assert (opened.task.level_min, opened.task.due_at) == (0, NOW + timedelta(days=2))


def test_a_letter_that_had_to_be_one_has_tries_of_its_own() -> None:
    state = fail(recorded(), NO_LETTER)

    assert only(state).standing == Pending(
        "LETTER", NOW + timedelta(hours=1), tries=1, code="PRINT_FAILED"
    )


def test_an_erased_recipient_cannot_be_told() -> None:
    state = recorded()
    state, events = hear(state, attempt(state, Refusal("EMAIL", "RECIPIENT_ERASED")))

    assert kinds(events) == [NoticeFailed, TaskOpened]


def test_outages_are_waited_for_ever_longer_and_count_as_no_try() -> None:
    state = recorded()
    pauses: list[timedelta] = []
    for _ in range(9):
        state = fail(state, Outage("EMAIL", "TIMED_OUT"))
        pending = only(state).standing
        assert isinstance(pending, Pending)
        pauses.append(pending.try_at - NOW)
        assert (pending.channel, pending.tries) == ("EMAIL", 0)

    assert pauses[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)


@pytest.mark.parametrize(("decision", "result"), [("resend", "RESENT"), ("release", "RESENT")])
def test_a_failed_notice_is_sent_again_when_a_person_says_so(decision: Any, result: str) -> None:
    state = fail(recorded(), *[NO_MAIL] * 3, *[NO_LETTER] * 3)
    task_id = only(state).task_id
    state, events = hear(state, CompleteTask(task_id, NEW, decision))

    assert kinds(events) == [NoticeQueued, TaskClosed]
    assert events[1] == TaskClosed(task_id, result, "nils", NOW)
    assert only(state).standing == Pending("EMAIL", NOW)
    assert only(fail(state, *[NO_MAIL] * 3, *[NO_LETTER] * 3)).task_id != task_id


def test_a_failed_notice_stays_undeliverable_when_a_person_says_so() -> None:
    state = fail(recorded(), *[NO_MAIL] * 3, *[NO_LETTER] * 3)
    state, events = hear(state, CompleteTask(only(state).task_id, BEA, "undeliverable"))

    assert kinds(events) == [TaskClosed]
    assert isinstance(only(state).standing, Failed)


def test_a_held_notice_is_released_or_given_up_at_level_two() -> None:
    state = recorded(litigation="L")
    state, _ = hear(state, RemindOfHeld(only(state).notice_id))
    task_id = only(state).task_id

    assert kinds(hear(state, CompleteTask(task_id, NEW, "release"))[1]) == [TaskRefused]
    released, events = hear(state, CompleteTask(task_id, BEA, "release"))
    assert kinds(events) == [NoticeQueued, TaskClosed]
    assert only(released).standing == Pending("EMAIL", NOW)
    given_up, events = hear(state, CompleteTask(task_id, BEA, "undeliverable"))
    assert kinds(events) == [NoticeFailed, TaskClosed]
    assert only(given_up).standing == Failed("UNDELIVERABLE")


def test_nobody_can_send_what_a_rule_forbids() -> None:
    state = recorded(reason="DECEASED")
    task_id = only(state).task_id

    refused = hear(state, CompleteTask(task_id, BEA, "resend"))[1]
    assert refused == [TaskRefused("NOTICE_SUPPRESSED", "a rule forbids to send this notice")]
    assert kinds(hear(state, CompleteTask(task_id, BEA, "undeliverable"))[1]) == [TaskClosed]


def test_only_the_back_office_works_on_notices() -> None:
    state = recorded(reason="DECEASED")
    _, events = hear(state, ClaimTask(only(state).task_id, ANA))

    assert [e.code for e in events if isinstance(e, TaskRefused)] == ["ROLE_NEEDED"]


def test_a_party_counts_only_when_its_record_is_newer() -> None:
    file, _ = hear(PartyFile(), KnowParty(JO, (7, 2)))

    assert file == PartyFile((7, 2), JO)
    assert hear(file, KnowParty(JO, (7, 2)))[1] == []
    assert hear(file, KnowParty(None, (7, 1)))[1] == []
    assert hear(file, KnowParty(None, (8, 1)))[1] == [PartyHeard(None, (8, 1))]


def test_an_erased_party_does_not_come_back_by_an_older_record() -> None:
    file, _ = hear(PartyFile(), KnowParty(JO, (7, 2)), KnowParty(None, (7, 3)))

    assert file == PartyFile((7, 3), None)
    assert hear(file, KnowParty(JO, (7, 2)))[0] == file


def test_a_party_shows_nothing_of_itself_in_a_log() -> None:
    assert "Doe" not in repr(JO)
    assert "example.org" not in repr(KnowParty(JO, (1, 1)))


OUTCOMES = st.lists(
    st.sampled_from([NO_MAIL, NO_LETTER, Outage("EMAIL", "CUT_OFF"), PROOF]), max_size=12
)


@given(OUTCOMES)
def test_a_repeated_fact_changes_nothing(outcomes: list[Proof | Refusal | Outage]) -> None:
    state = recorded()
    for outcome in outcomes:
        delivery = attempt(state, outcome)
        state, _ = hear(state, delivery)
        assert decide(state, delivery, now=NOW, policy=POLICY) == []

    assert decide(state, RecordNotices(POSTING), now=NOW, policy=POLICY) == []


@given(OUTCOMES)
def test_trying_never_ends_without_a_proof_or_a_task(
    outcomes: list[Proof | Refusal | Outage],
) -> None:
    state = recorded()
    for outcome in outcomes:
        state, _ = hear(state, attempt(state, outcome))

    notice = only(state)
    assert isinstance(notice.standing, Pending | Sent | Failed)
    assert isinstance(notice.standing, Failed) == (notice.task_id in state.tasks)
