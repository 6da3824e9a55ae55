"""What the ledger can be asked for on a loan, and how much of it. Money is in minor units."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from ledger.domain.money import Components, Rounding, rounded, share


@dataclass(frozen=True, slots=True)
class Full:
    """All the room."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount, shared by room."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class Percent:
    """A part of the room in hundredths, rounded by policy, then shared."""

    percent: Fraction


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount for each component."""

    parts: Components


type Take = Full | Amount | Percent | Parts


def asked_for(take: Take, room: Components, *, rounding: Rounding) -> int:
    """Give the whole amount that is asked for, in minor units, whether there is room or not."""
    match take:
        case Full():
            return room.total
        case Amount(amount_minor):
            return amount_minor
        case Percent(percent):
            return rounded(room.total * percent / 100, rounding)
        case Parts(parts):
            return parts.total


def taken(take: Take, room: Components, *, rounding: Rounding) -> Components:
    """Give what is taken of each component; there must be room for it."""
    match take:
        case Full():
            return room
        case Parts(parts):
            return parts
        case _:
            return share(asked_for(take, room, rounding=rounding), room)


@dataclass(frozen=True, slots=True)
class ChargeOff:
    """Take a claim out of the bank's book; the loan goes on."""

    name: ClassVar[str] = "charge_off"
    take: Take
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class WriteOff:
    """Take a claim out of the bank's book for good."""

    name: ClassVar[str] = "write_off"
    take: Take
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveChargeOff:
    """Put back what was charged off in error."""

    name: ClassVar[str] = "remove_charge_off"
    take: Take
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Reverse:
    """Take a transaction away, by its name."""

    name: ClassVar[str] = "reverse"
    of: str
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Take the latest charge-off or write-off away."""

    name: ClassVar[str] = "undo"
    what: Literal["charge_off", "write_off"]
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Recover:
    """Money for a loan that is written off."""

    name: ClassVar[str] = "recover"
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Repay:
    """Money of the customer. `portions`: how a caller that bills by instalment splits it."""

    name: ClassVar[str] = "repay"
    amount_minor: int
    portions: Components | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money of a merchant or issuer, that was never owed; `origin` says whose."""

    name: ClassVar[str] = "refund"
    amount_minor: int
    portions: Components | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class GoodwillCredit:
    """A gift of the bank, applied like a payment."""

    name: ClassVar[str] = "goodwill_credit"
    amount_minor: int
    portions: Components | None = None


@dataclass(frozen=True, slots=True)
class PayOff:
    """All that the customer owes. In a loan's history the amount is always there."""

    name: ClassVar[str] = "pay_off"
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class CreditBalanceRefund:
    """Money back to a customer who paid too much."""

    name: ClassVar[str] = "credit_balance_refund"
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Accrue:
    """Book the interest earned up to the date."""

    name: ClassVar[str] = "accrue"


@dataclass(frozen=True, slots=True)
class Provision:
    """Raise the allowance by an amount, or bring it to a target: exactly one of them. No loan's."""

    name: ClassVar[str] = "provision"
    amount_minor: int | None = None
    target_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Refinance:
    """Pay a loan off by a new one, at a rate in percent a year, decimal text."""

    name: ClassVar[str] = "refinance"
    new_loan: str
    rate: str
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ReportChargeOff:
    """Report a loss that is not posted: no loan moves, and no transaction is made."""

    name: ClassVar[str] = "report_charge_off"
    take: Take


type Loss = ChargeOff | WriteOff | RemoveChargeOff
type Payment = Repay | Refund | GoodwillCredit | PayOff | Refinance
type Adding = Loss | Payment | Recover | CreditBalanceRefund | Accrue
"""What becomes a transaction of a loan's history."""
type TakingAway = Reverse | Undo
type Asked = Adding | TakingAway | Provision | ReportChargeOff

COMMANDS: Mapping[str, type[Asked]] = {
    command.name: command
    for command in (
        ChargeOff, WriteOff, RemoveChargeOff, Reverse, Undo, Recover, Repay, Refund, GoodwillCredit,
        PayOff, CreditBalanceRefund, Accrue, Provision, Refinance,
    )
}  # fmt: skip
"""Every command of the books, by name."""
