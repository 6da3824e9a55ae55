"""What the domain posts is what the reports tell: each scenario file, in a real PostgreSQL."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
from ledger.domain.loan import Loan, LotKind
from ledger.domain.policy import Policy
from ledger.reports import ageing, roll_forward, statement, trial_balance
from ledger.reports.accounts import Accounts
from ledger.reports.report import Amount, Row, When
from ledger.scenario.desk import OwnDesk
from ledger.scenario.file import read
from ledger.scenario.running import run
from ledger.scenario.stored import StoredBooks
from ledger.store.reports import Scope, Snapshot

pytestmark = pytest.mark.stack

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = sorted([*(GOLDEN / "spec").glob("*.toml"), *(GOLDEN / "own").glob("*.toml")])

ALWAYS = When(as_of=date(2200, 12, 31), known_at=datetime(2200, 12, 31, tzinfo=UTC))
EVER = date(1900, 1, 1)


class Told:
    """The reports of one tenant's books, compared with what the domain holds."""

    def __init__(self, shot: Snapshot, tenant: str, policy: Policy) -> None:
        self.shot = shot
        self.scope = Scope(tenant=tenant, when=ALWAYS)
        self.accounts = Accounts.of(policy.editions())

    async def balances(self, loans: Mapping[str, Loan]) -> None:
        rows = list(trial_balance.rows(await self.shot.trial_balance(self.scope)))

        proofs = [row for row in rows if row[0] != "ACCOUNT"]
        assert {minor(row[6]) for row in proofs} <= {0}
        assert [minor(row[4]) for row in proofs if row[0] == "PROOF"] in (
            [sum(loan.cust.total for loan in loans.values())],
            [],
        )

    async def statements(self, loans: Mapping[str, Loan]) -> None:
        for name, loan in loans.items():
            scope = replace(self.scope, loan_id=name)
            schedule = ageing.schedule_of(await self.shot.loan(scope, self.accounts.unearned))
            shape = statement.Statement(
                accounts=self.accounts, currency=loan.particulars.currency, when=ALWAYS
            )
            rows = list(shape.rows(await self.shot.statement(scope), schedule))

            books = (loan.bnk, loan.co, loan.cust)
            [proof] = [row for row in rows if row[0] == "PROOF"]
            assert amounts(proof) == [book.total for book in books]
            types = {str(row[8]): amounts(row) for row in rows if row[0] == "BALANCE"}
            assert types.pop("UNCACCOUNT", [0])[0] == loan.overpaid_minor
            assert types.get("UNEARNED", [0])[0] == loan.unearned_minor
            assert [sum(column) for column in zip(*types.values(), strict=True)] in (
                [book.total for book in books],
                [],
            )

    async def ageing(self, loans: Mapping[str, Loan]) -> None:
        stream = await self.shot.loans(self.scope, self.accounts.unearned, where="owed")
        shape = ageing.Ageing(ageing.By.LOAN, ALWAYS.as_of)
        rows = [row async for batch in stream.batches for row in shape.loans(batch)]

        assert {row[0]: amounts(row) for row in rows} == {
            name: [loan.outstanding.total, loan.co.total, loan.cust.total - loan.unearned_minor]
            for name, loan in loans.items()
            if loan.cust.total
        }
        assert stream.count == len(rows)

    async def year(
        self, loans: Mapping[str, Loan], *, opened: Mapping[str, Loan], allowance_minor: int
    ) -> None:
        codes = sorted(self.accounts.allowance)
        rows = list(
            roll_forward.rows(
                await self.shot.movements(self.scope, EVER),
                await self.shot.allowances(self.scope, EVER, codes),
                self.accounts,
            )
        )

        told = {str(row[2]): amounts(row) for row in rows}
        assert told["STEPS_LESS_CLOSING"] == [0]
        assert told["CLOSING"] == [allowance_minor if codes else 0]
        charged, recovered = told["TOTAL"]
        assert recovered == sum(loan.recovered.total for loan in loans.values())
        if not any(loan.deferred_minor for loan in opened.values()):
            beside = told["FRAUD"][0] + told["INTEREST_AND_FEES"][0]
            assert charged + beside == standing(loans) - standing(opened)


def standing(loans: Mapping[str, Loan]) -> int:
    """Give what stands charged off and written off."""
    return sum(loan.off(kind).total for loan in loans.values() for kind in LotKind)


def amounts(row: Row) -> list[int]:
    return [cell.minor for cell in row if isinstance(cell, Amount)]


def minor(cell: object) -> int:
    assert isinstance(cell, Amount)
    return cell.minor


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_the_reports_tell_what_the_domain_holds(
    connection: asyncpg.Connection, path: Path
) -> None:
    scenario = read(path)
    transaction = connection.transaction()
    await transaction.start()
    books = StoredBooks(scenario, connection)
    await books.open()
    desk = OwnDesk(scenario, books, namespace=books.namespace)
    assert [line async for line in run(scenario, desk)] == []

    told = Told(Snapshot(connection), f"scenario-{books.namespace.hex[:8]}", scenario.policy)
    states = {name: await books.loan(name, None) for name in await books.loan_ids()}
    loans = {name: state.loan for name, state in states.items() if state.loan}

    await told.balances(loans)
    await told.statements(loans)
    await told.ageing(loans)
    await told.year(loans, opened=scenario.loans, allowance_minor=await desk.allowance())
    await transaction.rollback()
