"""What a command would give, by the same decision as the lane's; nothing is posted.

A command that needs a grant is looked at as if it were granted.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from aiohttp import web
from mesh.doors import Doors, person_of, read_json, refused, require, respond, tenant_of
from mesh.service import Actor, Key, Message, Service
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from ledger.api import views
from ledger.api.past import READERS
from ledger.api.postings import Day
from ledger.domain.events import AskRefused, LoanState, Posted, RefinanceOpened
from ledger.domain.loan import Loan
from ledger.domain.money import to_text
from ledger.domain.posting import Entry
from ledger.preview.bureaus import Bureaus
from ledger.preview.outcome import About, Outcome, outcome
from ledger.preview.tax import TaxForm
from ledger.wire import renewal
from ledger.wire.heard import PREVIEW

OWN = {"command", "date", "currency", "legal_code", "legal_date", "collection_ceases"}
"""What is not a field of the command."""

type Text = Annotated[StrictStr, Field(max_length=200)]


class Previewed(BaseModel):
    """A command with its fields, as the ledger has them, and what the case says of the loss."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Text | StrictBool | dict[str, Text]]  # pyright: ignore[reportIncompatibleVariableOverride]

    command: Annotated[StrictStr, Field(max_length=64)]
    date: Day
    currency: Annotated[StrictStr, Field(max_length=3)] | None = None
    legal_code: Annotated[StrictStr, Field(max_length=2)] | None = None
    legal_date: Day | None = None
    collection_ceases: StrictBool = False


def routes(doors: Doors, *, service: Service[Any, Any], bureaus: Bureaus) -> list[web.RouteDef]:
    """Give the route of previews, which are decided on by `service`."""
    return [web.post("/v1/loans/{loan_id}/preview", _Previews(doors, service, bureaus).preview)]


class _Previews:
    """The handler."""

    def __init__(self, doors: Doors, service: Service[Any, Any], bureaus: Bureaus) -> None:
        self._doors = doors
        self._service = service
        self._bureaus = bureaus

    async def preview(self, request: web.Request) -> web.Response:
        """Tell what a command would give."""
        require(person_of(request), *READERS)
        key = Key(tenant_of(request), request.match_info["loan_id"])
        asked = await read_json(request, Previewed)
        message = _message(key, PREVIEW, _body(asked))
        now = datetime.now(UTC)
        state = (await self._service.load(self._doors.reader, {key: (message,)}))[key]
        if not isinstance(state, LoanState) or state.loan is None:
            return refused("UNKNOWN_LOAN", "no such loan", status=404)
        [event] = self._service.decide(state, message, now=now)
        told = {"loan_id": key.id, "command": asked.command}
        if isinstance(event, AskRefused):
            why = {"result": "refused", "code": event.refusal.code}
            return respond(told | why | {"message": event.refusal.message})
        assert isinstance(event, Posted), "a command of a loan is posted or refused"
        about = About(
            legal_code=asked.legal_code,
            legal_date=asked.legal_date,
            collection_ceases=asked.collection_ceases,
        )
        opened = self._opened(key, event, now=now)
        bureau = self._bureaus.of(key.tenant, state.loan.particulars.product)
        done = outcome(key.id, event, opened=opened, about=about, bureau=bureau)
        return respond(told | {"result": "would be posted"} | _shown(key, state.loan, done))

    def _opened(self, key: Key, posted: Posted, *, now: datetime) -> tuple[str, Loan, Entry] | None:
        """Open the new loan of a refinance as its own lane would."""
        if posted.opens is None:
            return None
        body = renewal.to_body(key, posted.opens)
        message = _message(Key(key.tenant, posted.opens.loan_id), renewal.KIND, body)
        [event] = self._service.decide(LoanState(), message, now=now)
        assert isinstance(event, RefinanceOpened), "a refinance opens a loan"
        return posted.opens.loan_id, event.loan, event.entry


def _body(asked: Previewed) -> dict[str, Any]:
    given = asked.model_dump(mode="json", exclude=OWN)
    return {
        "command": asked.command,
        "date": asked.date.isoformat(),
        "currency": asked.currency,
        "fields": given,
    }


def _message(key: Key, kind: str, body: dict[str, Any]) -> Message:
    name = uuid4()
    return Message(
        kind=kind,
        body=body,
        message_id=name,
        tenant=key.tenant,
        source="door",
        actor=Actor("door", "preview"),
        correlation_id=name,
    )


def _shown(key: Key, before: Loan, done: Outcome) -> dict[str, Any]:
    currency = before.particulars.currency
    tax = asdict(done.tax)
    if isinstance(done.tax, TaxForm):
        tax["amount"] = to_text(tax.pop("amount_minor"), currency)
    told = {
        "journals": [views.entry(loan_id, entry) for loan_id, entry in done.entries],
        "before": views.loan(key, before),
        "after": views.loan(key, done.after),
        "bureau_record": asdict(done.bureau),
        "tax_form": tax,
    }
    if done.new_loan:
        new_key = Key(key.tenant, done.entries[-1][0])
        told["new_loan"] = views.loan(new_key, done.new_loan)
    return told
