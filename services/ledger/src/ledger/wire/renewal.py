"""From a refinanced loan to its new one: what waits in the new loan's lane, and what that tells.

The grant travels along, so the new loan's lane can tell what came of it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from contracts.records import authorization, common, ledger
from contracts.types import from_date
from mesh.service import Key, Later, Told

from ledger.domain.decide import Event, NewLoan, RefinanceOpened
from ledger.domain.loan import Particulars

KIND = "OpenRefinanced"


def to_later(key: Key, told: Told[Event], new: NewLoan) -> Later:
    """Put the opening of a new loan into its own lane."""
    heard: authorization.AuthorizationGranted | Mapping[str, Any] = told.message.body
    body = to_body(key, new)
    if isinstance(heard, authorization.AuthorizationGranted):
        body["granted"] = heard.to_avro()
    elif "policy" in heard:  # a scenario's goes with each of its messages
        body["policy"] = heard["policy"]
    return Later(
        key=Key(key.tenant, new.loan_id),
        kind=KIND,
        name=str(new.transaction_id),
        due_at=told.at,
        body=body,
        case_id=new.case_id,
    )


def to_body(key: Key, new: NewLoan) -> dict[str, Any]:
    """Write what the new loan's lane hears; `key`: of the old loan."""
    return {"new_loan": _from_new_loan(new), "old_loan_id": key.id, "granted": None}


def to_new_loan(written: Mapping[str, Any]) -> NewLoan:
    """Read what the old loan's lane put in."""
    return NewLoan(
        loan_id=written["loan_id"],
        particulars=Particulars(
            customer_id=written["customer_id"],
            guarantor_id=written["guarantor_id"],
            product=written["product"],
            segment=written["segment"],
            currency=written["currency"],
            opened=date.fromisoformat(written["opened"]),
            accrued_to=date.fromisoformat(written["opened"]),
            rate=written["rate"],
        ),
        amount_minor=written["amount_minor"],
        tx=written["tx"],
        transaction_id=UUID(written["transaction_id"]),
        entry_id=UUID(written["entry_id"]),
        policy_version=written["policy_version"],
        case_id=UUID(written["case_id"]) if written["case_id"] else None,
        grant_id=UUID(written["grant_id"]) if written["grant_id"] else None,
    )


def _from_new_loan(new: NewLoan) -> dict[str, Any]:
    what = new.particulars
    return {
        "loan_id": new.loan_id,
        "customer_id": what.customer_id,
        "guarantor_id": what.guarantor_id,
        "product": what.product,
        "segment": what.segment,
        "currency": what.currency,
        "opened": what.opened.isoformat(),
        "rate": what.rate,
        "amount_minor": new.amount_minor,
        "tx": new.tx,
        "transaction_id": str(new.transaction_id),
        "entry_id": str(new.entry_id),
        "policy_version": new.policy_version,
        "case_id": str(new.case_id) if new.case_id else None,
        "grant_id": str(new.grant_id) if new.grant_id else None,
    }


def to_refinanced(
    key: Key, told: Told[Event], opened: RefinanceOpened
) -> ledger.RefinancePosted | None:
    """Tell that a loan was paid off by this new one; none: no case asked for it."""
    body = told.message.body
    if body["granted"] is None:
        return None
    granted = authorization.AuthorizationGranted.from_avro(body["granted"])
    entry, what = opened.entry, opened.loan.particulars
    return ledger.RefinancePosted(
        meta=told.meta(key, case_id=entry.case_id),
        terms=granted.terms,
        transaction_id=str(entry.transaction_id),
        grant_id=granted.grant_id,
        value_date=from_date(entry.value_date),
        old_loan_id=body["old_loan_id"],
        amount=common.Money(amount_minor=opened.loan.cust.total, currency=entry.currency),
        rate=what.rate,
        approvers=granted.approvers,
        policy_version=entry.policy_version,
    )
