"""Loans and parties as the table topics have them: whole, as they are now."""

from uuid import UUID

from contracts.records import ledger
from contracts.types import from_date
from mesh.service import Key, Told

from ledger.domain.decide import Event
from ledger.domain.loan import Loan, LotKind
from ledger.domain.row import Party
from ledger.wire.told import to_components


def to_snapshot(
    key: Key, told: Told[Event], loan: Loan, *, case_id: UUID | None = None
) -> ledger.LoanSnapshot:
    """Tell the loan as it is now."""
    what = loan.particulars
    return ledger.LoanSnapshot(
        meta=told.meta(key, case_id=case_id, version=loan.version, part="snapshot"),
        customer_id=what.customer_id,
        guarantor_id=what.guarantor_id,
        product=what.product,
        segment="BUSINESS" if what.segment == "BUSINESS" else "PERSONAL",
        currency=what.currency,
        status=loan.status.value,
        opened=from_date(what.opened),
        expiry=from_date(what.expiry) if what.expiry else None,
        balances=to_components(loan.bnk),
        unearned_minor=loan.unearned_minor,
        outstanding_minor=loan.outstanding.total,
        charged_off_minor=loan.off(LotKind.CHARGE_OFF).total,
        written_off_minor=loan.off(LotKind.WRITE_OFF).total,
        last_transaction=from_date(loan.last_transaction) if loan.last_transaction else None,
        days_past_due=what.days_past_due,
        sanctioner=what.sanctioner,
        sanction_level=what.sanction_level,
        fraud=what.fraud,
    )


def to_party(key: Key, told: Told[Event], party: Party, *, version: int) -> ledger.Party:
    """Tell a party: the one record with personal data."""
    return ledger.Party(
        meta=told.meta(key, version=version),
        party_id=party.party_id,
        given_name=party.given_name,
        family_name=party.family_name,
        business_name=party.business_name,
        email=party.email,
        tax_id=party.tax_id,
        locale=party.locale,
    )
