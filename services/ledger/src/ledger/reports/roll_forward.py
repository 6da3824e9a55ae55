"""Charge-offs and recoveries, year to date, as the call report's schedule RI-B asks for them.

Part I: by category. Part II: how the allowance came from its opening to its closing; its figures
are Part I's totals. A charge-off is principal that a credit loss account bears, so a write-off
after a charge-off counts once, and a removal, a reversal or a refund lessens it. Fraud is an
operational loss, interest and fees reverse income: both are told beside. Where no allowance bears a
loss, the result does, in the same year.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ledger.domain.money import Component
from ledger.reports.accounts import Accounts
from ledger.reports.report import Amount, Cell, Row

NAME = "roll-forward"

COLUMNS = ("part", "currency", "item", "charge_offs", "recoveries", "amount")
"""`part`: I by category and TOTAL; II the allowance; MEMO what is no part of it; PROOF zero."""


class Category(StrEnum):
    """Lines of RI-B Part I."""

    ONE_TO_FOUR_FAMILY = "ONE_TO_FOUR_FAMILY"
    NONFARM_NONRESIDENTIAL = "NONFARM_NONRESIDENTIAL"
    COMMERCIAL_AND_INDUSTRIAL = "COMMERCIAL_AND_INDUSTRIAL"
    AUTOMOBILE = "AUTOMOBILE"
    OTHER_CONSUMER = "OTHER_CONSUMER"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which loans are of a category; what is left open fits all."""

    category: Category
    product: str | None = None
    segment: str | None = None


RULES = (
    Rule(Category.ONE_TO_FOUR_FAMILY, product="MORTGAGE"),
    Rule(Category.NONFARM_NONRESIDENTIAL, product="COMMERCIAL_MORTGAGE"),
    Rule(Category.COMMERCIAL_AND_INDUSTRIAL, segment="BUSINESS"),
    Rule(Category.AUTOMOBILE, product="AUTO_LOAN"),
    Rule(Category.OTHER_CONSUMER),
)
"""The first that fits."""

PAYMENTS = frozenset({"recover", "repay", "goodwill_credit", "pay_off"})
"""What may bring a charged-off amount back."""

LOSSES = frozenset({"charge_off", "write_off", "remove_charge_off", "refund"})
"""What makes a loss, or lessens one."""

PROVISIONS = frozenset({"provision", "report_charge_off"})
"""What fills the allowance."""


def category(product: str, segment: str) -> Category:
    """Give the category of a loan."""
    return next(
        rule.category
        for rule in RULES
        if rule.product in (None, product) and rule.segment in (None, segment)
    )


@dataclass(slots=True)
class Sums:
    """One currency's year, in minor units."""

    charge_offs: dict[Category, int] = field(default_factory=lambda: dict.fromkeys(Category, 0))
    recoveries: dict[Category, int] = field(default_factory=lambda: dict.fromkeys(Category, 0))
    opening: int = 0
    closing: int = 0
    provision: int = 0
    direct: int = 0
    """Losses less recoveries that no allowance bears."""
    adjustments: int = 0
    fraud: int = 0
    income: int = 0
    """Interest, fees, penalties and tax that were charged off."""


def rows(
    movements: Iterable[Mapping[str, Any]],
    allowances: Iterable[Mapping[str, Any]],
    accounts: Accounts,
) -> Iterator[Row]:
    """Shape the year's movements of the bank's book, and the allowance before and after it."""
    by_currency: dict[str, Sums] = {}
    for movement in movements:
        _take(by_currency.setdefault(movement["currency"], Sums()), movement, accounts)
    for allowance in allowances:
        sums = by_currency.setdefault(allowance["currency"], Sums())
        sums.opening += int(allowance["opening_minor"])
        sums.closing += int(allowance["closing_minor"])
    for currency, sums in sorted(by_currency.items()):
        yield from _currency(currency, sums)


def _take(sums: Sums, movement: Mapping[str, Any], accounts: Accounts) -> None:
    """Add one movement: debits less credits of a code, by command, component and kind of loan."""
    debit = int(movement["debit_minor"] - movement["credit_minor"])
    command, code = movement["command"], movement["code"]
    on_allowance = code in accounts.allowance
    component = movement["component"]
    is_principal = component == Component.PRINCIPAL
    if command in LOSSES and code in accounts.loss and is_principal:
        sums.charge_offs[category(movement["product"], movement["segment"])] += debit
        sums.direct += 0 if on_allowance else debit
    elif command in LOSSES and code in accounts.fraud:
        sums.fraud += debit
    elif command in PAYMENTS and code in accounts.recovery:
        sums.recoveries[category(movement["product"], movement["segment"])] -= debit
        sums.direct += 0 if on_allowance else debit
    elif on_allowance and command in PROVISIONS:
        sums.provision -= debit
    elif on_allowance:
        sums.adjustments -= debit
    elif command in LOSSES and code in accounts.reversed_income and component:
        sums.income += debit


def _currency(currency: str, sums: Sums) -> Iterator[Row]:
    def money(minor: int) -> Amount:
        return Amount(minor, currency)

    def row(part: str, item: str, *cells: Cell) -> Row:
        return (part, currency, item, *cells)

    charge_offs, recoveries = sum(sums.charge_offs.values()), sum(sums.recoveries.values())
    for each in Category:
        told = (money(sums.charge_offs[each]), money(sums.recoveries[each]), None)
        yield row("I", each, *told)
    yield row("I", "TOTAL", money(charge_offs), money(recoveries), None)
    steps = {
        "OPENING": sums.opening,
        "RECOVERIES": recoveries,
        "LESS_CHARGE_OFFS": -charge_offs,
        "PROVISION": sums.provision,
        "BORNE_BY_RESULT": sums.direct,
        "ADJUSTMENTS": sums.adjustments,
    }
    for item, minor in steps.items():
        yield row("II", item, None, None, money(minor))
    yield row("II", "CLOSING", None, None, money(sums.closing))
    yield row("MEMO", "FRAUD", money(sums.fraud), None, None)
    yield row("MEMO", "INTEREST_AND_FEES", money(sums.income), None, None)
    difference = sum(steps.values()) - sums.closing
    yield row("PROOF", "STEPS_LESS_CLOSING", None, None, money(difference))
