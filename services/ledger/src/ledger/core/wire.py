"""The border of core banking: records and commands ↔ the domain; what is posted → instructions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from contracts.records import authorization, common, core, ledger, tasks
from contracts.types import from_date, from_datetime
from mesh.service import (
    Answer,
    Cancel,
    Change,
    Hears,
    Key,
    Later,
    Message,
    Outgoing,
    Said,
    Told,
    derive,
)
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from ledger.core.instruction import (
    KIND,
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
    Refuse,
    Release,
    Standing,
)
from ledger.core.route import Mode, Route
from ledger.domain.events import Posted, RefinanceOpened
from ledger.domain.loan import Loan
from ledger.domain.posting import Entry

CHASE = "ChasePosting"
LEDGER = "writeoff.ledger.v1"

HEARS: Sequence[Hears] = (
    Hears("writeoff.core.v1.<core>", (core.PostingBooked, core.PostingRejected)),
)

type Heard = Told[Any]


def key_of_record(message: Message) -> Key | None:
    """Say which loan's instructions a record is about; none: it is no core's."""
    if not isinstance(message.body, core.PostingBooked | core.PostingRejected):
        return None
    meta = message.body.meta
    assert meta.loan_id, "the mesh hears nothing from outside that names no loan"
    return Key(meta.tenant, meta.loan_id, KIND)


# --- heard ------------------------------------------------------------------------------------


def to_command(message: Message) -> Command:
    """Hear a message as a command."""
    match message.body:
        case core.PostingBooked() as body:
            return HearBooked(
                core=message.source,
                instruction_id=body.instruction_id,
                amount_minor=body.amount.amount_minor,
                currency=body.amount.currency,
                core_reference=body.core_reference,
            )
        case core.PostingRejected() as body:
            return HearRejected(
                core=message.source,
                instruction_id=body.instruction_id,
                code=body.code,
                message=body.message,
            )
        case _:
            return _to_door_command(message.kind, message.body, message)


def _to_door_command(kind: str, body: Mapping[str, Any], message: Message) -> Command:
    if kind == CHASE:
        return Chase(UUID(body["instruction_id"]))
    by = message.by
    assert by is not None, "a door says who asks"
    task_id = UUID(str(body["task_id"]))
    match kind:
        case "ClaimTask":
            return Claim(task_id, by)
        case "ReleaseTask":
            return Release(task_id, by)
        case "CompleteTask":
            return Complete(
                task_id=task_id,
                by=by,
                core_reference=str(body.get("core_reference") or ""),
                new_balance=str(body.get("new_balance") or ""),
            )
        case _:
            return Refuse(f"{kind} is nothing that is done to a core posting")


def named(message: Message) -> UUID | None:
    """Give the instruction that a message names, also one that is settled."""
    body = message.body
    if isinstance(body, core.PostingBooked | core.PostingRejected):
        text = body.instruction_id
    else:
        text = str(body.get("instruction_id") or body.get("task_id") or "")
    try:
        return UUID(text)
    except ValueError:
        return None


# --- from what was posted ---------------------------------------------------------------------


def to_instruction(told: Heard, route: Route) -> Instruction | None:
    """Make the instruction of what was posted; none where nobody else has to book it."""
    match told.event:
        case Posted() as posted:
            entries, loan, command = posted.entries, posted.loan, posted.asked.name
            entry, amount_minor = posted.entry, posted.moved.amount_minor
        case RefinanceOpened(loan, entry):
            entries, command, amount_minor = (entry,), entry.command, entry.amount_minor or 0
        case _:
            return None
    lines = net(entries)
    if not lines or not route.instructs(command, has_case=entry.case_id is not None):
        return None
    # A refinance's case is of the old loan, and waits for what is booked there.
    case_id = entry.case_id if isinstance(told.event, Posted) else None
    return Instruction(
        instruction_id=derive(told.event_id, "instruction"),
        transaction_id=entry.transaction_id,
        core=route.core,
        command=command,
        product=loan.particulars.product,
        value_date=entry.value_date,
        amount_minor=amount_minor,
        currency=loan.particulars.currency,
        balance_after_minor=loan.outstanding.total,
        lines=lines,
        case_id=case_id,
        barred=_approvers(told.message),
        instructed_at=told.at,
        standing=Standing.BY_HAND if route.mode is Mode.MANUAL else Standing.WAITING,
    )


def loan_of(event: object) -> Loan | None:
    """Give the loan that an event posted on."""
    return event.loan if isinstance(event, Posted | RefinanceOpened) else None


def net(entries: Sequence[Entry]) -> tuple[Net, ...]:
    """Add entries up by book, code and component; what cancels out is left out."""
    moved: dict[tuple[str, str, str], int] = {}
    for entry in entries:
        for line in entry.lines:
            place = (line.book.value, line.code, line.component.value if line.component else "")
            moved[place] = moved.get(place, 0) + line.debit_minor - line.credit_minor
    return tuple(
        Net(book, code, component or None, max(minor, 0), max(-minor, 0))
        for (book, code, component), minor in sorted(moved.items())
        if minor
    )


def _approvers(message: Message) -> frozenset[str]:
    body = message.body
    if isinstance(body, authorization.AuthorizationGranted):
        return frozenset(approver.id for approver in body.approvers)
    return frozenset()


# --- said -------------------------------------------------------------------------------------


POSTED = (
    ledger.WriteOffPosted,
    ledger.ChargeOffPosted,
    ledger.ChargeOffRemoved,
    ledger.TransactionReversed,
    ledger.RecoveryPosted,
    ledger.PayOffPosted,
    ledger.RefinancePosted,
)
"""What tells a case that it is posted."""


def with_core(said: Said, instruction: Instruction) -> Said:
    """Tell the case which core has to book its posting too, so that it waits for it."""
    if isinstance(said, Outgoing) and isinstance(said.record, POSTED):
        return replace(said, record=replace(said.record, instructed=instruction.core))
    return said


def say_instructed(key: Key, told: Heard, instruction: Instruction, route: Route) -> Sequence[Said]:
    """Say a new instruction to its core, and look after it when time is up."""
    if instruction.core is None:
        return (_chase(key, instruction, due_at=told.at),)
    due_at = told.at + timedelta(minutes=route.acknowledge_minutes)
    return (
        _to_core(key, told, instruction),
        _chase(key, instruction, due_at=due_at),
    )


def say(change: Change[CoreState, Event], told: Told[Event]) -> Sequence[Said]:
    """Say what others must hear of what became of an instruction."""
    key, state, event = change.key, change.after, told.event
    match event:
        case InstructionAcknowledged(instruction_id=instruction_id):
            instruction = state.instructions[instruction_id]
            cancel = Cancel(key, CHASE, str(instruction_id))
            answer = Answer({"instruction_id": str(instruction_id), "result": "acknowledged"})
            if instruction.case_id is None:
                return cancel, answer
            record = _to_acknowledged(key, told, instruction)
            return cancel, answer, Outgoing(LEDGER, key.id, record)
        case InstructionChased(instruction_id=instruction_id, next_at=next_at):
            instruction = state.instructions[instruction_id]
            later = _chase(key, instruction, due_at=next_at)
            if instruction.standing is Standing.WAITING:
                return _to_core(key, told, instruction), later
            return (later,)
        case InstructionRefused(code=code, message=message):
            return (Answer({"message": message}, code),)
        case AnswerStrayed(stray):
            return (Answer({"message": stray.message}, stray.code),)
        case TaskOpened() | TaskClosed():
            return (Outgoing(LEDGER, key.id, _to_task(key, told, event, state)),)
        case TaskClaimed(task_id, by):
            return (Answer({"task_id": str(task_id), "claimed_by": by}),)
        case TaskReleased(task_id):
            return (Answer({"task_id": str(task_id), "claimed_by": None}),)
        case TaskRefused(code, message):
            return (Answer({"message": message}, code),)
        case _:
            assert_never(event)


def _chase(key: Key, instruction: Instruction, *, due_at: datetime) -> Later:
    instruction_id = str(instruction.instruction_id)
    return Later(
        Key(key.tenant, key.id, KIND),
        CHASE,
        instruction_id,
        due_at,
        {"instruction_id": instruction_id},
        case_id=instruction.case_id,
    )


def _to_core(key: Key, told: Heard, instruction: Instruction) -> Outgoing:
    record = ledger.PostingInstructed(
        meta=told.meta(Key(key.tenant, key.id), case_id=instruction.case_id, part="instructed"),
        instruction_id=str(instruction.instruction_id),
        transaction_id=str(instruction.transaction_id),
        command=instruction.command,
        product=instruction.product,
        value_date=from_date(instruction.value_date),
        amount=common.Money(amount_minor=instruction.amount_minor, currency=instruction.currency),
        balance_after_minor=instruction.balance_after_minor,
        lines=[ledger.InstructedLine(**line._asdict()) for line in instruction.lines],
        said=instruction.chased + 1,
    )
    return Outgoing(f"writeoff.instructions.v1.{instruction.core}", key.id, record)


def _to_acknowledged(key: Key, told: Heard, instruction: Instruction) -> ledger.PostingAcknowledged:
    assert instruction.core_reference is not None, "what is acknowledged has a reference"
    return ledger.PostingAcknowledged(
        meta=told.meta(Key(key.tenant, key.id), case_id=instruction.case_id),
        instruction_id=str(instruction.instruction_id),
        transaction_id=str(instruction.transaction_id),
        core=instruction.core,
        core_reference=instruction.core_reference,
        by=instruction.settled_by,
    )


def _to_task(
    key: Key, told: Heard, event: TaskOpened | TaskClosed, state: CoreState
) -> tasks.TaskOpened | tasks.TaskClosed:
    task_id = event.task.task_id if isinstance(event, TaskOpened) else event.task_id
    task = state.tasks[task_id]
    meta = told.meta(Key(key.tenant, key.id), case_id=task.case_id)
    if isinstance(event, TaskOpened):
        return tasks.TaskOpened(
            meta=meta,
            task_id=str(task_id),
            task=task.task,
            queue=task.queue,
            due_at=from_datetime(task.due_at),
        )
    return tasks.TaskClosed(
        meta=meta,
        task_id=str(task_id),
        task=task.task,
        result=event.result,
        closed_by=event.by,
    )
