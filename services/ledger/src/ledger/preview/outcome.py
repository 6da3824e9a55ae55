"""What a command would do to a loan: its entries, the loan after it, bureau and tax. Pure."""

from dataclasses import dataclass
from datetime import date

from ledger.domain.command import ChargeOff, WriteOff
from ledger.domain.events import Posted
from ledger.domain.loan import Loan
from ledger.domain.posting import Entry
from ledger.preview.bureau import BureauRecord, NoRecord, Standing, bureau_record
from ledger.preview.bureaus import Bureau
from ledger.preview.tax import Loss, NoForm, TaxForm, tax_result


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a case says of a loss, which the command does not."""

    legal_code: str | None = None
    legal_date: date | None = None
    collection_ceases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that would come of it; nothing is posted."""

    entries: tuple[tuple[str, Entry], ...]
    """With the loan of each: a refinance has one on its new loan."""
    after: Loan
    new_loan: Loan | None
    bureau: BureauRecord | NoRecord
    tax: TaxForm | NoForm


def outcome(
    loan_id: str,
    posted: Posted,
    *,
    opened: tuple[str, Loan, Entry] | None,
    about: About,
    bureau: Bureau,
) -> Outcome:
    """Say what a decision would come to. `opened`: the new loan of a refinance, and its entry."""
    entries = [(loan_id, entry) for entry in posted.entries]
    if opened:
        entries.append((opened[0], opened[2]))
    return Outcome(
        entries=tuple(entries),
        after=posted.loan,
        new_loan=opened[1] if opened else None,
        bureau=bureau_record(_standing(posted), bureau),
        tax=tax_result(_loss(posted, about)),
    )


def _standing(posted: Posted) -> Standing:
    loan, on = posted.loan, posted.ask.value_date
    what, off_minor = loan.particulars, loan.off().total
    is_paid = loan.customer.total == 0
    return Standing(
        on=on,
        segment=what.segment,
        currency=what.currency,
        opened=what.opened,
        status=loan.status,
        is_all_lost=off_minor > 0 and loan.outstanding.total == 0,
        off_minor=off_minor,
        owed_minor=loan.customer.total,
        days_past_due=what.days_past_due,
        oldest_unpaid_due=what.oldest_unpaid_due,
        paid_on=on if is_paid else None,
    )


def _loss(posted: Posted, about: About) -> Loss | None:
    match posted.asked:
        case ChargeOff(reason=reason) | WriteOff(reason=reason):
            what = posted.loan.particulars
            return Loss(
                on=posted.ask.value_date,
                currency=what.currency,
                principal_minor=posted.moved.parts.principal,
                segment=what.segment,
                reason=reason,
                legal_code=about.legal_code,
                legal_date=about.legal_date,
                collection_ceases=about.collection_ceases,
            )
        case _:
            return None
