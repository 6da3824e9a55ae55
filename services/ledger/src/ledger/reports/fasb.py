"""FASB charge-off reporting: a loss is reported by amount or percentage, and no loan moves.

Under the allowance method the figure is what the allowance has to be provided with; under the
direct method it is a line of a report and nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mesh.currency import DECIMALS

from ledger.domain.money import PLAIN_DECIMAL, rounded, to_minor, to_text
from ledger.domain.policy import Method, Policy
from ledger.reports.report import Amount, Refused, Row

NAME = "fasb"

COLUMNS = (
    "loan_id", "product", "segment", "currency", "outstanding", "percent", "reported", "remaining",
    "effect",
)  # fmt: skip
"""`percent` as it was asked; `effect`: PROVISION or REPORT_LINE."""

PERCENT_DIGITS_MAX = 20
"""More digits are no percentage that anybody decided on."""


@dataclass(frozen=True, slots=True)
class Percent:
    """A part of what is outstanding, as written, in hundredths."""

    text: str
    part: Fraction


type Asked = int | Percent
"""Minor units of one loan, or a part of each."""


def read_percent(text: str) -> Percent | Refused:
    """Read a percentage above 0, up to 100; any number of decimals."""
    if not PLAIN_DECIMAL.fullmatch(text) or len(text) > PERCENT_DIGITS_MAX:
        return Refused("INVALID_FIELDS", "percent: not a plain decimal number", "percent")
    part = Fraction(text)
    if not 0 < part <= 100:
        return Refused("PERCENT_OUT_OF_RANGE", "percent: above 0 and at most 100", "percent")
    return Percent(text, part)


def read_amount(text: str, *, currency: str, outstanding_minor: int) -> int | Refused:
    """Read an amount in a loan's currency, up to what is outstanding on it; gives minor units."""
    decimals = DECIMALS[currency]
    if not PLAIN_DECIMAL.fullmatch(text):
        return Refused("INVALID_FIELDS", "amount: not a plain decimal number", "amount")
    amount_minor = to_minor(text, decimals=decimals)
    if text.startswith("-") or Fraction(text) == 0:
        return Refused("AMOUNT_NOT_POSITIVE", "amount: above zero", "amount")
    if amount_minor is None:
        told = f"amount: at most {decimals} decimals in {currency}"
        return Refused("AMOUNT_SCALE", told, "amount")
    if amount_minor > outstanding_minor:
        held = to_text(outstanding_minor, currency)
        told = f"amount: above the {held} {currency} outstanding"
        return Refused("AMOUNT_EXCEEDS_OUTSTANDING", told, "amount")
    return amount_minor


class Reported:
    """Reports losses loan by loan and adds them up."""

    def __init__(self, asked: Asked, *, policy_of: Callable[[str], Policy]) -> None:
        """Report what was asked; `policy_of` gives the policy of a product."""
        self._asked = asked
        self._policy_of = policy_of
        self._totals: dict[str, list[int]] = {}

    def rows(self, loans: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
        """Give a row for each of the next loans, on which something is outstanding."""
        for loan in loans:
            currency: str = loan["currency"]
            outstanding_minor = int(loan["bnk_minor"])
            policy = self._policy_of(loan["product"])
            reported_minor = self._reported(outstanding_minor, policy)
            figures = (outstanding_minor, reported_minor, outstanding_minor - reported_minor)
            sums = self._totals.setdefault(currency, [0, 0, 0])
            for place, minor in enumerate(figures):
                sums[place] += minor
            outstanding, reported, remaining = (Amount(minor, currency) for minor in figures)
            yield (
                loan["loan_id"],
                loan["product"],
                loan["segment"],
                currency,
                outstanding,
                self._asked.text if isinstance(self._asked, Percent) else None,
                reported,
                remaining,
                "PROVISION" if policy.method is Method.ALLOWANCE else "REPORT_LINE",
            )

    def totals(self) -> dict[str, Any]:
        """Give the sums by currency, as decimal strings."""
        names = ("outstanding", "reported", "remaining")
        return {
            currency: {n: to_text(minor, currency) for n, minor in zip(names, sums, strict=True)}
            for currency, sums in sorted(self._totals.items())
        }

    def _reported(self, outstanding_minor: int, policy: Policy) -> int:
        match self._asked:
            case Percent(_, part):
                return rounded(outstanding_minor * part / 100, policy.rounding)
            case amount_minor:
                return amount_minor
