"""Rows of loans, lots, openings and parties ↔ the domain."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

from mesh.service import Key

from ledger.domain.events import NewLoan
from ledger.domain.loan import Interest, Loan, Lot, LotKind, Particulars, Status
from ledger.domain.money import NOTHING, Component, Components, exact_text, read_exact
from ledger.domain.row import Party

type Row = Mapping[str, Any]
type Values = tuple[Any, ...]

OPENING = (
    "tenant", "loan_id", "entry_id", "transaction_id", "status", "opened",
    *(f"{book}_{component}" for book in ("bnk", "co", "cust") for component in Component),
    "unearned_minor", "deferred_minor", "policy_version",
)  # fmt: skip

LOAN = (
    "tenant", "loan_id", "lane", "customer_id", "guarantor_id", "product", "segment", "currency",
    "opened", "accrued_to", "expiry", "rate", "days_past_due", "oldest_unpaid_due",
    "instalment_minor", "sanctioner", "sanction_level", "fraud", "row_hash", "status",
    "last_transaction", "last_accrue", "last_charge_off", "arrivals", "version",
    *(f"{book}_{c}" for book in ("bnk", "co", "cust", "recovered") for c in Component),
    "unearned_minor", "deferred_minor", "overpaid_minor", "memo_minor", "earned_bnk",
    "earned_cust", "booked_bnk_minor", "booked_cust_minor", "grown_to",
)  # fmt: skip


LOT = (
    "tenant", "loan_id", "place", "lane", "kind", "component", "account", "standing_minor",
    "made_on", "entry_id",
)  # fmt: skip

AMOUNTS = {
    book: itemgetter(*(f"{book}_{component}" for component in Component))
    for book in ("bnk", "co", "cust", "recovered")
}


def to_loan(row: Row, lots: Sequence[Row]) -> Loan:
    """Read a loan and its lots, which come in their order."""
    return Loan(
        particulars=to_particulars(row),
        row_hash=row["row_hash"],
        status=Status(row["status"]),
        bnk=components(row, "bnk"),
        co=components(row, "co"),
        cust=components(row, "cust"),
        recovered=components(row, "recovered"),
        unearned_minor=row["unearned_minor"],
        deferred_minor=row["deferred_minor"],
        overpaid_minor=row["overpaid_minor"],
        memo_minor=row["memo_minor"],
        interest=Interest(
            earned_bnk=read_exact(row["earned_bnk"]),
            earned_cust=read_exact(row["earned_cust"]),
            booked_bnk_minor=row["booked_bnk_minor"],
            booked_cust_minor=row["booked_cust_minor"],
            grown_to=row["grown_to"],
        ),
        lots=tuple(_to_lot(lot) for lot in lots),
        last_transaction=row["last_transaction"],
        last_accrue=row["last_accrue"],
        last_charge_off=row["last_charge_off"],
        arrivals=row["arrivals"],
        version=row["version"],
    )


def to_particulars(row: Row) -> Particulars:
    """Read what a loan is."""
    return Particulars(
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
        oldest_unpaid_due=row["oldest_unpaid_due"],
        instalment_minor=row["instalment_minor"],
        sanctioner=row["sanctioner"],
        sanction_level=row["sanction_level"],
        fraud=row["fraud"],
    )


def components(row: Row, book: str) -> Components:
    """Read a book's five amounts."""
    return Components(*AMOUNTS[book](row))


def _to_lot(row: Row) -> Lot:
    return Lot(
        kind=LotKind(row["kind"]),
        component=Component(row["component"]),
        account=row["account"],
        standing_minor=row["standing_minor"],
        made_on=row["made_on"],
        entry_id=row["entry_id"],
    )


def to_party(row: Row) -> Party:
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


def of_opening(
    key: Key, loan: Loan, *, entry_id: UUID, transaction_id: UUID, policy_version: str
) -> Values:
    """Give the row of how a loan came in, in the order of OPENING."""
    return (
        key.tenant,
        key.id,
        entry_id,
        transaction_id,
        loan.status.value,
        loan.particulars.opened,
        *loan.bnk.minor,
        *loan.co.minor,
        *loan.cust.minor,
        loan.unearned_minor,
        loan.deferred_minor,
        policy_version,
    )


def of_claim(tenant: str, new: NewLoan) -> Values:
    """Give the row by which a refinance claims its new loan, in the order of OPENING."""
    owed = Components(principal=new.amount_minor)
    return (
        tenant,
        new.loan_id,
        new.entry_id,
        new.transaction_id,
        Status.ACTIVE.value,
        new.particulars.opened,
        *owed.minor,
        *NOTHING.minor,
        *owed.minor,
        0,
        0,
        new.policy_version,
    )


def of_loan(key: Key, lane: int, loan: Loan) -> Values:
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
        what.oldest_unpaid_due,
        what.instalment_minor,
        what.sanctioner,
        what.sanction_level,
        what.fraud,
        loan.row_hash,
        *_standing(loan),
    )


def of_move(key: Key, version_before: int, loan: Loan) -> Values:
    """Give what a posting moves, in the order of MOVE_LOANS."""
    return (key.tenant, key.id, version_before, *_standing(loan))


def _standing(loan: Loan) -> Values:
    """Give what can change of a loan."""
    interest = loan.interest
    return (
        loan.status.value,
        loan.last_transaction,
        loan.last_accrue,
        loan.last_charge_off,
        loan.arrivals,
        loan.version,
        *loan.bnk.minor,
        *loan.co.minor,
        *loan.cust.minor,
        *loan.recovered.minor,
        loan.unearned_minor,
        loan.deferred_minor,
        loan.overpaid_minor,
        loan.memo_minor,
        exact_text(interest.earned_bnk),
        exact_text(interest.earned_cust),
        interest.booked_bnk_minor,
        interest.booked_cust_minor,
        interest.grown_to,
    )


def of_lot(key: Key, lane: int, place: int, lot: Lot) -> Values:
    """Give the row of a lot, in the order of LOT."""
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


def of_party(key: Key, lane: int, party: Party, version: int) -> Values:
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
