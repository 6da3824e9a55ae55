"""The door to months' ends: begun, gone through step by step, closed.

A step puts the next loans' commands into their lanes and waits for them. Whoever takes the next
step, in whatever instance, goes on where the store says that it stands.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web
from mesh.doors import (
    Command,
    Doors,
    Refusal,
    Reply,
    idempotency_key,
    person_of,
    read_json,
    refused,
    require,
    respond,
    tenant_of,
)
from mesh.people import Person
from mesh.service import Key
from pydantic import BaseModel, ConfigDict

from ledger.api import READERS
from ledger.api.core import Query
from ledger.domain.money import to_text
from ledger.monthend import wire
from ledger.monthend.month import KIND, read_month
from ledger.store import monthend as store

CLOSERS = ("admin", "back_office")

STEP_MAX = 500
"""Loans of one step: a turn's worth, so a second call waits for little."""

RUNS_MAX = 120
"""Ten years of months."""

ONLY = ("all", "proposed", "breached", "refused", "pass", "substandard", "loss", "unknown")

SOURCE = "month-end"
"""Of the identity of a loan's command: put in again, by whomever, it is the same one."""


class MonthRequest(BaseModel):
    """Which month, as 2026-10."""

    model_config = ConfigDict(extra="forbid")

    month: str


def routes(doors: Doors) -> list[web.RouteDef]:
    """Give the routes of months' ends."""
    desk = Desk(doors)
    return [
        web.get("/v1/month-ends", desk.months),
        web.post("/v1/month-ends", desk.start),
        web.get("/v1/month-ends/{month}", desk.month),
        web.post("/v1/month-ends/{month}/step", desk.step),
        web.post("/v1/month-ends/{month}/close", desk.close),
        web.get("/v1/month-ends/{month}/loans", desk.loans),
    ]


class Desk:
    """The handlers."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def start(self, request: web.Request) -> web.Response:
        """Begin a month's end; begun before, it is the same one."""
        person, tenant = _closer(request)
        asked = await read_json(request, MonthRequest)
        through = _month(asked.month)
        reply = await self._command(request, tenant, wire.START, through, person)
        return await self._told(tenant, through, reply)

    async def step(self, request: web.Request) -> web.Response:
        """Have the next loans gone through, and tell how far it is."""
        person, tenant = _closer(request)
        through = _month(request.match_info["month"])
        reader = self._doors.reader
        if (row := await store.run(reader, tenant, through)) is None:
            return refused("MONTH_NOT_STARTED", "the month's end was not begun", status=409)
        if row["closed_at"]:
            return respond(await self._progress(tenant, through) | {"waiting": []})
        found = await store.left(reader, tenant, through, after="", limit=STEP_MAX)
        month = f"{through:%Y-%m}"
        items = [
            Command(
                Key(tenant, loan_id),
                wire.CLOSE_LOAN,
                {"month": month},
                person,
                request_id=f"{month}/{loan_id}",
                source=SOURCE,
            )
            for loan_id in found
        ]
        replies = await self._doors.commands(items) if items else []
        waiting = [
            loan_id
            for loan_id, reply in zip(found, replies, strict=True)
            if not reply.done or reply.code
        ]
        return respond(await self._progress(tenant, through) | {"waiting": waiting[:10]})

    async def close(self, request: web.Request) -> web.Response:
        """Close a month that every loan was gone through at the end of."""
        person, tenant = _closer(request)
        through = _month(request.match_info["month"])
        reply = await self._command(request, tenant, wire.CLOSE, through, person)
        return await self._told(tenant, through, reply)

    async def months(self, request: web.Request) -> web.Response:
        """Tell a tenant's months' ends, the latest first."""
        require(person_of(request), *READERS)
        found = await store.runs(self._doors.reader, tenant_of(request), RUNS_MAX)
        return respond({"months": [_run(row) for row in found]})

    async def month(self, request: web.Request) -> web.Response:
        """Tell how far a month's end is."""
        require(person_of(request), *READERS)
        tenant, through = tenant_of(request), _month(request.match_info["month"])
        if await store.run(self._doors.reader, tenant, through) is None:
            return refused("MONTH_NOT_STARTED", "the month's end was not begun", status=404)
        return respond(await self._progress(tenant, through))

    async def loans(self, request: web.Request) -> web.Response:
        """Tell what a month's end did to loans: those proposed, breached, refused, of a class."""
        require(person_of(request), *READERS)
        tenant, through = tenant_of(request), _month(request.match_info["month"])
        query = Query(request, "only", "after", "limit")
        only, limit = query.text("only", "all"), query.limit()
        if only not in ONLY:
            raise Refusal(400, "INVALID_FIELDS", f"only: one of {', '.join(ONLY)}")
        found = await store.loans(
            self._doors.reader,
            tenant,
            through,
            only=only,
            after=query.text("after", ""),
            limit=limit,
        )
        last = found[-1]["loan_id"] if len(found) == limit else None
        return respond({"loans": [_closed(row) for row in found], "after": last})

    async def _command(
        self, request: web.Request, tenant: str, kind: str, through: date, person: Person
    ) -> Reply:
        month = f"{through:%Y-%m}"
        return await self._doors.command(
            Key(tenant, month, KIND),
            kind,
            {"month": month},
            by=person,
            request_id=idempotency_key(request),
        )

    async def _told(self, tenant: str, through: date, reply: Reply) -> web.Response:
        if not reply.done:
            return respond({"month": f"{through:%Y-%m}", "result": "pending"}, status=202)
        if reply.code:
            return refused(reply.code, str(reply.body.get("message")), status=409)
        return respond(await self._progress(tenant, through))

    async def _progress(self, tenant: str, through: date) -> dict[str, Any]:
        reader = self._doors.reader
        row = await store.run(reader, tenant, through)
        if row is None:
            raise Refusal(409, "MONTH_NOT_STARTED", "the month's end was not begun")
        how = await store.progress(reader, tenant, through)
        counts = {
            name: getattr(how, name)
            for name in ("loans", "left", "accrued", "refused", "proposed", "breached")
        }
        # What is closed stays as it was counted then.
        return _run(row) | counts | ({"left": 0} if row["closed_at"] else {})


def _closer(request: web.Request) -> tuple[Person, str]:
    person = person_of(request)
    require(person, *CLOSERS)
    return person, tenant_of(request)


def _month(text: str) -> date:
    through = read_month(text)
    if through is None:
        fields = ({"field": "month", "message": "a month as 2026-10 is needed"},)
        raise Refusal(400, "INVALID_FIELDS", "month: a month as 2026-10 is needed", fields=fields)
    return through


def _run(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("through", "started_at", "started_by", "closed_at", "closed_by")
    counts = ("loans", "accrued", "refused", "proposed", "breached")
    return {
        "month": f"{row['through']:%Y-%m}",
        "state": "CLOSED" if row["closed_at"] else "OPEN",
        **{name: row[name] for name in (*names, *counts)},
    }


def _closed(row: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "loan_id", "product", "segment", "currency", "accrual_code", "oldest_unpaid",
        "days_past_due", "standard", "due_by", "cause", "days_late", "is_proposed",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names},
        "accrued": to_text(row["accrued_minor"], row["currency"]),
        "outstanding": to_text(row["outstanding_minor"], row["currency"]),
        "loss": to_text(row["loss_minor"] or 0, row["currency"]),
    }
