"""A store of the time when every case was a write-off, brought to where it is now."""

import json
import shutil
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from authorization.domain.loan import Granted
from authorization.domain.matrix import Need
from authorization.store.states import Store
from mesh.migrations import migrate
from mesh.service import Key

pytestmark = pytest.mark.stack

OPEN, POSTED, FOREIGN = UUID(int=1), UUID(int=2), UUID(int=3)
TERMS = {
    "kind": "WRITE_OFF",
    "scope": "FULL",
    "amount_minor": 200_000,
    "currency": "USD",
    "reason": "AGED",
    "date": "2026-11-24",
    "segment": "PERSONAL",
    "product": "PERSONAL_LOAN",
    "flags": [],
    "maker": "u-17",
}


async def before(connection: asyncpg.Connection) -> None:
    """Keep a granted case, a posted one, and a posting whose grant is not known."""
    approvers = json.dumps([{"id": "l2-bo", "level": 2}])
    for case_id in (OPEN, POSTED):
        await connection.execute(
            "INSERT INTO decision (decision_id, tenant, case_id, outcome, at, grant_id, row_name,"
            " level, approvers) VALUES ($1, 'demo', $2, 'GRANTED', now(), $1, 'A2', 2, $3)",
            UUID(int=100 + case_id.int),
            case_id,
            approvers,
        )
    await connection.execute(
        "INSERT INTO authorization_case (case_id, tenant, loan_id, stage, terms, grant_id)"
        " VALUES ($1, 'demo', 'LN-1', 'GRANTED', $2, $1)",
        OPEN,
        json.dumps(TERMS),
    )
    for case_id in (POSTED, FOREIGN):
        await connection.execute(
            "INSERT INTO written_off VALUES ($1, 'demo', 'LN-1', $1, 100, 'USD', '2026-11-01')",
            case_id,
        )


async def test_what_was_granted_before_is_known_with_whom_it_needed(
    owner_dsn: str, dsn: str, tmp_path: Path
) -> None:
    folder = Path(str(files("authorization") / "migrations"))
    shutil.copy(folder / "001_authorization.sql", tmp_path)
    await migrate(owner_dsn, folders=[("authorization", tmp_path)], tell=lambda _: None)
    owner = await asyncpg.connect(owner_dsn)
    await before(owner)
    await owner.close()

    await migrate(owner_dsn, folders=[("authorization", folder)], tell=lambda _: None)

    connection = await asyncpg.connect(dsn)
    [loan] = (await Store(lambda _: None).load(connection, {Key("demo", "LN-1"): ()})).values()
    await connection.close()
    assert isinstance(loan.cases[OPEN], Granted)
    assert loan.cases[OPEN].need == Need("A2", 2, 1)
    assert loan.written_off[POSTED].need == Need("A2", 2, 1)
    assert loan.written_off[POSTED].approvers[0].id == "l2-bo"
    assert loan.written_off[FOREIGN].need == Need("A5", 5, 2)
    assert {loss.kind for loss in loan.written_off.values()} == {"WRITE_OFF"}
