"""An entry with its lines in the one form in which it is hashed.

JSON without spaces, UTF-8: the columns of `journal` in this order, then `lines`, each with the
columns of `journal_line` in this order, by place. Behind them, where there is one, `opening`: the
row that tells how the entry's loan came in; or `reversal`: the row that tells why the entry takes
back what it does. A missing value is null; ids are lower case;
dates are `2026-01-31`, moments `2026-01-31T23:59:59.000001Z`; amounts are whole minor units. Text
escapes only what JSON must: `"`, `\\` and what is below U+0020. The store hashes the same form in
SQL (`audit_leaves`), for speed; whoever checks makes it here, from plain columns. A column more is
another form: ENTRY_FORM rises, and what was sealed before is still checked in its own.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from ledger.audit.tree import leaf_of

type Row = Mapping[str, Any]

ENTRY_FORM = 2
FORMS = (1, ENTRY_FORM)
"""Those that this build knows; the first had neither `opening` nor `reversal`."""

ENTRY = (
    "entry_id", "tenant", "loan_id", "transaction_id", "tx", "reverses", "kind", "command", "asked",
    "reason", "amount_minor", "value_date", "booked_at", "currency", "policy_version", "case_id",
    "grant_id", "actor", "cause_id", "line_count",
)  # fmt: skip

LINE = ("place", "book", "code", "component", "debit_minor", "credit_minor", "holds")

OPENING = (
    "tenant", "loan_id", "entry_id", "transaction_id", "status", "opened", "bnk_principal",
    "bnk_interest", "bnk_fees", "bnk_penalties", "bnk_tax", "co_principal", "co_interest",
    "co_fees", "co_penalties", "co_tax", "cust_principal", "cust_interest", "cust_fees",
    "cust_penalties", "cust_tax", "unearned_minor", "deferred_minor", "policy_version",
)  # fmt: skip

REVERSAL = (
    "reversal_id", "tenant", "loan_id", "transaction_id", "command", "cause", "done_on",
    "booked_at", "grant_id", "case_id", "actor", "cause_id",
)  # fmt: skip

BESIDE = ("lane", "seq")
"""Columns that are not in the form: where an entry lies is what the tree tells."""


def text_of(
    entry: Row, lines: Sequence[Row], *, opening: Row | None = None, reversal: Row | None = None
) -> bytes:
    """Give the canonical form of an entry and its lines, which come by place."""
    row = {name: _plain(entry[name]) for name in ENTRY}
    row["lines"] = [{name: _plain(line[name]) for name in LINE} for line in lines]
    if opening is not None:
        row["opening"] = {name: _plain(opening[name]) for name in OPENING}
    if reversal is not None:
        row["reversal"] = {name: _plain(reversal[name]) for name in REVERSAL}
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(entry: Row, lines: Sequence[Row]) -> bytes:
    """Give the leaf of an entry and its lines, beside which no row stands."""
    return leaf_of(text_of(entry, lines))


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"the canonical form has no {type(value).__name__}")
