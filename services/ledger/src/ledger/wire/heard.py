"""What the ledger hears, as commands of the domain: grants, commands of its doors, timers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.records import authorization, common
from contracts.types import to_date, to_datetime
from mesh.currency import DECIMALS
from mesh.service import Key, Message, derive

from ledger.domain.ask import Ask
from ledger.domain.asked import read
from ledger.domain.command import Asked, ReportChargeOff, Reverse, Undo
from ledger.domain.decide import (
    Command,
    ImportLoan,
    ImportParty,
    LoanState,
    OpenRefinanced,
    Provide,
    Report,
    State,
)
from ledger.domain.grant import KindTerms, Post, Terms
from ledger.domain.money import Components
from ledger.domain.refusal import Refusal
from ledger.domain.reporting import read_report
from ledger.wants import Wants
from ledger.wire import renewal

DOORS: Mapping[str, str] = {
    "Repay": "repay",
    "Refund": "refund",
    "GoodwillCredit": "goodwill_credit",
    "CreditBalanceRefund": "credit_balance_refund",
    "Accrue": "accrue",
    "Provision": "provision",
    "ReportChargeOff": ReportChargeOff.name,
}
"""What the ledger's own doors put in, by the name that the domain has for it."""

PREVIEW = "Preview"
"""What a door only looks at: any command of a loan, as if it were granted. Never put in."""

TAKING_AWAY = (Reverse.name, Undo.name)

NO_LOAN_DECIMALS = 2
"""Of a loan that is not there nothing is read further: UNKNOWN_LOAN comes first."""


def key_of(message: Message) -> Key:
    """Say which loan a record is about."""
    if message.kind != "AuthorizationGranted":
        raise ValueError(f"the ledger does not hear {message.kind}")
    meta = message.body.meta
    assert meta.loan_id, "a grant is for a loan"
    return Key(meta.tenant, meta.loan_id)


def to_command(message: Message, state: State, *, now: datetime) -> Command:
    """Hear a message as a command."""
    match message.kind:
        case "AuthorizationGranted":
            return _to_post(message.body, message.message_id)
        case "ImportLoan":
            entry_id = derive(message.message_id, "entry")
            return ImportLoan(message.body, entry_id, derive(entry_id, "transaction"))
        case "ImportParty":
            return ImportParty(message.body)
        case renewal.KIND:
            return OpenRefinanced(renewal.to_new_loan(message.body["new_loan"]))
        case "Provision":
            currency: str = message.body["currency"]
            ask = to_ask(message, decimals=DECIMALS[currency], today=now.date())
            return Provide(ask, currency)
        case "ReportChargeOff":
            return Report(to_ask(message, decimals=_decimals(state), today=now.date()))
        case _:
            return to_ask(message, decimals=_decimals(state), today=now.date())


def to_ask(message: Message, *, decimals: int, today: date) -> Ask:
    """Hear what a door of the ledger put in; its body is as `api.postings` makes it."""
    body: Mapping[str, Any] = message.body
    is_preview = message.kind == PREVIEW
    name: str = body["command"] if is_preview else DOORS[message.kind]
    transaction_id = derive(message.message_id, "transaction")
    return Ask(
        name=name,
        asked=_read(name, body["fields"], decimals),
        value_date=date.fromisoformat(body["date"]),
        today=today,
        tx=str(transaction_id),
        transaction_id=transaction_id,
        entry_id=derive(message.message_id, "entry"),
        currency=body["currency"],
        approval=PREVIEW if is_preview else None,
    )


def _read(name: str, fields: Mapping[str, Any], decimals: int) -> Asked | Refusal:
    if name == ReportChargeOff.name:
        return read_report(fields, decimals=decimals)
    return read(name, fields, decimals=decimals)


def _decimals(state: State) -> int:
    if isinstance(state, LoanState) and state.loan is not None:
        return DECIMALS[state.loan.particulars.currency]
    return NO_LOAN_DECIMALS


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
            of_kind=to_kind_terms(terms.of_kind) if terms.of_kind else None,
        ),
        terms_hash=record.terms_hash,
        amount_max_minor=record.amount_max_minor,
        expires_at=to_datetime(record.expires_at),
        entry_id=derive(message_id, "entry"),
        transaction_id=derive(case_id, "transaction"),
    )


def to_kind_terms(told: common.KindTerms) -> KindTerms:
    """Read what only some kinds ask for."""
    return KindTerms(
        transaction_id=told.transaction_id,
        undo=told.undo,
        cause=told.cause,
        new_loan_id=told.new_loan_id,
        rate=told.rate,
        percent=told.percent,
        components=_to_components(told.components) if told.components else None,
    )


def _to_components(told: common.Components) -> Components:
    return Components(
        principal=told.principal_minor,
        interest=told.interest_minor,
        fees=told.fees_minor,
        penalties=told.penalties_minor,
        tax=told.tax_minor,
    )


def to_wants(message: Message) -> Wants:
    """Say what must be known of a loan to decide on a message."""
    match message.kind:
        case "AuthorizationGranted":
            terms: common.Terms = message.body.terms
            return Wants(
                to_date(terms.date),
                takes_away=terms.kind == "REVERSAL",
                new_loan=terms.of_kind.new_loan_id if terms.of_kind else None,
            )
        case "ImportLoan":
            return Wants(new_loan=message.body["loan_id"])
        case _ if "fields" in message.body:
            return _to_wants(message.body)
        case _:
            return Wants()


def _to_wants(body: Mapping[str, Any]) -> Wants:
    """Say what a command of a door wants; most name themselves by their message only."""
    new_loan = body["fields"].get("new_loan")
    return Wants(
        date.fromisoformat(body["date"]),
        takes_away=body.get("command") in TAKING_AWAY,
        new_loan=new_loan if isinstance(new_loan, str) else None,
    )
