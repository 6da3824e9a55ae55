"""The books as JSON: amounts are decimal strings with the currency's decimals."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.service import Key

from ledger.domain.loan import Loan, LotKind
from ledger.domain.money import Component, Components, to_text
from ledger.domain.posting import Entry

type Row = Mapping[str, Any]

COMPONENT_NAMES = tuple(component.value for component in Component)


def summary(row: Row) -> dict[str, Any]:
    """Show a row of loans in a list."""
    held_minor = sum(row[f"bnk_{component}"] for component in Component)
    return {
        "loan_id": row["loan_id"],
        "customer_id": row["customer_id"],
        "product": row["product"],
        "segment": row["segment"],
        "status": row["status"],
        "currency": row["currency"],
        "outstanding": to_text(held_minor - row["unearned_minor"], row["currency"]),
        "version": row["version"],
    }


def loan(key: Key, held: Loan) -> dict[str, Any]:
    """Show a loan."""
    what = held.particulars
    currency = what.currency
    charged_off = held.off(LotKind.CHARGE_OFF).total
    written_off = held.off(LotKind.WRITE_OFF).total
    recovered = held.recovered.total
    totals = {
        "charged_off": charged_off,
        "written_off": written_off,
        "recovered": recovered,
        "remaining": charged_off + written_off - recovered,
    }
    return {
        "loan_id": key.id,
        "tenant": key.tenant,
        "customer_id": what.customer_id,
        "guarantor_id": what.guarantor_id,
        "product": what.product,
        "segment": what.segment,
        "currency": currency,
        "status": held.status,
        "opened": what.opened,
        "accrued_to": what.accrued_to,
        "expiry": what.expiry,
        "rate": what.rate,
        "days_past_due": what.days_past_due,
        "oldest_unpaid_due": what.oldest_unpaid_due,
        "instalment": None
        if what.instalment_minor is None
        else to_text(what.instalment_minor, currency),
        "sanctioner": what.sanctioner,
        "sanction_level": what.sanction_level,
        "fraud": what.fraud,
        "last_transaction": held.last_transaction,
        "last_accrual": held.last_accrue,
        "version": held.version,
        "outstanding": to_text(held.outstanding.total, currency),
        "unearned_interest": to_text(held.unearned_minor, currency),
        "memo_interest": to_text(held.memo_minor, currency),
        "overpaid": to_text(held.overpaid_minor, currency),
        "customer_owes": to_text(held.customer.total, currency),
        "deferred_income": to_text(held.deferred_minor, currency),
        "charged_off": held.charged_off_flag,
        "books": {
            "BNK": _parts(held.bnk, currency),
            "CO": _parts(held.co, currency),
            "CUST": _parts(held.cust, currency),
        },
        "totals": {name: to_text(amount, currency) for name, amount in totals.items()},
        "lots": [
            {
                "kind": lot.kind,
                "component": lot.component,
                "account": lot.account,
                "standing": to_text(lot.standing_minor, currency),
                "made_on": lot.made_on,
                "entry_id": lot.entry_id,
            }
            for lot in held.lots
        ],
    }


def _parts(parts: Components, currency: str) -> dict[str, str]:
    shown = {component.value: to_text(part, currency) for component, part in parts}
    return shown | {"total": to_text(parts.total, currency)}


def journals(entries: Sequence[Row], lines: Sequence[Row]) -> list[dict[str, Any]]:
    """Show journal entries with their lines, which come in the order of their places."""
    currency = {entry["entry_id"]: entry["currency"] for entry in entries}
    of_entry: dict[Any, list[dict[str, Any]]] = {name: [] for name in currency}
    for line in lines:
        of_entry[line["entry_id"]].append(
            {
                "book": line["book"],
                "code": line["code"],
                "component": line["component"],
                "debit": to_text(line["debit_minor"], currency[line["entry_id"]]),
                "credit": to_text(line["credit_minor"], currency[line["entry_id"]]),
            }
        )
    shown = (
        "entry_id", "transaction_id", "kind", "command", "loan_id", "case_id", "grant_id", "reason",
        "value_date", "booked_at", "currency", "policy_version", "reverses", "actor",
    )  # fmt: skip
    return [
        {name: entry[name] for name in shown}
        | {"amount": _amount(entry), "lines": of_entry[entry["entry_id"]]}
        for entry in entries
    ]


def _amount(entry: Row) -> str | None:
    """Show what an entry is of; none on an opening."""
    amount_minor: int | None = entry["amount_minor"]
    return None if amount_minor is None else to_text(amount_minor, entry["currency"])


def entry(loan_id: str, made: Entry) -> dict[str, Any]:
    """Show an entry as it would be posted."""
    return {
        "loan_id": loan_id,
        "kind": made.kind,
        "command": made.command,
        "value_date": made.value_date,
        "reason": made.reason,
        "currency": made.currency,
        "policy_version": made.policy_version,
        "lines": [
            {
                "book": line.book,
                "code": line.code,
                "component": line.component,
                "debit": to_text(line.debit_minor, made.currency),
                "credit": to_text(line.credit_minor, made.currency),
            }
            for line in made.lines
        ],
    }


def report(
    amounts: Sequence[Row], cases: Sequence[Row], balances: Sequence[Row], *, journals: int
) -> dict[str, Any]:
    """Show what stands written off, by currency, and how far each currency is from balance."""
    nothing = dict.fromkeys(COMPONENT_NAMES, 0)
    by_currency: dict[str, dict[str, int]] = {}
    for row in amounts:
        parts = by_currency.setdefault(row["currency"], dict(nothing))
        parts[row["component"]] = row["amount_minor"]
    counted = {row["currency"]: row["cases"] for row in cases}
    return {
        "written_off": {
            currency: {"cases": counted.get(currency, 0)}
            | {name: to_text(amount, currency) for name, amount in parts.items()}
            for currency, parts in sorted(by_currency.items())
        },
        "trial_balance": {
            row["currency"]: to_text(row["imbalance_minor"], row["currency"])
            for row in sorted(balances, key=lambda row: row["currency"])
        },
        "journals": journals,
        "lines": sum(row["lines"] for row in balances),
    }
