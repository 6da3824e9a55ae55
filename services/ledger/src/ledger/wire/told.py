"""What the ledger tells of its postings, as records of its topic."""

from contracts.records import authorization, common, ledger
from contracts.types import Record, from_date
from mesh.service import Key, Told

from ledger.domain.command import (
    Accrue,
    ChargeOff,
    CreditBalanceRefund,
    GoodwillCredit,
    PayOff,
    Recover,
    Refinance,
    Refund,
    RemoveChargeOff,
    Repay,
    Reverse,
    Undo,
    WriteOff,
)
from ledger.domain.events import ChargeOffReported, Event, Posted, PostingRefused, Provisioned
from ledger.domain.history import Transaction
from ledger.domain.loan import LotKind
from ledger.domain.money import Components

type Heard = Told[Event]

UNGRANTED = (Repay, Refund, GoodwillCredit, CreditBalanceRefund, Accrue)
"""What comes by the ledger's own doors."""


def to_facts(key: Key, told: Heard, posted: Posted) -> list[Record]:
    """Tell a posting: what was asked for, and what of the past was posted anew because of it."""
    fact = None if _is_rehearsed(told, posted) else _fact(key, told, posted)
    again = [_replayed(key, told, posted, each) for each in posted.replayed]
    return [*([] if fact is None else [fact]), *again]


def _fact(key: Key, told: Heard, posted: Posted) -> Record | None:
    """Tell what was asked for. A refinance is told by its new loan."""
    match posted.asked:
        case WriteOff():
            return _write_off(key, told, posted)
        case ChargeOff():
            return _charge_off(key, told, posted)
        case RemoveChargeOff():
            return _removal(key, told, posted)
        case Reverse() | Undo():
            return _reversal(key, told, posted)
        case Recover():
            return _recovery(key, told, posted)
        case PayOff():
            return _pay_off(key, told, posted)
        case Accrue():
            return _accrual(key, told, posted)
        case Refinance():
            return None
        case _:
            return _payment(key, told, posted)


def _is_rehearsed(told: Heard, posted: Posted) -> bool:
    """Say whether nobody granted what needs a grant: only a scenario can ask so."""
    is_granted = isinstance(told.message.body, authorization.AuthorizationGranted)
    return not is_granted and not isinstance(posted.asked, UNGRANTED)


def _write_off(key: Key, told: Heard, posted: Posted) -> ledger.WriteOffPosted:
    heard: authorization.AuthorizationGranted = told.message.body
    moved = posted.moved
    return ledger.WriteOffPosted(
        meta=told.meta(key, case_id=posted.ask.case_id),
        terms=heard.terms,
        transaction_id=_transaction_id(posted),
        grant_id=heard.grant_id,
        value_date=from_date(posted.ask.value_date),
        amount=_money(posted, moved.amount_minor),
        components=to_components(moved.parts),
        reclassified_minor=moved.reclassified.total,
        balance_before_minor=posted.balance_before_minor,
        balance_after_minor=posted.loan.outstanding.total,
        approvers=heard.approvers,
        policy_version=_version(posted),
    )


def _charge_off(key: Key, told: Heard, posted: Posted) -> ledger.ChargeOffPosted:
    heard: authorization.AuthorizationGranted = told.message.body
    outstanding_minor = posted.loan.outstanding.total
    return ledger.ChargeOffPosted(
        meta=told.meta(key, case_id=posted.ask.case_id),
        terms=heard.terms,
        transaction_id=_transaction_id(posted),
        grant_id=heard.grant_id,
        value_date=from_date(posted.ask.value_date),
        amount=_money(posted, posted.moved.amount_minor),
        components=to_components(posted.moved.parts),
        charged_off_minor=posted.loan.off(LotKind.CHARGE_OFF).total,
        is_full=outstanding_minor == 0,
        balance_before_minor=posted.balance_before_minor,
        balance_after_minor=outstanding_minor,
        approvers=heard.approvers,
        policy_version=_version(posted),
    )


def _removal(key: Key, told: Heard, posted: Posted) -> ledger.ChargeOffRemoved:
    heard: authorization.AuthorizationGranted = told.message.body
    assert isinstance(posted.asked, RemoveChargeOff)
    return ledger.ChargeOffRemoved(
        meta=told.meta(key, case_id=posted.ask.case_id),
        terms=heard.terms,
        transaction_id=_transaction_id(posted),
        grant_id=heard.grant_id,
        value_date=from_date(posted.ask.value_date),
        amount=_money(posted, posted.moved.amount_minor),
        components=to_components(posted.moved.parts),
        cause=posted.asked.cause or "",
        charged_off_minor=posted.loan.off(LotKind.CHARGE_OFF).total,
        balance_before_minor=posted.balance_before_minor,
        balance_after_minor=posted.loan.outstanding.total,
        approvers=heard.approvers,
        policy_version=_version(posted),
    )


def _reversal(key: Key, told: Heard, posted: Posted) -> ledger.TransactionReversed:
    heard: authorization.AuthorizationGranted = told.message.body
    assert isinstance(posted.asked, Reverse | Undo)
    assert posted.gone is not None, "a reversal takes a transaction away"
    return ledger.TransactionReversed(
        meta=told.meta(key, case_id=posted.ask.case_id),
        terms=heard.terms,
        transaction_id=str(posted.gone.transaction_id),
        command=posted.gone.asked.name,
        grant_id=heard.grant_id,
        value_date=from_date(posted.gone.value_date),
        cause=posted.asked.cause,
        currency=posted.loan.particulars.currency,
        balance_before_minor=posted.balance_before_minor,
        balance_after_minor=posted.loan.outstanding.total,
        status=posted.loan.status.value,
        approvers=heard.approvers,
        policy_version=_version(posted),
    )


def _replayed(
    key: Key, told: Heard, posted: Posted, again: Transaction
) -> ledger.TransactionReplayed:
    because = str(posted.gone.transaction_id) if posted.gone else _transaction_id(posted)
    transaction_id = str(again.transaction_id)
    return ledger.TransactionReplayed(
        meta=told.meta(key, case_id=posted.ask.case_id, part=f"replayed/{transaction_id}"),
        transaction_id=transaction_id,
        command=again.asked.name,
        value_date=from_date(again.value_date),
        because_of=because,
        policy_version=again.policy_version,
    )


def _recovery(key: Key, told: Heard, posted: Posted) -> ledger.RecoveryPosted:
    heard: authorization.AuthorizationGranted = told.message.body
    return ledger.RecoveryPosted(
        meta=told.meta(key, case_id=posted.ask.case_id),
        terms=heard.terms,
        transaction_id=_transaction_id(posted),
        grant_id=heard.grant_id,
        value_date=from_date(posted.ask.value_date),
        amount=_money(posted, posted.moved.amount_minor),
        components=to_components(posted.moved.parts),
        remaining_minor=posted.loan.claim.total,
        approvers=heard.approvers,
        policy_version=_version(posted),
    )


def _pay_off(key: Key, told: Heard, posted: Posted) -> ledger.PayOffPosted:
    heard: authorization.AuthorizationGranted = told.message.body
    return ledger.PayOffPosted(
        meta=told.meta(key, case_id=posted.ask.case_id),
        terms=heard.terms,
        transaction_id=_transaction_id(posted),
        grant_id=heard.grant_id,
        value_date=from_date(posted.ask.value_date),
        amount=_money(posted, posted.moved.amount_minor),
        balance_before_minor=posted.balance_before_minor,
        balance_after_minor=posted.loan.outstanding.total,
        status=posted.loan.status.value,
        approvers=heard.approvers,
        policy_version=_version(posted),
    )


def _payment(key: Key, told: Heard, posted: Posted) -> ledger.PaymentPosted:
    return ledger.PaymentPosted(
        meta=told.meta(key),
        transaction_id=_transaction_id(posted),
        command=posted.asked.name,
        value_date=from_date(posted.ask.value_date),
        amount=_money(posted, posted.moved.amount_minor),
        recovered_minor=posted.moved.recovered_minor,
        overpaid_minor=posted.loan.overpaid_minor,
        balance_before_minor=posted.balance_before_minor,
        balance_after_minor=posted.loan.outstanding.total,
        customer_minor=posted.loan.customer.total,
        status=posted.loan.status.value,
        policy_version=_version(posted),
    )


def _accrual(key: Key, told: Heard, posted: Posted) -> ledger.InterestAccrued:
    return ledger.InterestAccrued(
        meta=told.meta(key),
        transaction_id=_transaction_id(posted),
        value_date=from_date(posted.ask.value_date),
        currency=posted.loan.particulars.currency,
        earned_minor=posted.moved.earned_minor,
        memo_minor=posted.moved.memo_minor,
        balance_after_minor=posted.loan.outstanding.total,
        policy_version=_version(posted),
    )


def to_provisioned(key: Key, told: Heard, event: Provisioned) -> ledger.AllowanceProvisioned:
    """Tell that the allowance was raised or lowered."""
    entry = event.entry
    return ledger.AllowanceProvisioned(
        meta=told.meta(key),
        transaction_id=str(entry.transaction_id),
        value_date=from_date(entry.value_date),
        amount=common.Money(amount_minor=event.amount_minor, currency=entry.currency),
        allowance_after_minor=event.balance_after_minor,
        policy_version=entry.policy_version,
    )


def to_reported(key: Key, told: Heard, event: ChargeOffReported) -> ledger.ChargeOffReported:
    """Tell that a loss was reported of a loan, of which nothing moved."""
    entry = event.entry
    return ledger.ChargeOffReported(
        meta=told.meta(key),
        transaction_id=str(entry.transaction_id),
        value_date=from_date(entry.value_date),
        amount=common.Money(amount_minor=entry.amount_minor or 0, currency=entry.currency),
        percent=told.message.body["fields"].get("percent"),
        outstanding_minor=event.outstanding_minor,
        is_provision=event.is_provision,
        policy_version=entry.policy_version,
    )


def to_refused(key: Key, told: Heard, event: PostingRefused) -> ledger.PostingRefused:
    """Tell a refusal, with the reference that is given back."""
    heard: authorization.AuthorizationGranted = told.message.body
    return ledger.PostingRefused(
        meta=told.meta(key, case_id=event.case_id),
        grant_id=str(event.grant_id),
        code=event.refusal.code,
        message=event.refusal.message,
        approval_reference=heard.terms.approval_reference,
    )


def to_components(parts: Components) -> common.Components:
    """Give amounts by component as records have them."""
    return common.Components(
        principal_minor=parts.principal,
        interest_minor=parts.interest,
        fees_minor=parts.fees,
        penalties_minor=parts.penalties,
        tax_minor=parts.tax,
    )


def _money(posted: Posted, amount_minor: int) -> common.Money:
    return common.Money(amount_minor=amount_minor, currency=posted.loan.particulars.currency)


def _version(posted: Posted) -> str:
    return posted.entry.policy_version


def _transaction_id(posted: Posted) -> str:
    assert posted.transaction is not None, "a posting is a transaction"
    return str(posted.transaction.transaction_id)
