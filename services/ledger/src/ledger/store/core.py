"""Instructions to loan systems in the store: one statement a table, however many loans."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh.saving import columns
from mesh.service import Change, Key, Reader, Transaction
from mesh.tasks import Task, TaskClaimed, TaskClosed, TaskOpened, TaskReleased
from mesh.taskstore import SEPARATOR, load_tasks, save_tasks

from ledger.core.instruction import (
    KIND,
    AnswerStrayed,
    CoreState,
    Event,
    Instruction,
    InstructionAcknowledged,
    InstructionChased,
    InstructionRefused,
    Net,
    Standing,
)

OPEN = """
SELECT i.* FROM core_instruction i
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
WHERE i.standing <> 'ACKNOWLEDGED'
UNION
SELECT i.* FROM core_instruction i
JOIN unnest($3::text[], $4::text[], $5::uuid[]) AS k(tenant, loan_id, instruction_id)
  USING (tenant, loan_id, instruction_id)
"""

MOVE = """
UPDATE core_instruction AS i SET
    standing = n.standing, chased = n.chased, chased_at = n.chased_at, code = n.code,
    message = n.message, core_reference = n.core_reference, settled_at = n.settled_at,
    settled_by = n.settled_by
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::text[],
            $7::text[], $8::timestamptz[], $9::text[])
  AS n(instruction_id, standing, chased, chased_at, code, message, core_reference, settled_at,
       settled_by)
WHERE i.instruction_id = n.instruction_id AND i.standing <> 'ACKNOWLEDGED'
"""

# OPEN: everything that the loan system does not show yet.
PAGE = """
SELECT i.* FROM core_instruction i
WHERE i.tenant = $1
  AND ($2 = 'ALL' OR ($2 = 'OPEN' AND i.standing <> 'ACKNOWLEDGED') OR i.standing = $2)
  AND ($3::text IS NULL OR i.loan_id = $3)
  AND ($4::uuid IS NULL OR (i.instructed_at, i.instruction_id) > (
      SELECT b.instructed_at, b.instruction_id FROM core_instruction b WHERE b.instruction_id = $4))
ORDER BY i.instructed_at, i.instruction_id
LIMIT $5
"""

ONE = "SELECT i.* FROM core_instruction i WHERE i.tenant = $1 AND i.instruction_id = $2"

STRAYS = """
SELECT s.* FROM core_stray s
WHERE s.tenant = $1
  AND ($2::uuid IS NULL OR (s.heard_at, s.stray_id) > (
      SELECT b.heard_at, b.stray_id FROM core_stray b WHERE b.stray_id = $2))
ORDER BY s.heard_at, s.stray_id
LIMIT $3
"""

# What the books hold of a product's loans, for a balance file to be held against.
BALANCES = """
SELECT l.loan_id, l.product, l.currency, l.status,
       l.bnk_principal + l.bnk_interest + l.bnk_fees + l.bnk_penalties + l.bnk_tax
           - l.unearned_minor AS outstanding_minor,
       l.co_principal + l.co_interest + l.co_fees + l.co_penalties + l.co_tax AS off_minor,
       (SELECT count(*) FROM core_instruction i
        WHERE i.tenant = l.tenant AND i.loan_id = l.loan_id AND i.standing <> 'ACKNOWLEDGED')
           AS unacknowledged
FROM loan l
WHERE l.tenant = $1 AND l.loan_id > $2 AND l.product = ANY($3::text[])
ORDER BY l.loan_id
LIMIT $4
"""

PRODUCTS = "SELECT DISTINCT product FROM loan WHERE tenant = $1"

INSTRUCTION = (
    "instruction_id", "lane", "tenant", "loan_id", "transaction_id", "core", "command", "product",
    "value_date", "amount_minor", "currency", "balance_after_minor", "lines", "case_id", "barred",
    "instructed_at", "standing", "chased", "chased_at", "code", "message", "core_reference",
    "settled_at", "settled_by",
)  # fmt: skip

STRAY = (
    "stray_id", "lane", "tenant", "loan_id", "core", "instruction_id", "code", "message",
    "core_reference", "heard_at",
)  # fmt: skip

type Rows = Sequence[Mapping[str, Any]]


class Instructions:
    """Where instructions are kept."""

    async def load(
        self, reader: Reader, named: Mapping[Key, Sequence[UUID]]
    ) -> dict[Key, CoreState]:
        """Give each loan's open instructions and those named, and their tasks."""
        tenants, loans = [key.tenant for key in named], [key.id for key in named]
        wanted = [(key.tenant, key.id, each) for key, ids in named.items() for each in ids]
        places = [list(column) for column in zip(*wanted, strict=True)] or [[], [], []]
        found: dict[Key, dict[UUID, Instruction]] = defaultdict(dict)
        for row in await reader.fetch(OPEN, tenants, loans, *places):
            key = Key(row["tenant"], row["loan_id"], KIND)
            found[key][row["instruction_id"]] = to_instruction(row)
        tasks = await load_tasks(reader, list(named))
        return {
            key: CoreState(found.get(key, {}), {task.task_id: task for task in tasks[key]})
            for key in named
        }

    async def add(self, tx: Transaction, made: Sequence[tuple[Key, int, Instruction]]) -> None:
        """Keep new instructions."""
        rows = [_of_instruction(*each) for each in made]
        await tx.copy("core_instruction", columns=INSTRUCTION, rows=rows)

    async def save(self, tx: Transaction, changes: Sequence[Change[CoreState, Event]]) -> None:
        """Keep what became of instructions and tasks, and what strayed."""
        moved: dict[UUID, Instruction] = {}
        tasks: dict[UUID, tuple[Key, int, Task]] = {}
        strays: list[tuple[Any, ...]] = []
        for change in changes:
            for told in change.told:
                match told.event:
                    case (
                        InstructionAcknowledged(instruction_id=instruction_id)
                        | InstructionRefused(instruction_id=instruction_id)
                        | InstructionChased(instruction_id=instruction_id)
                    ):
                        moved[instruction_id] = change.after.instructions[instruction_id]
                    case AnswerStrayed(stray):
                        place = (told.event_id, change.lane, change.key.tenant, change.key.id)
                        strays.append((*place, *stray, told.at))
                    case TaskOpened(task):
                        task_id = task.task_id
                        tasks[task_id] = (change.key, change.lane, change.after.tasks[task_id])
                    case TaskClaimed(task_id) | TaskReleased(task_id) | TaskClosed(task_id):
                        tasks[task_id] = (change.key, change.lane, change.after.tasks[task_id])
                    case _:
                        pass
        if moved:
            rows = [_of_move(each) for each in moved.values()]
            status = await tx.execute(MOVE, *columns(rows))
            assert status == f"UPDATE {len(rows)}", "what is acknowledged moves no more"
        if strays:
            await tx.copy("core_stray", columns=STRAY, rows=strays)
        await save_tasks(tx, tasks.values())


async def page(
    reader: Reader,
    tenant: str,
    *,
    standing: str,
    loan_id: str | None,
    after: UUID | None,
    limit: int,
) -> Rows:
    """Give a tenant's instructions, oldest first, from behind `after`."""
    return await reader.fetch(PAGE, tenant, standing, loan_id, after, limit)


async def one(reader: Reader, tenant: str, instruction_id: UUID) -> Mapping[str, Any] | None:
    """Give one instruction; none where the tenant has no such."""
    return next(iter(await reader.fetch(ONE, tenant, instruction_id)), None)


async def strays(reader: Reader, tenant: str, *, after: UUID | None, limit: int) -> Rows:
    """Give what cores said that counted for nothing, oldest first, from behind `after`."""
    return await reader.fetch(STRAYS, tenant, after, limit)


async def products(reader: Reader, tenant: str) -> list[str]:
    """Name the products of which a tenant has loans."""
    return [row["product"] for row in await reader.fetch(PRODUCTS, tenant)]


async def balances(
    reader: Reader, tenant: str, *, of: Sequence[str], after: str, limit: int
) -> Rows:
    """Give what the books hold of the loans of these products, by loan, from behind `after`."""
    return await reader.fetch(BALANCES, tenant, after, list(of), limit)


def to_instruction(row: Mapping[str, Any]) -> Instruction:
    """Read an instruction's row."""
    return Instruction(
        instruction_id=row["instruction_id"],
        transaction_id=row["transaction_id"],
        core=row["core"],
        command=row["command"],
        product=row["product"],
        value_date=row["value_date"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        balance_after_minor=row["balance_after_minor"],
        lines=tuple(Net(*line) for line in json.loads(row["lines"])),
        case_id=row["case_id"],
        barred=frozenset(row["barred"].split(SEPARATOR)) if row["barred"] else frozenset(),
        instructed_at=row["instructed_at"],
        standing=Standing(row["standing"]),
        chased=row["chased"],
        chased_at=row["chased_at"],
        code=row["code"],
        message=row["message"],
        core_reference=row["core_reference"],
        settled_at=row["settled_at"],
        settled_by=row["settled_by"],
    )


def _of_instruction(key: Key, lane: int, of: Instruction) -> tuple[Any, ...]:
    """Flatten a new instruction, in the order of INSTRUCTION."""
    return (
        of.instruction_id,
        lane,
        key.tenant,
        key.id,
        of.transaction_id,
        of.core,
        of.command,
        of.product,
        of.value_date,
        of.amount_minor,
        of.currency,
        of.balance_after_minor,
        json.dumps(of.lines, separators=(",", ":")),
        of.case_id,
        SEPARATOR.join(sorted(of.barred)),
        of.instructed_at,
        *_of_move(of)[1:],
    )


def _of_move(of: Instruction) -> tuple[Any, ...]:
    """Flatten what can change of an instruction, in the order of MOVE."""
    return (
        of.instruction_id,
        of.standing.value,
        of.chased,
        of.chased_at,
        of.code,
        of.message,
        of.core_reference,
        of.settled_at,
        of.settled_by,
    )
