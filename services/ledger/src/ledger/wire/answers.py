"""What a caller at the ledger's own doors is told of a command; amounts are decimal strings."""

from typing import Any

from mesh.service import Answer

from ledger.domain.events import AskRefused, ChargeOffReported, Posted, Provisioned
from ledger.domain.money import to_text


def to_answer(event: Posted | Provisioned | ChargeOffReported | AskRefused) -> Answer:
    """Answer that it was posted, or why not."""
    match event:
        case Posted():
            return Answer(_posted(event))
        case Provisioned(entry, amount_minor, balance_after_minor):
            return Answer(
                {
                    "result": "posted",
                    "transaction_id": str(entry.transaction_id),
                    "entries": [str(entry.entry_id)],
                    "currency": entry.currency,
                    "amount": to_text(amount_minor, entry.currency),
                    "allowance": to_text(balance_after_minor, entry.currency),
                }
            )
        case ChargeOffReported(
            entry=entry, outstanding_minor=outstanding_minor, is_provision=is_provision
        ):
            return Answer(
                {
                    "result": "reported",
                    "transaction_id": str(entry.transaction_id),
                    "entries": [str(entry.entry_id)],
                    "currency": entry.currency,
                    "amount": to_text(entry.amount_minor or 0, entry.currency),
                    "outstanding": to_text(outstanding_minor, entry.currency),
                    "effect": "PROVISION" if is_provision else "REPORT_LINE",
                }
            )
        case AskRefused(_, refusal):
            return Answer({"result": "refused", "message": refusal.message}, refusal.code)


def _posted(posted: Posted) -> dict[str, Any]:
    loan, currency = posted.loan, posted.loan.particulars.currency
    own = posted.transaction or posted.gone
    assert own is not None, "something was posted or taken away"
    return {
        "result": "posted",
        "transaction_id": str(own.transaction_id),
        "entries": [str(entry.entry_id) for entry in posted.entries],
        "currency": currency,
        "amount": to_text(posted.moved.amount_minor, currency),
        "balance_before": to_text(posted.balance_before_minor, currency),
        "balance_after": to_text(loan.outstanding.total, currency),
        "customer_owes": to_text(loan.customer.total, currency),
        "overpaid": to_text(loan.overpaid_minor, currency),
        "status": loan.status.value,
    }
