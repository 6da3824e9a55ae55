"""The doors of the ledger's reports: asked for by day and moment, told row by row."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from mesh.doors import Refusal, person_of, require, tenant_of
from mesh.http import streams

from ledger.api.past import READERS
from ledger.api.reports import making
from ledger.api.reports.asking import (
    AgeingAsked,
    Asked,
    BooksAsked,
    FasbAsked,
    JournalAsked,
    StatementAsked,
    read_query,
)
from ledger.api.reports.making import Question, Report
from ledger.api.reports.telling import tell
from ledger.domain.policy import Policy
from ledger.reports.accounts import Accounts
from ledger.reports.report import Refused, when
from ledger.reports.written import Csv, Json
from ledger.store.reports import Scope, Snapshot, Snapshots

REPORTS_MAX = 2
"""At once in an instance: each takes its share of the loop on which lanes turn."""

STATUS = {"INVALID_FIELDS": 400, "UNKNOWN_LOAN": 404}
"""Of a refusal; of all others it is 422."""

type Make[A: Asked] = Callable[[Question, A], Awaitable[Report | Refused]]


def routes(snapshots: Snapshots, policy_of: Callable[[str], Policy]) -> list[web.RouteDef]:
    """Give the routes of the reports; `policy_of` gives a tenant's policy."""
    doors = Reports(snapshots, policy_of)
    return [
        web.get("/v1/reports/journal", doors.journal, allow_head=False),
        web.get("/v1/reports/trial-balance", doors.trial_balance, allow_head=False),
        web.get("/v1/reports/statement", doors.statement, allow_head=False),
        web.get("/v1/reports/roll-forward", doors.roll_forward, allow_head=False),
        web.get("/v1/reports/fasb", doors.fasb, allow_head=False),
        web.get("/v1/reports/ageing", doors.ageing, allow_head=False),
    ]


class Reports:
    """The handlers."""

    def __init__(self, snapshots: Snapshots, policy_of: Callable[[str], Policy]) -> None:
        self._snapshots = snapshots
        self._policy_of = policy_of
        self._open = 0

    @streams
    async def journal(self, request: web.Request) -> web.StreamResponse:
        """Tell every line of the journal, from a value date on."""
        return await self._answer(request, JournalAsked, making.journal)

    @streams
    async def trial_balance(self, request: web.Request) -> web.StreamResponse:
        """Tell what each code of each book holds, and that they agree."""
        return await self._answer(request, BooksAsked, making.trial_balance)

    @streams
    async def statement(self, request: web.Request) -> web.StreamResponse:
        """Tell a loan's movements, bills and balances in its three books."""
        return await self._answer(request, StatementAsked, making.statement)

    @streams
    async def roll_forward(self, request: web.Request) -> web.StreamResponse:
        """Tell charge-offs and recoveries of the year, and how the allowance moved."""
        return await self._answer(request, BooksAsked, making.roll_forward)

    @streams
    async def fasb(self, request: web.Request) -> web.StreamResponse:
        """Tell what losses an amount or a percentage reports. No balance moves."""
        return await self._answer(request, FasbAsked, making.fasb)

    @streams
    async def ageing(self, request: web.Request) -> web.StreamResponse:
        """Tell what is owed by how late it is."""
        return await self._answer(request, AgeingAsked, making.ageing)

    async def _answer[A: Asked](
        self, request: web.Request, model: type[A], make: Make[A]
    ) -> web.StreamResponse:
        """Open a snapshot, see whether there is such a report, and tell it."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        asked = read_query(request.query, model)
        if self._open >= REPORTS_MAX:
            raise Refusal(503, "TOO_MANY_REPORTS", "others are being read: try again in a second")
        self._open += 1
        try:
            async with self._snapshots.open() as shot:
                report = await self._report(tenant, asked, shot, make=make)
                if isinstance(report, Refused):
                    raise _refusal(report)
                return await tell(request, report, Csv() if asked.format == "csv" else Json())
        finally:
            self._open -= 1

    async def _report[A: Asked](
        self, tenant: str, asked: A, shot: Snapshot, *, make: Make[A]
    ) -> Report | Refused:
        """Make the report, or say why there is none."""
        books = await shot.books(tenant, asked.loan_id)
        if asked.loan_id and books.first_day is None:
            return Refused("UNKNOWN_LOAN", "no such loan", "loan")
        found = when(books, as_of=asked.as_of, known_at=asked.known_at, since=asked.first_day)
        if isinstance(found, Refused):
            return found
        policy = self._policy_of(tenant)
        scope = Scope(tenant=tenant, when=found, currency=asked.of_currency, loan_id=asked.loan_id)
        return await make(Question(shot, scope, Accounts.of(policy.editions()), policy), asked)


def _refusal(refused: Refused) -> Refusal:
    """Give the answer that says why there is no report."""
    wrong = [{"field": refused.field, "message": refused.message}] if refused.field else []
    status = STATUS.get(refused.code, 422)
    return Refusal(status, refused.code, refused.message, fields=wrong)
