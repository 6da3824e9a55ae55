"""How a loan comes into the books: by its opening balances, or by the refinance of another one."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ledger.domain.draft import Draft
from ledger.domain.events import NewLoan
from ledger.domain.loan import Loan, Lot, LotKind, Particulars, Status
from ledger.domain.money import NOTHING, Component, Components
from ledger.domain.policy import OPENING, Policy
from ledger.domain.posting import Entry, EntryKind, Lines


def opened(
    particulars: Particulars,
    status: Status,
    *,
    bnk: Components,
    co: Components,
    cust: Components | None = None,
    unearned_minor: int = 0,
    deferred_minor: int = 0,
    row_hash: str,
    entry_id: UUID,
    policy: Policy,
) -> Loan:
    """Give a loan as it comes in; what was charged off before is lots, as if without a reason."""
    lots = tuple(
        Lot(
            kind=LotKind.CHARGE_OFF,
            component=component,
            account=policy.charge_off_account(component, reason=None, fraud=particulars.fraud),
            standing_minor=part,
            made_on=particulars.opened,
            entry_id=entry_id,
        )
        for component, part in co
        if part
    )
    return Loan(
        particulars=particulars,
        row_hash=row_hash,
        status=status,
        bnk=bnk,
        co=co,
        cust=bnk + co if cust is None else cust,
        unearned_minor=unearned_minor,
        deferred_minor=deferred_minor,
        lots=lots,
    )


def opening(loan: Loan, *, policy: Policy) -> Lines:
    """Give the lines by which an opened loan comes into the books.

    Opening charge-offs were booked as a loss before: only the memo book holds them.
    """
    draft = _empty(loan, policy)
    draft.bnk_up(loan.bnk)
    unearned = policy.bnk("UNEARNED_INTEREST")
    draft.credit(unearned, loan.unearned_minor, Component.INTEREST)
    draft.credit(policy.bnk("DEFERRED_INCOME"), loan.deferred_minor)
    rest = loan.bnk.total - loan.unearned_minor - loan.deferred_minor
    draft.credit(policy.bnk(OPENING), max(rest, 0))
    draft.debit(policy.bnk(OPENING), max(-rest, 0))
    draft.co_up(loan.co)
    draft.cust_up(loan.cust)
    return tuple(draft.lines)


def open_refinanced(new: NewLoan, *, policy: Policy, booked_at: datetime) -> tuple[Loan, Entry]:
    """Open the loan that a refinance makes, with its entry; its opening is no transaction."""
    owed = Components(principal=new.amount_minor)
    loan = opened(
        new.particulars,
        Status.ACTIVE,
        bnk=owed,
        co=NOTHING,
        row_hash="",
        entry_id=new.entry_id,
        policy=policy,
    )
    draft = _empty(loan, policy)
    draft.bnk_up(owed)
    draft.credit(policy.bnk("REFINANCE"), new.amount_minor)
    draft.cust_up(owed)
    entry = Entry(
        entry_id=new.entry_id,
        transaction_id=new.transaction_id,
        tx=new.tx,
        kind=EntryKind.POST,
        command="refinance",
        value_date=new.particulars.opened,
        booked_at=booked_at,
        currency=new.particulars.currency,
        policy_version=policy.version,
        lines=tuple(draft.lines),
        case_id=new.case_id,
        grant_id=new.grant_id,
        amount_minor=new.amount_minor,
    )
    return loan, entry


def _empty(loan: Loan, policy: Policy) -> Draft:
    """Begin an entry on a loan that holds nothing yet."""
    nothing = replace(
        loan, bnk=NOTHING, co=NOTHING, cust=NOTHING, lots=(), unearned_minor=0, deferred_minor=0
    )
    return Draft(nothing, policy, day=loan.particulars.opened, entry_id=UUID(int=0))
