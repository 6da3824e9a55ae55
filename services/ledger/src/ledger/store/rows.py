"""Rows of the ledger's tables ↔ the domain."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mesh.service import Change, Key

from ledger.domain.decide import Event, LoanImported, PostingRefused, State, WriteOffPosted
from ledger.domain.loan import Loan, Lot, LotKind, Particulars, Status
from ledger.domain.money import Component, Components
from ledger.domain.posting import Entry
from ledger.domain.row import Party

BOOKS = ("bnk", "co", "cust", "recovered")

LOAN = (
    "tenant", "loan_id", "lane", "customer_id", "guarantor_id", "product", "segment", "currency",
    "opened", "accrued_to", "expiry", "rate", "days_past_due", "sanctioner", "sanction_level",
    "fraud", "row_hash", "status", "last_transaction", "version",
    *(f"{book}_{component}" for book in BOOKS for component in Component),
    "unearned_minor", "deferred_minor",
)  # fmt: skip

JOURNAL = (
    "entry_id", "lane", "tenant", "loan_id", "case_id", "grant_id", "transaction_id", "kind",
    "command", "reason", "amount_minor", "value_date", "booked_at", "currency", "policy_version",
    "line_count",
)  # fmt: skip

LINE = ("entry_id", "place", "book", "code", "component", "debit_minor", "credit_minor")

REFUSAL = (
    "grant_id", "case_id", "lane", "tenant", "loan_id", "code", "message", "refused_at",
)  # fmt: skip


def to_loan(row: Mapping[str, Any], lots: Sequence[Mapping[str, Any]]) -> Loan:
    """Read a loan and its lots, which come in their order."""
    bnk, co, cust, recovered = (
        Components(*(row[f"{book}_{component}"] for component in Component)) for book in BOOKS
    )
    return Loan(
        particulars=Particulars(
            customer_id=row["customer_id"],
            guarantor_id=row["guarantor_id"],
            product=row["product"],
            segment=row["segment"],
            currency=row["currency"],
            opened=row["opened"],
            accrued_to=row["accrued_to"],
            expiry=row["expiry"],
            rate=row["rate"],
            days_past_due=row["days_past_due"],
            sanctioner=row["sanctioner"],
            sanction_level=row["sanction_level"],
            fraud=row["fraud"],
        ),
        row_hash=row["row_hash"],
        status=Status(row["status"]),
        bnk=bnk,
        co=co,
        cust=cust,
        recovered=recovered,
        unearned_minor=row["unearned_minor"],
        deferred_minor=row["deferred_minor"],
        lots=tuple(_to_lot(lot) for lot in lots),
        last_transaction=row["last_transaction"],
        version=row["version"],
    )


def _to_lot(row: Mapping[str, Any]) -> Lot:
    return Lot(
        kind=LotKind(row["kind"]),
        component=Component(row["component"]),
        account=row["account"],
        standing_minor=row["standing_minor"],
        made_on=row["made_on"],
        entry_id=row["entry_id"],
    )


def to_party(row: Mapping[str, Any]) -> Party:
    """Read a party."""
    return Party(
        party_id=row["party_id"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        business_name=row["business_name"],
        email=row["email"],
        tax_id=row["tax_id"],
        locale=row["locale"],
    )


def of_loan(key: Key, lane: int, loan: Loan) -> tuple[Any, ...]:
    """Give the row of a new loan, in the order of LOAN."""
    what = loan.particulars
    return (
        key.tenant,
        key.id,
        lane,
        what.customer_id,
        what.guarantor_id,
        what.product,
        what.segment,
        what.currency,
        what.opened,
        what.accrued_to,
        what.expiry,
        what.rate,
        what.days_past_due,
        what.sanctioner,
        what.sanction_level,
        what.fraud,
        loan.row_hash,
        *_standing(loan),
    )


def of_move(key: Key, version_before: int, loan: Loan) -> tuple[Any, ...]:
    """Give what a posting moves, in the order of MOVE_LOANS."""
    return (key.tenant, key.id, version_before, *_standing(loan))


def _standing(loan: Loan) -> tuple[Any, ...]:
    """Give what can change of a loan."""
    return (
        loan.status.value,
        loan.last_transaction,
        loan.version,
        *loan.bnk.minor,
        *loan.co.minor,
        *loan.cust.minor,
        *loan.recovered.minor,
        loan.unearned_minor,
        loan.deferred_minor,
    )


def of_lot(key: Key, lane: int, place: int, lot: Lot) -> tuple[Any, ...]:
    """Give the row of a lot, in the order of SAVE_LOTS."""
    return (
        key.tenant,
        key.id,
        place,
        lane,
        lot.kind.value,
        lot.component.value,
        lot.account,
        lot.standing_minor,
        lot.made_on,
        lot.entry_id,
    )


def of_party(key: Key, lane: int, party: Party, version: int) -> tuple[Any, ...]:
    """Give the row of a party, in the order of SAVE_PARTIES."""
    return (
        key.tenant,
        key.id,
        lane,
        party.given_name,
        party.family_name,
        party.business_name,
        party.email,
        party.tax_id,
        party.locale,
        version,
    )


def entries(change: Change[State, Event]) -> Iterator[Entry]:
    """Give the entries that a change adds to the journal."""
    for told in change.told:
        if isinstance(told.event, LoanImported | WriteOffPosted):
            yield told.event.entry


def refusals(change: Change[State, Event]) -> Iterator[PostingRefused]:
    """Give the refusals that a change adds."""
    for told in change.told:
        if isinstance(told.event, PostingRefused):
            yield told.event


def of_entry(key: Key, lane: int, entry: Entry) -> tuple[Any, ...]:
    """Give the row of an entry, in the order of JOURNAL."""
    return (
        entry.entry_id,
        lane,
        key.tenant,
        key.id,
        entry.case_id,
        entry.grant_id,
        entry.transaction_id,
        entry.kind.value,
        entry.command,
        entry.reason,
        entry.amount_minor,
        entry.value_date,
        entry.booked_at,
        entry.currency,
        entry.policy_version,
        len(entry.lines),
    )


def of_lines(entry: Entry) -> Iterator[tuple[Any, ...]]:
    """Give the rows of an entry's lines, in the order of LINE."""
    for place, line in enumerate(entry.lines):
        component = line.component.value if line.component else None
        sides = (line.debit_minor, line.credit_minor)
        yield (entry.entry_id, place, line.book.value, line.code, component, *sides)


def of_refusal(key: Key, lane: int, refused: PostingRefused) -> tuple[Any, ...]:
    """Give the row of a refusal, in the order of REFUSAL."""
    return (
        refused.grant_id,
        refused.case_id,
        lane,
        key.tenant,
        key.id,
        refused.refusal.code,
        refused.refusal.message,
        refused.at,
    )
