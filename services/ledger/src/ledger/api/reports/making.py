"""Which rows a report has: what the snapshot gives, put into shape."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ledger.api.reports.asking import (
    AgeingAsked,
    BooksAsked,
    FasbAsked,
    JournalAsked,
    StatementAsked,
)
from ledger.domain.policy import Policy
from ledger.reports import ageing as ages
from ledger.reports import fasb as losses
from ledger.reports import journal as lines
from ledger.reports import roll_forward as year
from ledger.reports import statement as movements
from ledger.reports import trial_balance as balances
from ledger.reports.accounts import Accounts
from ledger.reports.report import Head, Refused, Row
from ledger.store.reports import Rows, Scope, Snapshot


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is ready to be read."""

    head: Head
    count: int
    batches: AsyncIterator[Iterable[Row]]
    totals: Callable[[], Mapping[str, Any]] = field(default=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is made from."""

    shot: Snapshot
    scope: Scope
    accounts: Accounts
    policy: Policy
    """The tenant's."""

    def head(self, report: str, columns: tuple[str, ...], **asked: str | None) -> Head:
        """Give what stands above the report."""
        told = {"currency": self.scope.currency} | asked
        return Head(
            report=report,
            tenant=self.scope.tenant,
            when=self.scope.when,
            columns=columns,
            asked={name: value for name, value in told.items() if value is not None},
        )


async def journal(question: Question, asked: JournalAsked) -> Report:
    """Make the general-ledger journal."""
    stream = await question.shot.journal(question.scope)
    shape = lines.Journal()
    head = question.head(lines.NAME, lines.COLUMNS)
    return Report(head, stream.count, _shaped(stream.batches, shape.rows), shape.totals)


async def trial_balance(question: Question, asked: BooksAsked) -> Report:
    """Make the trial balance."""
    rows = balances.rows(await question.shot.trial_balance(question.scope))
    return _whole(question.head(balances.NAME, balances.COLUMNS), rows)


async def roll_forward(question: Question, asked: BooksAsked) -> Report:
    """Make the roll-forward of the year that the day is in."""
    scope, accounts = question.scope, question.accounts
    first_day = date(scope.when.as_of.year, 1, 1)
    moved = await question.shot.movements(scope, first_day)
    allowances = await question.shot.allowances(scope, first_day, sorted(accounts.allowance))
    rows = year.rows(moved, allowances, accounts)
    return _whole(question.head(year.NAME, year.COLUMNS), rows)


async def statement(question: Question, asked: StatementAsked) -> Report:
    """Make the statement of a loan."""
    scope, accounts = question.scope, question.accounts
    loan = await question.shot.loan(scope, accounts.unearned)
    shape = movements.Statement(accounts=accounts, currency=loan["currency"], when=scope.when)
    rows = shape.rows(await question.shot.statement(scope), ages.schedule_of(loan))
    told = {name: str(loan[name]) for name in ("loan_id", "product", "segment", "currency")}
    return _whole(question.head(movements.NAME, movements.COLUMNS, **told), rows)


async def ageing(question: Question, asked: AgeingAsked) -> Report:
    """Make the ageing, loan by loan or in buckets."""
    stream = await question.shot.loans(question.scope, question.accounts.unearned, where="owed")
    shape = ages.Ageing(asked.by, question.scope.when.as_of)
    head = question.head(ages.NAME, ages.COLUMNS[asked.by], by=asked.by)
    if asked.by is ages.By.LOAN:
        return Report(head, stream.count, _shaped(stream.batches, shape.loans), shape.totals)
    async for batch in stream.batches:
        for _ in shape.loans(batch):
            raise AssertionError("in buckets no loan is told")
    return replace(_whole(head, shape.sums()), totals=shape.totals)


async def fasb(question: Question, asked: FasbAsked) -> Report | Refused:
    """Make the report of losses that are reported by amount or percentage."""
    scope = replace(question.scope, product=asked.product, segment=asked.segment)
    reported = await _reported(question, asked)
    if isinstance(reported, Refused):
        return reported
    stream = await question.shot.loans(scope, question.accounts.unearned, where="outstanding")
    if stream.count == 0:
        return Refused("NOTHING_OUTSTANDING", "nothing is outstanding on what was asked for")
    shape = losses.Reported(reported, policy_of=question.policy.of)
    head = question.head(
        losses.NAME,
        losses.COLUMNS,
        loan=asked.loan,
        product=asked.product,
        segment=asked.segment,
        percent=asked.percent,
        amount=asked.amount,
    )
    return Report(head, stream.count, _shaped(stream.batches, shape.rows), shape.totals)


async def _reported(question: Question, asked: FasbAsked) -> losses.Asked | Refused:
    if (asked.amount is None) == (asked.percent is None):
        return Refused("INVALID_FIELDS", "exactly one of amount and percent", "percent")
    if asked.percent is not None:
        return losses.read_percent(asked.percent)
    if asked.loan is None or asked.amount is None:
        return Refused("INVALID_FIELDS", "loan: an amount is reported of one loan", "loan")
    loan = await question.shot.loan(question.scope, question.accounts.unearned)
    return losses.read_amount(
        asked.amount, currency=loan["currency"], outstanding_minor=int(loan["bnk_minor"])
    )


def _whole(head: Head, rows: Iterator[Row]) -> Report:
    """Make a report that is small enough to be held."""
    held = list(rows)

    async def once() -> AsyncGenerator[Iterable[Row]]:
        yield held

    return Report(head, len(held), once())


async def _shaped(
    batches: AsyncIterator[Rows], shape: Callable[[Rows], Iterator[Row]]
) -> AsyncGenerator[Iterable[Row]]:
    async for batch in batches:
        yield shape(batch)
