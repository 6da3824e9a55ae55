"""Rows of an import: read, then put in as commands, or only tried against what the store holds.

A row's loan is put in first; its customer follows when the loan is in, so a refused row leaves
nothing behind. Answers name fields and rules, never values: a row holds personal data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid5

from mesh.doors import Command, Doors, Reply
from mesh.people import Person
from mesh.service import NAMESPACE, Actor, Key, Message, Reader
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from ledger.domain.decide import Event, ImportRefused, ImportUnchanged
from ledger.domain.row import Row, RowRefused, read_loan, read_party, split
from ledger.service import Ledger

ROWS_MAX = 500
"""One turn's worth: more rows in one request would only wait for each other."""

type Result = dict[str, Any]


class ImportRow(BaseModel):
    """A canonical row. The ledger's own rules read its fields, so one bad row spoils no other."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, StrictStr | StrictInt | StrictBool | Decimal | None]  # pyright: ignore[reportIncompatibleVariableOverride]

    line: int


class ImportRequest(BaseModel):
    """Rows to take in, or with `check` only to look at."""

    model_config = ConfigDict(extra="forbid")

    rows: list[ImportRow] = Field(max_length=ROWS_MAX)
    check: bool = False


@dataclass(frozen=True, slots=True)
class Readable:
    """A row that can be read, and its place among the rows of the request."""

    place: int
    line: int
    loan: Row
    party: Row

    def result(self, result: str, **why: Any) -> Result:
        """Say what became of the row."""
        return {"line": self.line, "loan_id": self.loan["loan_id"], "result": result, **why}

    def loan_key(self, tenant: str) -> Key:
        """Name the row's loan."""
        return Key(tenant, self.loan["loan_id"])

    def party_key(self, tenant: str) -> Key:
        """Name the row's customer."""
        return Key(tenant, self.party["customer_id"], "party")


def read_rows(rows: Sequence[ImportRow]) -> tuple[list[Readable], dict[int, Result]]:
    """Read rows: what can be put in, and by place what cannot, with the reason."""
    good: list[Readable] = []
    bad: dict[int, Result] = {}
    for place, row in enumerate(rows):
        match _read(place, row):
            case Readable() as readable:
                good.append(readable)
            case RowRefused() as refused:
                loan_id = str(row.__pydantic_extra__.get("loan_id") or "")[:64]
                told = {"line": row.line, "loan_id": loan_id, "result": "refused"}
                bad[place] = told | _why(refused)
    return good, bad


def _read(place: int, row: ImportRow) -> Readable | RowRefused:
    """Read both parts before anything is put in, by the code that will decide on them."""
    parts = split(row.__pydantic_extra__)
    if isinstance(parts, RowRefused):
        return parts
    for read in (read_loan(parts[0]), read_party(parts[1])):
        if isinstance(read, RowRefused):
            return read
    return Readable(place, row.line, *parts)


def _why(refused: RowRefused) -> Result:
    return {"code": refused.code, "message": refused.message, "field": refused.field}


async def import_rows(
    rows: Sequence[Readable], doors: Doors, *, tenant: str, by: Person
) -> dict[int, Result]:
    """Put loans in, then the customers of those that are in. Gives results by place."""
    loans = [Command(row.loan_key(tenant), "ImportLoan", row.loan, by) for row in rows]
    replies = await doors.commands(loans) if loans else []
    told = list(zip(rows, replies, strict=True))
    known = [row for row, reply in told if reply.done and reply.code is None]
    # Rows of one customer mostly tell the same of him: what is told last is what counts.
    customers = {row.party_key(tenant): row.party for row in known}
    parties = [Command(key, "ImportParty", party, by) for key, party in customers.items()]
    heard = dict(zip(customers, await doors.commands(parties), strict=True)) if parties else {}
    return {row.place: _result(row, reply, heard.get(row.party_key(tenant))) for row, reply in told}


def _result(row: Readable, loan: Reply, party: Reply | None) -> Result:
    """Say what became of a row. `pending`: not heard yet; sent again, it tells what came of it."""
    if not loan.done:
        return row.result("pending")
    if loan.code is not None:
        told = {name: loan.body.get(name) for name in ("message", "field")}
        return row.result("refused", code=loan.code, **told)
    if party is None or not party.done:
        return row.result("pending")
    return row.result(loan.body["result"])


async def check_rows(
    rows: Sequence[Readable], reader: Reader, service: Ledger, *, tenant: str
) -> dict[int, Result]:
    """Decide on rows as a turn would, against what is held, and put nothing in."""
    messages = [(row, row.loan_key(tenant), _message(row, tenant)) for row in rows]
    wanted = {key: (message,) for _, key, message in messages}
    states = await service.load(reader, wanted)
    results: dict[int, Result] = {}
    for row, key, message in messages:
        [event] = service.decide(states[key], message, now=datetime.now(UTC))
        states[key] = service.evolve(states[key], event)
        results[row.place] = _checked(row, event)
    return results


def _message(row: Readable, tenant: str) -> Message:
    message_id = uuid5(NAMESPACE, f"check/{row.place}")
    return Message(
        kind="ImportLoan",
        body=row.loan,
        message_id=message_id,
        tenant=tenant,
        source="door",
        actor=Actor("door", "check"),
        correlation_id=message_id,
    )


def _checked(row: Readable, event: Event) -> Result:
    match event:
        case ImportRefused(refused):
            return row.result("refused", **_why(refused))
        case ImportUnchanged():
            return row.result("unchanged")
        case _:
            return row.result("ok")
