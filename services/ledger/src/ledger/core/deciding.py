"""What answers of a core, the clock and people do to posting instructions. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from mesh.currency import DECIMALS
from mesh.tasks import (
    Task,
    TaskClaimed,
    TaskClosed,
    TaskOpened,
    TaskRefused,
    TaskReleased,
    add_business_days,
)

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
    Refuse,
    Release,
    Standing,
    Stray,
)
from ledger.domain.money import to_minor, to_text
from mesh import tasks

TASK = "core posting"
QUEUE = "LOAN-OPS"
ROLE = "loan_agent"

TASK_DAYS = 1
"""Business days in which a person keys a posting in, and between two chases."""

TEXT_MAX = 64
"""Characters of a core's reference or code: what cores call a booking is shorter."""

MESSAGE_MAX = 500
"""Characters kept of what a core says in words: a person reads it on a screen."""


def decide(state: CoreState, command: Command, *, now: datetime) -> Sequence[Event]:
    """Say what happens."""
    match command:
        case HearBooked() | HearRejected():
            return tuple(_hear(state, command, now=now))
        case Chase(instruction_id):
            return tuple(_chase(state, instruction_id, now=now))
        case Claim(task_id, by):
            claimed = tasks.claim(state.tasks.get(task_id), by)
            return (claimed,) if claimed else ()
        case Release(task_id, by):
            released = tasks.release(state.tasks.get(task_id), by)
            return (released,) if released else ()
        case Complete():
            return tuple(_complete(state, command, now=now))
        case Refuse(message):
            return (TaskRefused("INVALID_FIELDS", message),)
        case _:
            assert_never(command)


def evolve(state: CoreState, event: Event) -> CoreState:
    """Apply a fact. Never fails: facts are not up for debate."""
    match event:
        case InstructionAcknowledged(
            instruction_id=instruction_id, core_reference=reference, by=by, at=at
        ):
            return _changed(
                state,
                replace(
                    state.instructions[instruction_id],
                    standing=Standing.ACKNOWLEDGED,
                    core_reference=reference,
                    settled_at=at,
                    settled_by=by,
                ),
            )
        case InstructionRefused(instruction_id=instruction_id, code=code, message=message):
            refused = replace(
                state.instructions[instruction_id],
                standing=Standing.REFUSED,
                code=code,
                message=message,
            )
            return _changed(state, refused)
        case InstructionChased(instruction_id=instruction_id, at=at):
            known = state.instructions[instruction_id]
            return _changed(state, replace(known, chased=known.chased + 1, chased_at=at))
        case TaskOpened() | TaskClaimed() | TaskReleased() | TaskClosed():
            task_id = event.task.task_id if isinstance(event, TaskOpened) else event.task_id
            task = tasks.evolve(state.tasks.get(task_id), event)
            return replace(state, tasks={**state.tasks, task_id: task})
        case AnswerStrayed() | TaskRefused():
            return state
        case _:
            assert_never(event)


def _changed(state: CoreState, instruction: Instruction) -> CoreState:
    known = {**state.instructions, instruction.instruction_id: instruction}
    return replace(state, instructions=known)


def _hear(state: CoreState, heard: HearBooked | HearRejected, *, now: datetime) -> Iterator[Event]:
    """Take a core's answer: it may say anything, so it counts only where it fits."""
    instruction = state.instructions.get(_uuid(heard.instruction_id) or UUID(int=0))
    if instruction is None:
        yield _stray(heard, "UNKNOWN_INSTRUCTION", "this loan has no such instruction")
        return
    if instruction.core != heard.core:
        yield _stray(heard, "OTHER_CORE", "the instruction was not this core's")
        return
    if instruction.standing is Standing.ACKNOWLEDGED:
        if not _is_repeat(instruction, heard):
            yield _stray(heard, "ALREADY_ACKNOWLEDGED", "the posting was acknowledged before")
        return
    match heard:
        case HearRejected():
            code, message = heard.code[:TEXT_MAX] or "REJECTED", heard.message[:MESSAGE_MAX]
            yield from _refuse(state, instruction, code, message, now=now)
        case HearBooked():
            if why := _why_not(instruction, heard):
                yield from _refuse(state, instruction, *why, now=now)
                return
            yield InstructionAcknowledged(
                instruction_id=instruction.instruction_id,
                core_reference=heard.core_reference,
                by=None,
                at=now,
            )
            if task := _open_task(state, instruction):
                yield TaskClosed(task.task_id, "booked by the core", None, now)


def _why_not(instruction: Instruction, heard: HearBooked) -> tuple[str, str] | None:
    """Say why what a core booked is not what it was to book."""
    if (heard.amount_minor, heard.currency) != (instruction.amount_minor, instruction.currency):
        wanted = f"{to_text(instruction.amount_minor, instruction.currency)} {instruction.currency}"
        if heard.currency in DECIMALS:
            booked = f"{to_text(heard.amount_minor, heard.currency)} {heard.currency}"
        else:
            booked = "an amount in no currency of ISO 4217"
        return "WRONG_AMOUNT", f"instructed {wanted}, booked {booked}"
    if not 0 < len(heard.core_reference.strip()) <= TEXT_MAX:
        return "INVALID_FIELDS", f"core_reference: 1 to {TEXT_MAX} characters are needed"
    return None


def _refuse(
    state: CoreState, instruction: Instruction, code: str, message: str, *, now: datetime
) -> Iterator[Event]:
    if (instruction.standing, instruction.code, instruction.message) != (
        Standing.REFUSED,
        code,
        message,
    ):
        yield InstructionRefused(
            instruction_id=instruction.instruction_id, code=code, message=message
        )
    if not _open_task(state, instruction):
        yield _task(instruction, now=now)


def _chase(state: CoreState, instruction_id: UUID, *, now: datetime) -> Iterator[Event]:
    instruction = state.instructions.get(instruction_id)
    if instruction is None or instruction.standing is Standing.ACKNOWLEDGED:
        return
    yield InstructionChased(
        instruction_id=instruction_id, at=now, next_at=add_business_days(now, TASK_DAYS)
    )
    if not _open_task(state, instruction):
        yield _task(instruction, now=now)


def _complete(state: CoreState, command: Complete, *, now: datetime) -> Iterator[Event]:
    """Hear that the loan system shows a posting: its balance must be the posted one."""
    task = state.tasks.get(command.task_id)
    if refused := tasks.may_work_on(task, command.by):
        yield refused
        return
    instruction = state.instructions[command.task_id]
    reference = command.core_reference.strip()
    if not 0 < len(reference) <= TEXT_MAX:
        yield TaskRefused("INVALID_FIELDS", f"core_reference: 1 to {TEXT_MAX} characters")
        return
    balance_minor = to_minor(command.new_balance, decimals=DECIMALS[instruction.currency])
    if balance_minor is None:
        yield TaskRefused("INVALID_FIELDS", "new_balance: a decimal number is needed")
        return
    if balance_minor != instruction.balance_after_minor:
        yield TaskRefused("BALANCE_MISMATCH", "new_balance: not what was posted")
        return
    yield TaskClosed(command.task_id, "confirmed", command.by.id, now)
    yield InstructionAcknowledged(
        instruction_id=command.task_id, core_reference=reference, by=command.by.id, at=now
    )


def _task(instruction: Instruction, *, now: datetime) -> TaskOpened:
    return TaskOpened(
        Task(
            task_id=instruction.instruction_id,
            case_id=instruction.case_id,
            task=TASK,
            queue=QUEUE,
            role=ROLE,
            barred=instruction.barred,
            opened_at=now,
            due_at=add_business_days(now, TASK_DAYS),
        )
    )


def _open_task(state: CoreState, instruction: Instruction) -> Task | None:
    task = state.tasks.get(instruction.instruction_id)
    return task if task is not None and task.closed_at is None else None


def _is_repeat(instruction: Instruction, heard: HearBooked | HearRejected) -> bool:
    """Say whether a core tells again what it told."""
    return (
        isinstance(heard, HearBooked)
        and heard.core_reference == instruction.core_reference
        and _why_not(instruction, heard) is None
    )


def _stray(heard: HearBooked | HearRejected, code: str, message: str) -> AnswerStrayed:
    reference = heard.core_reference[:TEXT_MAX] if isinstance(heard, HearBooked) else None
    return AnswerStrayed(
        Stray(heard.core, heard.instruction_id[:TEXT_MAX], code, message, reference)
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
