"""How a service's store writes what changed: whole columns, one statement a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.service import Transaction

type Rows = Sequence[tuple[Any, ...]]


def columns(rows: Rows) -> list[list[Any]]:
    """Turn rows into the arrays that unnest takes, one a column; there must be rows."""
    return [list(column) for column in zip(*rows, strict=True)]


def changed[K, V](before: Mapping[K, V], after: Mapping[K, V]) -> list[V]:
    """Give what is new or another object than before: nothing is changed in place."""
    if before is after:
        return []
    return [value for key, value in after.items() if before.get(key) is not value]


async def write(tx: Transaction, statement: str, rows: Rows) -> None:
    """Write rows in one statement, if there are any; every one of them is written."""
    if rows:
        status = await tx.execute(statement, *columns(rows))
        assert status == f"INSERT 0 {len(rows)}", f"the lane is ours, and yet {status}"
