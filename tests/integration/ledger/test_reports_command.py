"""`writeoff reports` against the doors of a real ledger's books."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from writeoff.app import app

from ...stack_fixture import wait_for  # noqa: TID252 - tests are no package
from .report_books import GOLDEN, PEOPLE, address, fill, migrated

pytestmark = pytest.mark.stack

MARCH = ("--as-of", "2026-03-31", "--known-at", "2026-03-31")

NOWHERE = {
    "lanes": 6,
    "tenants": ["books", "empty"],
    "sources": {},
    "kafka_bootstrap": "",
    "kafka_passwords": {},
    "registry_url": "",
    "registry_passwords": {},
    "database_host": "",
    "database_port": 0,
    "database_passwords": {},
    "mail_dir": "",
    "print_dir": "",
    "world_file": "",
}
"""A stack of which the command needs nothing but the ledger's doors."""


@pytest.fixture(scope="module")
def filled_dsn(owner_dsn: str, dsn: str) -> str:
    async def make() -> None:
        await migrated(owner_dsn)
        await fill(owner_dsn)

    wait_for(make())
    return dsn


@pytest.fixture
async def folder(filled_dsn: str, tmp_path: Path) -> AsyncIterator[Path]:
    async with address(filled_dsn, tmp_path, "books", "empty") as url:
        (tmp_path / "tokens").mkdir()
        for name in PEOPLE:
            (tmp_path / "tokens" / name).write_text(name)
        places = {
            "people_file": str(tmp_path / "people.json"),
            "tokens_dir": str(tmp_path / "tokens"),
            "services": {"ledger": [url]},
        }
        (tmp_path / "env.json").write_text(json.dumps(NOWHERE | places))
        yield tmp_path


async def typed(folder: Path, *args: str, tenant: str | None = "books") -> Result:
    where = ["--stack-dir", str(folder), *(["--tenant", tenant] if tenant else [])]
    return await asyncio.to_thread(CliRunner().invoke, app, ["reports", *args, *where])


async def test_a_report_comes_as_it_is_onto_the_output(folder: Path) -> None:
    done = await typed(folder, "trial-balance", *MARCH, "--csv")

    assert done.stdout == (GOLDEN / "trial-balance-march.csv").read_text()


async def test_a_report_comes_as_it_is_into_a_file(folder: Path) -> None:
    done = await typed(
        folder,
        "fasb",
        "--loan",
        "L-1",
        "--amount",
        "100.5",
        *MARCH,
        "--out",
        str(folder / "f.json"),
    )

    assert done.exit_code == 0, done.stderr
    assert (folder / "f.json").read_text() == (GOLDEN / "fasb-amount.json").read_text()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("journal", "--from", "2026-03-01"), "5,000.00"),
        (("trial-balance",), "-5,880.00"),
        (("roll-forward",), "1,700.00"),
        (("ageing",), "120-149"),
        (("ageing", "--by", "months"), "7-12"),
        (("ageing", "--by", "loan"), "=HYPERLINK"),
        (("fasb", "--percent", "50"), "265.00"),
    ],
)
async def test_a_person_gets_a_table(folder: Path, args: tuple[str, ...], told: str) -> None:
    done = await typed(folder, *args, *MARCH)

    assert done.exit_code == 0, done.stderr
    assert told in done.stdout


async def test_a_statement_is_found_in_whatever_tenant_has_the_loan(folder: Path) -> None:
    done = await typed(folder, "statement", "L-1", *MARCH, tenant=None)

    assert done.exit_code == 0, done.stderr
    assert "statement of books as of 2026-03-31" in done.stdout
    assert "D120ACCOUNT" in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("journal", "--as-of", "2100-01-01"), 3, "in the future"),
        (("journal", "--as-of", "2025-01-01"), 3, "the books, which begin on 2025-12-31"),
        (("journal", "--as-of", "yesterday"), 2, "as_of: not a date as 2026-01-31"),
        (("fasb",), 2, "exactly one of amount and percent"),
        (("statement", "L-9"), 1, "no loan L-9"),
    ],
)
async def test_what_cannot_be_told_is_refused_in_a_sentence(
    folder: Path, args: tuple[str, ...], code: int, told: str
) -> None:
    done = await typed(folder, *args)

    assert (done.exit_code, told in done.stderr) == (code, True), done.stderr
