"""What answers of a core, the clock and people do to a posting instruction."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.core.deciding import decide, evolve
from ledger.core.instruction import (
    AnswerStrayed,
    Chase,
    Claim,
    Command,
    Complete,
    CoreState,
    Event,
    HearBooked,
    HearRejected,
    Instruction,
    InstructionAcknowledged,
    InstructionChased,
    InstructionRefused,
    Net,
    Standing,
)
from ledger.core.route import Mode, Route, Routes, RoutesWrong
from ledger.core.settings import CoreSettings, own_routes
from mesh.people import Person
from mesh.service import NAMESPACE
from mesh.tasks import TaskClosed, TaskOpened, TaskRefused

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ID = uuid5(NAMESPACE, "instruction")
BEN = Person("ben", frozenset({"loan_agent"}))

WAITING = Instruction(
    instruction_id=ID,
    transaction_id=uuid5(NAMESPACE, "transaction"),
    core="vault",
    command="write_off",
    product="PERSONAL_LOAN",
    value_date=date(2026, 11, 20),
    amount_minor=100_000,
    currency="USD",
    balance_after_minor=0,
    lines=(Net("BNK", "1100", "principal", 0, 100_000),),
    barred=frozenset({"l1-amy"}),
    instructed_at=NOW,
    standing=Standing.WAITING,
)
STATE = CoreState({ID: WAITING})
BOOKED = HearBooked(
    core="vault",
    instruction_id=str(ID),
    amount_minor=100_000,
    currency="USD",
    core_reference="V-1",
)
REJECTED = HearRejected(core="vault", instruction_id=str(ID), code="NO_LOAN", message="gone")


def after(state: CoreState, *commands: Command) -> tuple[CoreState, list[Event]]:
    """Decide commands one after the other."""
    told: list[Event] = []
    for command in commands:
        for event in decide(state, command, now=NOW):
            told.append(event)
            state = evolve(state, event)
    return state, told


def test_a_core_that_booked_it_settles_the_instruction() -> None:
    state, told = after(STATE, BOOKED)

    assert told == [
        InstructionAcknowledged(instruction_id=ID, core_reference="V-1", by=None, at=NOW)
    ]
    assert state.instructions[ID].standing is Standing.ACKNOWLEDGED
    assert state.instructions[ID].settled_at == NOW


def test_silence_opens_a_task_and_every_business_day_it_is_chased_again() -> None:
    state, told = after(STATE, Chase(ID), Chase(ID))

    tuesday = NOW + timedelta(days=1)
    chased = InstructionChased(instruction_id=ID, at=NOW, next_at=tuesday)
    assert [event for event in told if not isinstance(event, TaskOpened)] == [chased, chased]
    [opened] = [event for event in told if isinstance(event, TaskOpened)]
    assert (opened.task.task_id, opened.task.queue) == (ID, "LOAN-OPS")
    assert opened.task.barred == {"l1-amy"}
    assert state.instructions[ID].chased == 2
    assert state.instructions[ID].standing is Standing.WAITING


def test_a_late_answer_closes_the_task() -> None:
    state, told = after(STATE, Chase(ID), BOOKED)

    assert TaskClosed(ID, "booked by the core", None, NOW) in told
    assert state.tasks[ID].closed_at == NOW


def test_what_is_acknowledged_is_not_chased() -> None:
    _, told = after(STATE, BOOKED, Chase(ID))

    assert not any(isinstance(event, InstructionChased | TaskOpened) for event in told)


def test_a_core_that_refuses_has_a_person_asked_at_once() -> None:
    state, told = after(STATE, REJECTED)

    assert told[0] == InstructionRefused(instruction_id=ID, code="NO_LOAN", message="gone")
    assert isinstance(told[1], TaskOpened)
    assert state.instructions[ID].standing is Standing.REFUSED


def test_a_core_may_think_again() -> None:
    state, _ = after(STATE, REJECTED, BOOKED)

    assert state.instructions[ID].standing is Standing.ACKNOWLEDGED
    assert state.tasks[ID].closed_at == NOW


@pytest.mark.parametrize(
    ("booked", "message"),
    [
        (replace(BOOKED, amount_minor=99_999), "instructed 1000.00 USD, booked 999.99 USD"),
        (replace(BOOKED, currency="EUR"), "instructed 1000.00 USD, booked 1000.00 EUR"),
        (
            replace(BOOKED, currency="?" * 5_000),
            "instructed 1000.00 USD, booked an amount in no currency of ISO 4217",
        ),
        (
            replace(BOOKED, amount_minor=-(1 << 63)),
            "instructed 1000.00 USD, booked -92233720368547758.08 USD",
        ),
    ],
)
def test_a_wrong_amount_is_no_acknowledgement(booked: HearBooked, message: str) -> None:
    state, told = after(STATE, booked)

    assert told[0] == InstructionRefused(instruction_id=ID, code="WRONG_AMOUNT", message=message)
    assert state.instructions[ID].standing is Standing.REFUSED


@pytest.mark.parametrize("reference", ["", "   ", "x" * 65])
def test_a_booking_without_a_usable_reference_is_no_acknowledgement(reference: str) -> None:
    state, told = after(STATE, replace(BOOKED, core_reference=reference))

    assert isinstance(told[0], InstructionRefused)
    assert told[0].code == "INVALID_FIELDS"
    assert state.instructions[ID].standing is Standing.REFUSED


@pytest.mark.parametrize(
    ("heard", "code"),
    [
        (replace(BOOKED, instruction_id=str(uuid5(NAMESPACE, "other"))), "UNKNOWN_INSTRUCTION"),
        (replace(BOOKED, instruction_id="'; DROP TABLE loan"), "UNKNOWN_INSTRUCTION"),
        (replace(BOOKED, instruction_id=""), "UNKNOWN_INSTRUCTION"),
        (replace(BOOKED, core="mimic"), "OTHER_CORE"),
        (replace(REJECTED, core="mimic"), "OTHER_CORE"),
    ],
)
def test_an_answer_that_fits_nothing_is_seen_and_changes_nothing(
    heard: HearBooked | HearRejected, code: str
) -> None:
    state, [told] = after(STATE, heard)

    assert isinstance(told, AnswerStrayed)
    assert told.stray.code == code
    assert len(told.stray.instruction_id) <= 64
    assert state == STATE


def test_the_same_answer_twice_counts_once_and_another_one_is_seen() -> None:
    settled, _ = after(STATE, BOOKED)

    assert after(settled, BOOKED) == (settled, [])
    for other in (replace(BOOKED, core_reference="V-2"), REJECTED):
        state, [told] = after(settled, other)
        assert isinstance(told, AnswerStrayed)
        assert told.stray.code == "ALREADY_ACKNOWLEDGED"
        assert state == settled


def test_a_refusal_told_twice_opens_one_task() -> None:
    _, told = after(STATE, REJECTED, REJECTED)

    assert [type(event) for event in told] == [InstructionRefused, TaskOpened]


def test_a_person_confirms_what_the_loan_system_shows() -> None:
    chased, _ = after(STATE, Chase(ID))
    done = Complete(task_id=ID, by=BEN, core_reference=" V-7 ", new_balance="0.00")

    state, told = after(chased, done)

    assert told == [
        TaskClosed(ID, "confirmed", "ben", NOW),
        InstructionAcknowledged(instruction_id=ID, core_reference="V-7", by="ben", at=NOW),
    ]
    assert state.instructions[ID].settled_by == "ben"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"new_balance": "0.01"}, "BALANCE_MISMATCH"),
        ({"new_balance": "nought"}, "INVALID_FIELDS"),
        ({"new_balance": "0.001"}, "INVALID_FIELDS"),
        ({"core_reference": ""}, "INVALID_FIELDS"),
        ({"by": Person("dora", frozenset({"document_agent"}))}, "ROLE_NEEDED"),
        ({"by": Person("l1-amy", frozenset({"loan_agent"}))}, "MAKER_IS_CHECKER"),
        ({"task_id": UUID(int=1)}, "TASK_UNKNOWN"),
    ],
)
def test_a_person_who_confirms_something_else_is_told_so(
    change: dict[str, object], code: str
) -> None:
    chased, _ = after(STATE, Chase(ID))
    asked = Complete(task_id=ID, by=BEN, core_reference="V-7", new_balance="0.00")

    state, [told] = after(chased, replace(asked, **change))

    assert isinstance(told, TaskRefused)
    assert told.code == code
    assert state == chased


def test_two_persons_do_not_work_on_one_task() -> None:
    chased, _ = after(STATE, Chase(ID))
    cyd = Person("cyd", frozenset({"loan_agent"}))

    _, told = after(chased, Claim(ID, BEN), Claim(ID, cyd))

    assert told[-1] == TaskRefused("TASK_CLAIMED", "ben has it")


ANSWERS = st.one_of(
    st.builds(
        HearBooked,
        core=st.sampled_from(["vault", "mimic"]),
        instruction_id=st.one_of(st.just(str(ID)), st.text(max_size=80)),
        amount_minor=st.integers(-(1 << 63), (1 << 63) - 1),
        currency=st.one_of(st.just("USD"), st.text(max_size=4)),
        core_reference=st.text(max_size=80),
    ),
    st.builds(
        HearRejected,
        core=st.sampled_from(["vault", "mimic"]),
        instruction_id=st.one_of(st.just(str(ID)), st.text(max_size=80)),
        code=st.text(max_size=80),
        message=st.text(max_size=600),
    ),
    st.just(Chase(ID)),
)


@given(st.lists(ANSWERS, max_size=8))
def test_whatever_a_core_says_only_the_right_amount_settles(commands: list[Command]) -> None:
    state, told = after(STATE, *commands)

    right = any(
        isinstance(c, HearBooked)
        and (c.core, c.instruction_id, c.amount_minor, c.currency)
        == ("vault", str(ID), 100_000, "USD")
        for c in commands
    )
    assert right or state.instructions[ID].standing is not Standing.ACKNOWLEDGED
    assert sum(isinstance(event, TaskOpened) for event in told) <= 1


# --- routes -----------------------------------------------------------------------------------

FILE = """
version = "1"
mode = "OWN"
acknowledge_minutes = 15
not_instructed = ["accrue"]

[[special]]
tenant = "demo"
mode = "CORE"
core = "vault"

[[special]]
tenant = "demo"
product = "MORTGAGE"
mode = "MANUAL"

[[special]]
product = "AUTO_LOAN"
mode = "CORE"
core = "wheels"
acknowledge_minutes = 5
"""


def test_the_closest_route_counts() -> None:
    routes = Routes.parse(FILE)

    assert routes.of("sba", "PERSONAL_LOAN").mode is Mode.OWN
    assert routes.of("demo", "PERSONAL_LOAN").core == "vault"
    assert routes.of("demo", "AUTO_LOAN").core == "vault"
    assert routes.of("demo", "MORTGAGE").mode is Mode.MANUAL
    assert routes.of("sba", "AUTO_LOAN").acknowledge_minutes == 5
    assert routes.cores == {"vault", "wheels"}


def test_where_a_person_keys_in_the_case_asks_him_for_its_own_postings() -> None:
    manual = Route(mode=Mode.MANUAL)

    assert manual.instructs("repay", has_case=False)
    assert not manual.instructs("write_off", has_case=True)
    assert not Route().instructs("write_off", has_case=True)


def test_the_routes_that_come_with_the_ledger_instruct_nobody() -> None:
    assert Routes.parse(own_routes()).cores == set()
    assert CoreSettings.read({}, cores=()).routes.of("demo", "MORTGAGE").mode is Mode.OWN


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("mode = 'OWN'", "version: missing"),
        ("version = '1'\nmode = 'BOTH'", "mode: 'BOTH' is not one of OWN, CORE, MANUAL"),
        ("version = '1'\nmode = 'CORE'", "core: mode CORE names one"),
        ("version = '1'\nmode = 'OWN'\ncore = 'vault'", "core: mode CORE names one"),
        ("version = '1'\nacknowledge_minutes = 0", "acknowledge_minutes: not 1 to"),
        ("version = '1'\nacknowledge_minutes = true", "acknowledge_minutes: not 1 to"),
        ("version = '1'\nnot_instructed = 'accrue'", "not_instructed: not a list"),
        ("version = '1'\nmodes = 'OWN'", "modes: unknown key"),
        ("version = '1'\n[[special]]\nmode = 'OWN'", "special 1: names a tenant"),
        ("version = '1'\n" + "[[special]]\ntenant = 'a'\n" * 2, "special 2: told twice"),
        ("version =", "Invalid"),
    ],
)
def test_a_wrong_route_is_not_read(text: str, because: str) -> None:
    with pytest.raises(RoutesWrong, match=because):
        Routes.parse(text)


def test_a_core_that_the_world_does_not_have_stops_the_process(tmp_path: object) -> None:
    file = f"{tmp_path}/core.toml"
    with open(file, "w") as out:
        out.write(FILE)

    with pytest.raises(SystemExit, match="core wheels is not among the world's cores"):
        CoreSettings.read({"LEDGER_CORE_FILE": file}, cores=("vault",))
    with pytest.raises(SystemExit, match="LEDGER_CORE_FILE"):
        CoreSettings.read({"LEDGER_CORE_FILE": f"{file}.none"}, cores=())
