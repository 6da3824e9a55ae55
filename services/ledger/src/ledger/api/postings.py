"""The ledger's own doors: money that comes and goes, interest, the allowance.

What is a loss needs a grant and comes by the mesh; here is what the loan system and the back office
tell of a loan's daily life. The ledger's lane decides; its refusal is the answer, and the same
`Idempotency-Key` gets the same answer.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from aiohttp import web
from mesh.currency import DECIMALS
from mesh.doors import (
    WAIT_S,
    Doors,
    Refusal,
    Reply,
    idempotency_key,
    person_of,
    prefers_async,
    read_json,
    refused,
    require,
    respond,
    tenant_of,
)
from mesh.service import Key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

from ledger.domain.money import Component
from ledger.domain.row import EARLIEST, LATEST

POSTERS = ("back_office", "admin")
"""Who may tell the ledger of money; a loss needs a grant, whoever asks."""

DIGITS_MAX = 15
"""Of an amount: sums of thousands of them still fit a signed 64-bit number of minor units."""

ID_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)

STATUS = {
    "INVALID_FIELDS": 400,
    "AMOUNT_NOT_POSITIVE": 400,
    "AMOUNT_SCALE": 400,
    "UNKNOWN_LOAN": 404,
    "ID_REUSED": 409,
}
"""How a refusal is answered; any other by 422."""


def _not_too_long(text: str) -> str:
    if sum(c.isdigit() for c in text) > DIGITS_MAX:
        raise ValueError(f"more than {DIGITS_MAX} digits")
    return text


def _in_range(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise ValueError("not between 1900 and 2200")
    return day


type Money = Annotated[StrictStr, Field(max_length=40), AfterValidator(_not_too_long)]
"""A plain decimal; the ledger reads it with the currency's decimals."""

type Day = Annotated[date, AfterValidator(_in_range)]

type Portions = dict[Component, Money]


class Asked(BaseModel):
    """What every command says: its value date, and perhaps in which currency the caller thinks."""

    model_config = ConfigDict(extra="forbid")

    date: Day
    currency: Annotated[StrictStr, Field(max_length=3)] | None = None

    def to_body(self) -> dict[str, Any]:
        """Give the command as it goes into the lane."""
        given = self.model_dump(mode="json", exclude_none=True, exclude={"date", "currency"})
        return {"date": self.date.isoformat(), "currency": self.currency, "fields": given}


class Payment(Asked):
    """An amount of the customer's money, or in his favour; `portions`: how a bill splits it."""

    amount: Money
    portions: Portions | None = None


class Refund(Payment):
    """An amount that a merchant or issuer gives back; `origin` says who."""

    origin: Annotated[StrictStr, Field(max_length=200)] | None = None


class CreditBalanceRefund(Asked):
    """An amount that was paid too much and goes back."""

    amount: Money


class Report(Asked):
    """A loss to report: an amount or a percentage of what is outstanding, exactly one of them."""

    amount: Money | None = None
    percent: Annotated[StrictStr, Field(max_length=40)] | None = None


class Provision(Asked):
    """The allowance goes up by an amount, or comes to a target: exactly one of them."""

    amount: Money | None = None
    target: Money | None = None


def routes(doors: Doors) -> list[web.RouteDef]:
    """Give the routes of these doors."""
    posting = _Postings(doors)
    return [
        web.post("/v1/loans/{loan_id}/repay", posting.of_loan("Repay", Payment)),
        web.post("/v1/loans/{loan_id}/refund", posting.of_loan("Refund", Refund)),
        web.post("/v1/loans/{loan_id}/goodwill-credit", posting.of_loan("GoodwillCredit", Payment)),
        web.post(
            "/v1/loans/{loan_id}/credit-balance-refund",
            posting.of_loan("CreditBalanceRefund", CreditBalanceRefund),
        ),
        web.post("/v1/loans/{loan_id}/accrue", posting.of_loan("Accrue", Asked)),
        web.post(
            "/v1/loans/{loan_id}/report-charge-off", posting.of_loan("ReportChargeOff", Report)
        ),
        web.post("/v1/allowance/{currency}/provision", posting.provision),
    ]


type Handler = Callable[[web.Request], Awaitable[web.Response]]


class _Postings:
    """The handlers."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def of_loan(self, kind: str, model: type[Asked]) -> Handler:
        """Make the handler of a command on a loan."""

        async def handle(request: web.Request) -> web.Response:
            require(person_of(request), *POSTERS)
            tenant, loan_id = tenant_of(request), request.match_info["loan_id"]
            asked = await read_json(request, model)
            if not ID_FORM.fullmatch(loan_id):
                return refused("UNKNOWN_LOAN", "no such loan", status=404)
            return await self._put(request, Key(tenant, loan_id), kind, asked.to_body())

        return handle

    async def provision(self, request: web.Request) -> web.Response:
        """Move the allowance of a currency."""
        require(person_of(request), *POSTERS)
        tenant, currency = tenant_of(request), request.match_info["currency"]
        asked = await read_json(request, Provision)
        if currency not in DECIMALS:
            raise Refusal(404, "UNKNOWN_CURRENCY", "not a currency of ISO 4217")
        if asked.currency not in (None, currency):
            return refused("CURRENCY_MISMATCH", "the allowance is of another currency")
        body = asked.to_body() | {"currency": currency}
        return await self._put(request, Key(tenant, currency, "allowance"), "Provision", body)

    async def _put(
        self, request: web.Request, key: Key, kind: str, body: dict[str, Any]
    ) -> web.Response:
        reply = await self._doors.command(
            key,
            kind,
            body,
            by=person_of(request),
            request_id=idempotency_key(request),
            wait_s=0.0 if prefers_async(request) else WAIT_S,
        )
        return answer(reply)


def answer(reply: Reply) -> web.Response:
    """Tell what came of a command: 202 while it is not heard yet."""
    if not reply.done:
        return respond({"result": "pending", "command_id": reply.message_id}, status=202)
    if reply.code is not None:
        status = STATUS.get(reply.code, 422)
        return refused(reply.code, str(reply.body.get("message", reply.code)), status=status)
    return respond(reply.body)
