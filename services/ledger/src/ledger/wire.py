"""The border: contracts and commands ↔ the domain."""

from uuid import UUID

from contracts.records import authorization, common, ledger
from contracts.types import from_date, to_date, to_datetime
from mesh.service import Key, Message, Told, derive

from ledger.domain.decide import (
    Command,
    Event,
    ImportLoan,
    ImportParty,
    PostingRefused,
    WriteOffPosted,
)
from ledger.domain.grant import Post, Terms
from ledger.domain.loan import Loan, LotKind
from ledger.domain.money import Components
from ledger.domain.row import Party


def key_of(message: Message) -> Key:
    """Say whose state a message concerns: a loan's, or a party's."""
    match message.kind:
        case "AuthorizationGranted":
            meta = message.body.meta
            assert meta.loan_id, "a grant is for a loan"
            return Key(meta.tenant, meta.loan_id)
        case "ImportLoan":
            return Key(message.tenant, message.body["loan_id"])
        case "ImportParty":
            return Key(message.tenant, message.body["customer_id"], "party")
        case _:
            raise ValueError(f"the ledger does not hear {message.kind}")


def to_command(message: Message) -> Command:
    """Hear a message as a command."""
    match message.kind:
        case "AuthorizationGranted":
            return _to_post(message.body, message.message_id)
        case "ImportLoan":
            entry_id = derive(message.message_id, "entry")
            return ImportLoan(message.body, entry_id, derive(entry_id, "transaction"))
        case "ImportParty":
            return ImportParty(message.body)
        case _:
            raise ValueError(f"the ledger does not hear {message.kind}")


def _to_post(record: authorization.AuthorizationGranted, message_id: UUID) -> Post:
    meta, terms = record.meta, record.terms
    assert meta.loan_id, "a grant is for a loan"
    assert meta.case_id, "a grant is of a case"
    case_id = UUID(meta.case_id)
    return Post(
        tenant=meta.tenant,
        loan_id=meta.loan_id,
        case_id=case_id,
        grant_id=UUID(record.grant_id),
        terms=Terms(
            kind=terms.kind,
            scope=terms.scope,
            amount_minor=terms.amount.amount_minor,
            currency=terms.amount.currency,
            reason=terms.reason,
            date=to_date(terms.date),
        ),
        terms_hash=record.terms_hash,
        amount_max_minor=record.amount_max_minor,
        expires_at=to_datetime(record.expires_at),
        entry_id=derive(message_id, "entry"),
        transaction_id=derive(case_id, "transaction"),
    )


def to_posted(key: Key, told: Told[Event], event: WriteOffPosted) -> ledger.WriteOffPosted:
    """Tell a posting, with the terms that were granted."""
    heard: authorization.AuthorizationGranted = told.message.body
    entry = event.entry
    return ledger.WriteOffPosted(
        meta=told.meta(key, case_id=entry.case_id),
        terms=heard.terms,
        transaction_id=str(entry.transaction_id),
        grant_id=heard.grant_id,
        value_date=from_date(entry.value_date),
        amount=common.Money(amount_minor=event.taken.total, currency=entry.currency),
        components=_components(event.taken),
        reclassified_minor=event.reclassified.total,
        balance_before_minor=event.balance_before_minor,
        balance_after_minor=event.loan.outstanding.total,
        approvers=heard.approvers,
        policy_version=entry.policy_version,
    )


def to_refused(key: Key, told: Told[Event], event: PostingRefused) -> ledger.PostingRefused:
    """Tell a refusal, with the reference that is given back."""
    heard: authorization.AuthorizationGranted = told.message.body
    return ledger.PostingRefused(
        meta=told.meta(key, case_id=event.case_id),
        grant_id=str(event.grant_id),
        code=event.refusal.code,
        message=event.refusal.message,
        approval_reference=heard.terms.approval_reference,
    )


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
        balances=_components(loan.bnk),
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


def _components(parts: Components) -> common.Components:
    return common.Components(
        principal_minor=parts.principal,
        interest_minor=parts.interest,
        fees_minor=parts.fees,
        penalties_minor=parts.penalties,
        tax_minor=parts.tax,
    )
