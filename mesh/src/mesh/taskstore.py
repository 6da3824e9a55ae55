"""The rows of human tasks, the same in every store."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mesh.saving import columns
from mesh.service import Key, Reader, Transaction
from mesh.tasks import Task

SEPARATOR = "\x1f"
"""Stands in no id: texts from outside that hold control characters are refused."""

LOAD = """
SELECT t.* FROM mesh.task t
JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant, key_id, key_kind)
  USING (tenant, key_id, key_kind)
ORDER BY t.opened_at, t.task_id
"""

SAVE = """
INSERT INTO mesh.task (task_id, lane, tenant, key_id, key_kind, case_id, task, queue, role,
                       level_min, barred, opened_at, due_at, claimed_by, closed_at, closed_by,
                       result)
SELECT task_id, lane, tenant, key_id, key_kind, case_id, task, queue, role, level_min,
       string_to_array(barred, chr(31)), opened_at, due_at, claimed_by, closed_at, closed_by, result
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[],
            $8::text[], $9::text[], $10::int[], $11::text[], $12::timestamptz[], $13::timestamptz[],
            $14::text[], $15::timestamptz[], $16::text[], $17::text[])
  AS n(task_id, lane, tenant, key_id, key_kind, case_id, task, queue, role, level_min, barred,
       opened_at, due_at, claimed_by, closed_at, closed_by, result)
ON CONFLICT (task_id) DO UPDATE SET
    claimed_by = excluded.claimed_by, closed_at = excluded.closed_at,
    closed_by = excluded.closed_by, result = excluded.result
"""

LIST_TASKS = """
SELECT task_id, tenant, key_id, key_kind, case_id, task, queue, role, level_min, barred, opened_at,
       due_at, claimed_by, closed_at, closed_by, result
FROM mesh.task
WHERE ($1::text[] IS NULL OR tenant = ANY($1))
  AND ($2 = 'all' OR (closed_at IS NULL) = ($2 = 'open'))
  AND ($3::text IS NULL OR queue = $3)
  AND ($4::uuid IS NULL OR case_id = $4)
  AND ($5::text IS NULL OR claimed_by = $5)
ORDER BY closed_at IS NOT NULL, due_at, task_id
LIMIT $6
"""

FIND_TASK = "SELECT tenant, key_id, key_kind, case_id FROM mesh.task WHERE task_id = $1"


async def load_tasks(reader: Reader, keys: Sequence[Key]) -> dict[Key, tuple[Task, ...]]:
    """Give every key's tasks, closed ones too, oldest first."""
    rows = await reader.fetch(LOAD, *columns(keys))
    found: dict[Key, tuple[Task, ...]] = dict.fromkeys(keys, ())
    for row in rows:
        key = Key(row["tenant"], row["key_id"], row["key_kind"])
        found[key] += (to_task(row),)
    return found


async def save_tasks(tx: Transaction, tasks: Iterable[tuple[Key, int, Task]]) -> None:
    """Keep tasks, new or changed: (key, lane, task)."""
    rows = [_to_row(key, lane, task) for key, lane, task in tasks]
    if rows:
        await tx.execute(SAVE, *columns(rows))


def to_task(row: Mapping[str, Any]) -> Task:
    """Read a row of mesh.task."""
    return Task(
        task_id=row["task_id"],
        case_id=row["case_id"],
        task=row["task"],
        queue=row["queue"],
        role=row["role"],
        level_min=row["level_min"],
        barred=frozenset(row["barred"]),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        claimed_by=row["claimed_by"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        result=row["result"],
    )


def _to_row(key: Key, lane: int, task: Task) -> tuple[Any, ...]:
    """Flatten a task; a list of lists is no parameter, so `barred` goes as one text."""
    return (
        task.task_id,
        lane,
        *key,
        task.case_id,
        task.task,
        task.queue,
        task.role,
        task.level_min,
        SEPARATOR.join(sorted(task.barred)),
        task.opened_at,
        task.due_at,
        task.claimed_by,
        task.closed_at,
        task.closed_by,
        task.result,
    )
