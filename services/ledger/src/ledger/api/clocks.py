"""The door to loans' clocks: when each loss is due, and what the bank is told that moves it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from mesh.doors import (
    Doors,
    idempotency_key,
    person_of,
    read_json,
    refused,
    require,
    respond,
    tenant_of,
)
from mesh.service import Key
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from ledger.api.core import Query
from ledger.api.past import READERS
from ledger.api.postings import Day, Money
from ledger.domain.loan import Loan
from ledger.domain.money import to_text
from ledger.monthend import wire
from ledger.monthend.clocks import Clocks
from ledger.monthend.closing import arrears_of
from ledger.monthend.known import Known
from ledger.monthend.telling import CLOCK
from ledger.store import loading
from ledger.store import monthend as store

TELLERS = ("admin", "back_office", "loan_agent")
RE_AGERS = ("admin", "back_office")

STATUS = {"UNKNOWN_LOAN": 404, "AMOUNT_SCALE": 400, "AMOUNT_NOT_POSITIVE": 400}
"""How a refusal is answered; any other by 422."""


class NoticeRequest(BaseModel):
    """What the bank was told, and when."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["BANKRUPTCY", "FRAUD", "DEATH"]
    received: Day


class ValuationRequest(BaseModel):
    """What a loan's collateral is worth; `is_assured`: it is being taken back."""

    model_config = ConfigDict(extra="forbid")

    valued_on: Day
    value: Money
    cost: Annotated[Money, Field(default="0")]
    is_assured: StrictBool = False


class ReagingRequest(BaseModel):
    """From when on which due date is the oldest unpaid one; none: nothing is unpaid."""

    model_config = ConfigDict(extra="forbid")

    reaged_on: Day
    oldest_unpaid: Day | None


def routes(doors: Doors, *, clocks: Clocks) -> list[web.RouteDef]:
    """Give the routes of clocks."""
    desk = _Desk(doors, clocks)
    return [
        web.get("/v1/due", desk.due),
        web.post("/v1/loans/{loan_id}/notices", desk.notice),
        web.post("/v1/loans/{loan_id}/valuations", desk.valuation),
        web.post("/v1/loans/{loan_id}/re-age", desk.reaging),
    ]


class _Desk:
    """The handlers."""

    def __init__(self, doors: Doors, clocks: Clocks) -> None:
        self._doors = doors
        self._clocks = clocks

    async def due(self, request: web.Request) -> web.Response:
        """Tell the clock of every active loan as it is now, by loan id."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        query = Query(request, "after", "limit")
        limit = query.limit()
        reader, today = self._doors.reader, datetime.now(UTC).date()
        names = await store.active(reader, tenant, after=query.text("after", ""), limit=limit)
        keys = [Key(tenant, loan_id) for loan_id in names]
        found = await loading.loans(reader, keys)
        months = store.Months()
        paid = await months.paid(reader, dict.fromkeys(keys, (today,)))
        known = await months.known(reader, keys)
        told = [
            self._clock(
                key.id,
                found[key],
                paid_minor=paid.get(key, {}).get(today, 0),
                known=known[key],
                today=today,
            )
            for key in keys
        ]
        last = names[-1] if len(names) == limit else None
        return respond({"as_of": today, "loans": told, "after": last})

    async def notice(self, request: web.Request) -> web.Response:
        """Note that the bank was told of a bankruptcy, a fraud or a death."""
        require(person_of(request), *TELLERS)
        asked = await read_json(request, NoticeRequest)
        body = {"kind": asked.kind, "received": asked.received.isoformat()}
        return await self._put(request, wire.TELL, body)

    async def valuation(self, request: web.Request) -> web.Response:
        """Note what a loan's collateral is worth."""
        require(person_of(request), *TELLERS)
        asked = await read_json(request, ValuationRequest)
        body = asked.model_dump(mode="json")
        return await self._put(request, wire.VALUE, body)

    async def reaging(self, request: web.Request) -> web.Response:
        """Let the clock of an open-end loan begin anew."""
        require(person_of(request), *RE_AGERS)
        asked = await read_json(request, ReagingRequest)
        return await self._put(request, wire.RE_AGE, asked.model_dump(mode="json"))

    async def _put(self, request: web.Request, kind: str, body: Mapping[str, Any]) -> web.Response:
        key = Key(tenant_of(request), request.match_info["loan_id"], CLOCK)
        reply = await self._doors.command(
            key, kind, dict(body), by=person_of(request), request_id=idempotency_key(request)
        )
        if not reply.done:
            return respond({"result": "pending"}, status=202)
        if reply.code:
            status = STATUS.get(reply.code, 422)
            return refused(reply.code, str(reply.body.get("message")), status=status)
        return respond({"loan_id": key.id, **body, **reply.body})

    def _clock(
        self, loan_id: str, loan: Loan, *, paid_minor: int, known: Known, today: date
    ) -> dict[str, Any]:
        arrears, days = arrears_of(loan, paid_minor=paid_minor, known=known, day=today)
        what = loan.particulars
        how = self._clocks.classify(arrears, what.product, today)
        due, currency = how.due, what.currency
        loss_minor = due.loss_minor if due else 0
        return {
            "loan_id": loan_id,
            "product": what.product,
            "segment": what.segment,
            "currency": currency,
            "outstanding": to_text(loan.outstanding.total, currency),
            "loss": to_text(loss_minor, currency),
            "days_past_due": days,
            "oldest_unpaid": arrears.oldest_unpaid,
            "standard": how.standard.value,
            "due_by": due.due_by if due else None,
            "cause": due.trigger if due else None,
            "days_left": (due.due_by - today).days if due else None,
            "is_breached": how.days_late > 0 and loss_minor > 0,
        }
