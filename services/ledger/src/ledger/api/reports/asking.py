"""What a report may be asked for: the query of its address, read field by field."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, override

from mesh.currency import DECIMALS
from mesh.doors import Refusal
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as Invalid

from ledger.domain.row import EARLIEST, LATEST, TEXT_MAX
from ledger.reports.ageing import By

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)


def _day(text: object) -> date:
    if not (isinstance(text, str) and DAY.fullmatch(text)):
        raise ValueError("not a date as 2026-01-31")
    day = date.fromisoformat(text)
    if not EARLIEST <= day <= LATEST:
        raise ValueError("not between 1900 and 2200")
    return day


def _moment(text: object) -> datetime:
    if not (isinstance(text, str) and MOMENT.fullmatch(text)):
        raise ValueError("not a moment as 2026-01-31T23:59:59Z")
    moment = datetime.fromisoformat(text)
    if not EARLIEST <= moment.date() <= LATEST:
        raise ValueError("not between 1900 and 2200")
    return moment.astimezone(UTC)


def _currency(text: object) -> str:
    if text not in DECIMALS:
        raise ValueError("not a currency of ISO 4217")
    return str(text)


type Day = Annotated[date, BeforeValidator(_day)]
type Moment = Annotated[datetime, BeforeValidator(_moment)]
type Currency = Annotated[str, BeforeValidator(_currency)]
type Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX)]


class Asked(BaseModel):
    """What every report may be asked for."""

    model_config = ConfigDict(extra="forbid")

    as_of: Day | None = None
    known_at: Moment | None = None
    format: Literal["json", "csv"] = "json"

    @property
    def first_day(self) -> date | None:
        """Give the first day of a report over a span of days."""
        return None

    @property
    def of_currency(self) -> str | None:
        """Give the only currency that is asked for."""
        return None

    @property
    def loan_id(self) -> str | None:
        """Give the only loan that is asked for."""
        return None


class BooksAsked(Asked):
    """A report of the whole books, or of one currency's."""

    currency: Currency | None = None

    @property
    @override
    def of_currency(self) -> str | None:
        return self.currency


class JournalAsked(BooksAsked):
    """The general-ledger journal, from a value date on."""

    since: Day | None = Field(default=None, alias="from")

    @property
    @override
    def first_day(self) -> date | None:
        return self.since


class StatementAsked(Asked):
    """The statement of one loan, from a value date on."""

    loan: Text
    since: Day | None = Field(default=None, alias="from")

    @property
    @override
    def first_day(self) -> date | None:
        return self.since

    @property
    @override
    def loan_id(self) -> str | None:
        return self.loan


class AgeingAsked(BooksAsked):
    """What is owed by days past due, by months in arrears, or loan by loan."""

    by: By = By.DAYS


class FasbAsked(BooksAsked):
    """Losses reported: an amount of one loan, or a percentage of each in a part of the books."""

    loan: Text | None = None
    product: Text | None = None
    segment: Literal["PERSONAL", "BUSINESS"] | None = None
    amount: Text | None = None
    percent: Text | None = None

    @property
    @override
    def loan_id(self) -> str | None:
        return self.loan


def read_query[A: Asked](query: Mapping[str, str], model: type[A]) -> A:
    """Read an address's query. Raises Refusal 400 naming every field that is wrong."""
    try:
        return model.model_validate(dict(query))
    except Invalid as error:
        fields = [_field(wrong) for wrong in error.errors(include_url=False, include_input=False)]
    raise Refusal(400, "INVALID_FIELDS", "some fields are wrong", fields=fields)


def _field(wrong: Any) -> Mapping[str, str]:
    name = ".".join(map(str, wrong["loc"])) or "query"
    return {"field": name, "message": str(wrong["msg"]).removeprefix("Value error, ")}
