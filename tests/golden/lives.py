"""Random policies and loans, as files have them, and the same as the ledger has them."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from ledger.domain.clock import DayCount
from ledger.domain.loan import Loan, Particulars, Status
from ledger.domain.money import COMPONENTS, Components, Rounding, decimal_text
from ledger.domain.opening import opened
from ledger.domain.policy import Book, Method, NonAccrual, Policy, Reason

from .reading import C

DAY = date(2024, 1, 1)
CODES = (
    {},
    {"ALLOWANCE": "1900", "RECEIVABLE": "1120", "RECEIVABLE_PRINCIPAL": "1100", "CASH": "1"},
)
REASONS = {"A": {}, "B": {"charge_off": "61B", "write_off": "62B"}, "D": {"write_off": "1900"}}
ORDERS = st.permutations(C)
PART = st.integers(0, 500_000)
PARTS = st.fixed_dictionaries({}, optional=dict.fromkeys(C, PART))
BOOKS = {"BNK": Book.BNK, "CO": Book.CO, "CUST": Book.CUST}


def full(parts: Mapping[str, int]) -> dict[str, int]:
    return dict.fromkeys(C, 0) | dict(parts)


def money(amount_minor: int) -> str:
    return decimal_text(amount_minor, 2)


POLICIES = st.fixed_dictionaries({
    "method": st.sampled_from(["direct", "allowance"]),
    "non_accrual": st.sampled_from(["NEVER", "CHARGE_OFF"]),
    "day_count": st.sampled_from([count.value for count in DayCount]),
    "rounding": st.sampled_from(["HALF_UP", "HALF_EVEN"]),
    "waterfall": st.fixed_dictionaries({"BNK": ORDERS, "CO": ORDERS, "CUST": ORDERS}),
    "accounts": st.sampled_from(CODES),
    "reasons": st.just(REASONS),
})  # fmt: skip


@st.composite
def loans(draw: st.DrawFn) -> dict[str, Any]:
    """Give a loan as a file has it; CUST has other components than BNK and CO together."""
    bnk, co = full(draw(PARTS)), full(draw(st.one_of(st.just({}), PARTS)))
    cust = {c: bnk[c] + co[c] for c in C}
    least = min(bnk["interest"], cust["interest"])
    unearned = draw(st.one_of(st.just(0), st.integers(0, least)))
    moved = draw(st.integers(0, cust["interest"] - unearned))
    cust["interest"] -= moved
    cust["principal"] += moved
    return {
        "opened": DAY,
        "accrued_to": DAY - timedelta(draw(st.sampled_from([0, 0, 17]))),
        "status": draw(st.sampled_from(["ACTIVE"] * 20 + ["PENDING"])),
        "rate": draw(st.sampled_from(["0", "5.75", "36.5", "100"])),
        "fraud": draw(st.booleans()),
        "unearned": unearned,
        "deferred": draw(st.sampled_from([0, 0, 33])),
        "BNK": bnk,
        "CO": co,
        "CUST": cust,
    }


def policy_of(given: dict[str, Any]) -> Policy:
    return Policy(
        version="one",
        method=Method(given["method"]),
        rounding=Rounding(given["rounding"]),
        non_accrual=NonAccrual(given["non_accrual"]),
        day_count=DayCount(given["day_count"]),
        waterfall={
            book: tuple(COMPONENTS[C.index(c)] for c in given["waterfall"][name])
            for name, book in BOOKS.items()
        },
        accounts={Book.BNK: given["accounts"]},
        reasons={name: Reason(**codes) for name, codes in given["reasons"].items()},
    )


def loan_of(given: dict[str, Any], policy: Policy) -> Loan:
    return opened(
        Particulars(
            customer_id="C",
            product="TERM",
            segment="PERSONAL",
            currency="EUR",
            opened=given["opened"],
            accrued_to=given["accrued_to"],
            rate=given["rate"],
            fraud=given["fraud"],
        ),
        Status(given["status"]),
        bnk=Components(**given["BNK"]),
        co=Components(**given["CO"]),
        cust=Components(**given["CUST"]),
        unearned_minor=given["unearned"],
        deferred_minor=given["deferred"],
        row_hash="",
        entry_id=UUID(int=0),
        policy=policy,
    )


def as_written(fields: dict[str, Any]) -> dict[str, Any]:
    """Write amounts as decimal strings."""
    written: dict[str, Any] = {}
    for key, value in fields.items():
        match key, value:
            case "amount", int():
                written[key] = money(value)
            case "percent", Fraction():
                written[key] = f"{float(value):.4f}"
            case "components" | "portions", dict():
                written[key] = {c: money(n) for c, n in value.items()}
            case _:
                written[key] = value
    return written
