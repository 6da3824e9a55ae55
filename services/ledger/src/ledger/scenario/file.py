"""A scenario file, read: a policy, loans, and steps with what they must lead to."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.domain.loan import Loan, Particulars, Status
from ledger.domain.money import PLAIN_DECIMAL, Components
from ledger.domain.opening import opened
from ledger.domain.policy import OPENING, ROLES, Book, Policy
from ledger.domain.policyfile import PolicyWrong, read_policy
from ledger.scenario import expected
from ledger.scenario.expected import ExpectedEntry, ExpectedLoan, FileWrong, Table

KEYS = (
    "title", "source", "note", "currency", "allowance", "policy", "loan", "step", "final",
)  # fmt: skip
LOAN_KEYS = (
    "id", "product", "opened", "accrued_to", "status", "rate", "fraud", "unearned_interest",
    "deferred_income", "BNK", "CO", "CUST",
)  # fmt: skip
OWN_KEYS = frozenset({
    "date", "today", "command", "loan", "id", "tx", "currency", "title", "refused", "repeated",
    "allowance_after", "entry", "after",
})  # fmt: skip
"""Keys of a step that are not the command's own fields."""

NOT_ASKED = frozenset(
    {"today", "title", "refused", "repeated", "allowance_after", "entry", "after"}
)
"""Keys of a step by which the same command may differ when it comes again."""

PAGE_ROLES = {book: tuple(r for r in roles if r != OPENING) for book, roles in ROLES.items()}
"""A scenario's opening is no posting, so no code takes its other side."""

VERSION = "scenario"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command, and what it must lead to."""

    number: int
    title: str | None
    command: str
    value_date: date
    today: date
    loan: object
    """As written: a known loan's id, anything else, or none."""
    id: str | None
    tx: str
    currency: object
    fields: Mapping[str, Any]
    """The command's own, an approval with them."""
    content: str
    """All that was asked for, as one text: the same id with another content is another command."""
    refused: str | None
    repeated: bool
    allowance_after_minor: int | None
    entries: tuple[ExpectedEntry, ...]
    after: Mapping[str, ExpectedLoan]

    @property
    def name(self) -> str:
        """Give what people know the step by."""
        return f"step {self.number} ({self.title or self.command})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A file, read."""

    currency: str
    decimals: int
    allowance_minor: int
    policy: Policy
    loans: Mapping[str, Loan]
    steps: tuple[Step, ...]
    final: Mapping[Book, Mapping[str, int]] = field(default_factory=dict)


def read(path: Path) -> Scenario:
    """Read a scenario file. Raises FileWrong, saying where and what."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileWrong(f"cannot be read: {error}") from error


def parse(text: str) -> Scenario:
    """Read the text of a scenario file. Raises FileWrong."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileWrong(f"no TOML: {error}") from error
    expected.known(given, KEYS, "file")
    for key in ("title", "source", "note"):
        if key in given and not isinstance(given[key], str):
            raise FileWrong(f"{key}: no text")
    code, decimals = _currency(given.get("currency"))
    policy = _policy(given.get("policy"))
    allowance = given.get("allowance")
    return Scenario(
        currency=code,
        decimals=decimals,
        allowance_minor=expected.money(allowance, decimals, "allowance", negative=True)
        if allowance is not None
        else 0,
        policy=policy,
        loans=_loans(given.get("loan", []), code, decimals, policy),
        steps=tuple(
            _step(step, number, decimals)
            for number, step in enumerate(_tables(given.get("step", []), "step"), start=1)
        ),
        final=expected.final(given.get("final", {}), decimals),
    )


def _tables(given: object, place: str) -> list[Table]:
    if not isinstance(given, list):
        raise FileWrong(f"{place}: not a list of tables")
    return [expected.table(each, f"{place} {n}") for n, each in enumerate(given, start=1)]


def _currency(given: object) -> tuple[str, int]:
    currency = expected.table(given, "currency")
    expected.known(currency, ("code", "decimals"), "currency")
    decimals = currency.get("decimals")
    if isinstance(decimals, bool) or decimals not in (0, 2, 3):
        raise FileWrong("currency.decimals: not 0, 2 or 3")
    return expected.text(currency.get("code"), "currency.code"), decimals


def _policy(given: object) -> Policy:
    try:
        return read_policy(expected.table(given, "policy"), version=VERSION, roles=PAGE_ROLES)
    except PolicyWrong as wrong:
        raise FileWrong(f"policy.{wrong}") from wrong


def _day(given: object, place: str) -> date:
    if not isinstance(given, date) or isinstance(given, datetime):
        raise FileWrong(f"{place}: no date")
    return given


def _loans(given: object, currency: str, decimals: int, policy: Policy) -> Mapping[str, Loan]:
    loans: dict[str, Loan] = {}
    for number, each in enumerate(_tables(given, "loan"), start=1):
        loan_id = expected.text(each.get("id"), f"loan {number}: id")
        if loan_id in loans:
            raise FileWrong(f"loan {loan_id}: is there twice")
        loans[loan_id] = _loan(each, f"loan {loan_id}", currency, decimals, policy)
    return loans


def _loan(given: Table, place: str, currency: str, decimals: int, policy: Policy) -> Loan:
    expected.known(given, LOAN_KEYS, place)
    day = _day(given.get("opened"), f"{place}: opened")
    accrued_to = _day(given.get("accrued_to", day), f"{place}: accrued_to")
    if accrued_to > day:
        raise FileWrong(f"{place}: accrued_to is after opened")
    if given.get("status", "ACTIVE") not in ("ACTIVE", "PENDING"):
        raise FileWrong(f"{place}: status is neither ACTIVE nor PENDING")
    if not isinstance(given.get("fraud", False), bool):
        raise FileWrong(f"{place}: fraud is neither true nor false")
    bnk, co, cust = (
        expected.components(given.get(book, {}), decimals, f"{place}: {book}") for book in Book
    )
    unearned_minor, deferred_minor = (
        expected.money(given[key], decimals, f"{place}: {key}") if key in given else 0
        for key in ("unearned_interest", "deferred_income")
    )
    _contradicts(place, bnk, co, cust, unearned_minor)
    return opened(
        Particulars(
            customer_id="-",
            product=_product(given.get("product", ""), place),
            segment="PERSONAL",
            currency=currency,
            opened=day,
            accrued_to=accrued_to,
            rate=_rate(given.get("rate", "0"), place),
            fraud=given.get("fraud", False),
        ),
        Status(given.get("status", "ACTIVE")),
        bnk=bnk,
        co=co,
        cust=cust,
        unearned_minor=unearned_minor,
        deferred_minor=deferred_minor,
        row_hash="",
        entry_id=UUID(int=0),
        policy=policy,
    )


def _contradicts(
    place: str, bnk: Components, co: Components, cust: Components, unearned_minor: int
) -> None:
    if cust.total != bnk.total + co.total:
        raise FileWrong(f"{place}: CUST is not BNK and CO together")
    if unearned_minor > min(bnk.interest, cust.interest):
        raise FileWrong(f"{place}: unearned_interest is above the interest")


def _product(given: object, place: str) -> str:
    if not isinstance(given, str):
        raise FileWrong(f"{place}: product: no text")
    return given


def _rate(given: object, place: str) -> str:
    if not isinstance(given, str) or not PLAIN_DECIMAL.fullmatch(given):
        raise FileWrong(f"{place}: rate is no plain decimal string")
    if given.startswith("-") and given.strip("-0."):
        raise FileWrong(f"{place}: rate is negative")
    return given


def _step(given: Table, number: int, decimals: int) -> Step:
    place = f"step {number}"
    value_date = _day(given.get("date"), f"{place}: date")
    for key in ("title", "id"):
        if not isinstance(given.get(key, ""), str):
            raise FileWrong(f"{place}: {key}: no text")
    for key in ("tx", "refused"):
        if key in given:
            expected.text(given[key], f"{place}: {key}")
    if not isinstance(given.get("repeated", False), bool):
        raise FileWrong(f"{place}: repeated is neither true nor false")
    allowance = given.get("allowance_after")
    tx = given.get("tx", f"T{number}")
    entries = _tables(given.get("entry", []), f"{place}: entry")
    after = expected.table(given.get("after", {}), f"{place}: after")
    return Step(
        number=number,
        title=given.get("title"),
        command=expected.text(given.get("command"), f"{place}: command"),
        value_date=value_date,
        today=_day(given.get("today", value_date), f"{place}: today"),
        loan=given.get("loan"),
        id=given.get("id"),
        tx=tx,
        currency=given.get("currency"),
        fields={key: value for key, value in given.items() if key not in OWN_KEYS},
        content=_content(given),
        refused=given.get("refused"),
        repeated=given.get("repeated", False),
        allowance_after_minor=None
        if allowance is None
        else expected.money(allowance, decimals, f"{place}: allowance_after", negative=True),
        entries=tuple(
            expected.entry(entry, decimals, f"{place}: entry {n}", tx=tx)
            for n, entry in enumerate(entries, start=1)
        ),
        after={
            loan: expected.loan_after(what, decimals, f"{place}: after.{loan}")
            for loan, what in after.items()
        },
    )


def _content(given: Table) -> str:
    """Write all that was asked for as one text, as it was written."""
    asked = {key: value for key, value in given.items() if key not in NOT_ASKED}
    return json.dumps(asked, sort_keys=True, default=repr)
