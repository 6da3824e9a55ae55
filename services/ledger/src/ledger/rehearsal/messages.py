"""What a scenario puts into a lane, as JSON, and what the ledger reads of it."""

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from mesh.service import Message, derive

from ledger.domain.ask import Ask
from ledger.domain.asked import read
from ledger.domain.loan import Loan, Particulars, Status
from ledger.domain.money import Components
from ledger.domain.opening import opened
from ledger.domain.policy import Policy, Reason
from ledger.domain.policyfile import read_policy

OPEN_LOAN, OPEN_ALLOWANCE, STEP = "OpenRehearsedLoan", "OpenRehearsedAllowance", "Rehearse"

VERSION = "scenario"

POLICIES_MAX = 256
"""Scenarios that a lane goes on with at once; one beyond is read again at each step."""

type Body = Mapping[str, Any]


def policy_text(policy: Policy) -> str:
    """Write a scenario's policy as its messages carry it."""
    table: dict[str, Any] = {
        "method": policy.method,
        "non_accrual": policy.non_accrual,
        "day_count": policy.day_count,
        "rounding": policy.rounding,
        "waterfall": policy.waterfall,
        "accounts": policy.accounts,
        "reasons": {name: _codes(reason) for name, reason in policy.reasons.items()},
        "approval_required": sorted(policy.approval_required),
    }
    if policy.closed_through:
        table["closed_through"] = policy.closed_through.isoformat()
    return json.dumps(table, sort_keys=True)


def _codes(reason: Reason) -> dict[str, str]:
    codes = {"charge_off": reason.charge_off, "write_off": reason.write_off}
    return {name: code for name, code in codes.items() if code is not None}


def policy_of(message: Message) -> Policy:
    """Give the policy that a message carries."""
    return _policy(message.body["policy"])


@lru_cache(POLICIES_MAX)
def _policy(text: str) -> Policy:
    table = json.loads(text)
    if "closed_through" in table:
        table["closed_through"] = date.fromisoformat(table["closed_through"])
    return read_policy(table, version=VERSION)


def plain(value: object) -> Any:
    """Give a value of a file as JSON; what JSON has not becomes what no field can be."""
    match value:
        case None | bool() | int() | str():
            return value
        case list():
            return [plain(each) for each in value]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case _:
            return {"unreadable": repr(value)}


def from_loan(loan: Loan) -> dict[str, Any]:
    """Write a loan that comes in."""
    what = loan.particulars
    return {
        "product": what.product,
        "currency": what.currency,
        "opened": what.opened.isoformat(),
        "accrued_to": what.accrued_to.isoformat(),
        "rate": what.rate,
        "fraud": what.fraud,
        "status": loan.status.value,
        "bnk": loan.bnk.minor,
        "co": loan.co.minor,
        "cust": loan.cust.minor,
        "unearned_minor": loan.unearned_minor,
        "deferred_minor": loan.deferred_minor,
    }


def to_loan(body: Body, *, entry_id: UUID, policy: Policy) -> Loan:
    """Read a loan that comes in."""
    given = body["loan"]
    return opened(
        Particulars(
            customer_id="-",
            product=given["product"],
            segment="PERSONAL",
            currency=given["currency"],
            opened=date.fromisoformat(given["opened"]),
            accrued_to=date.fromisoformat(given["accrued_to"]),
            rate=given["rate"],
            fraud=given["fraud"],
        ),
        Status(given["status"]),
        bnk=Components(*given["bnk"]),
        co=Components(*given["co"]),
        cust=Components(*given["cust"]),
        unearned_minor=given["unearned_minor"],
        deferred_minor=given["deferred_minor"],
        row_hash=json.dumps(given, sort_keys=True),
        entry_id=entry_id,
        policy=policy,
    )


def to_ask(message: Message) -> Ask:
    """Read a step."""
    body: Body = message.body
    fields: Mapping[str, object] = body["fields"]
    approval, currency = fields.get("approval"), body["currency"]
    return Ask(
        name=body["command"],
        asked=read(body["command"], fields, decimals=body["decimals"]),
        value_date=date.fromisoformat(body["date"]),
        today=date.fromisoformat(body["today"]),
        tx=body["tx"],
        transaction_id=derive(message.message_id, "transaction"),
        entry_id=derive(message.message_id, "entry"),
        # What is no currency's name is another one than the scenario's.
        currency=None if currency is None else str(currency),
        approval=approval if isinstance(approval, str) else None,
    )
