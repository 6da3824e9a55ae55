"""What may be said: one module an owner.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from contracts.records import (
    authorization,
    case,
    core,
    documents,
    ledger,
    notifications,
    requests,
    tasks,
)
from contracts.types import Record

RECORDS: dict[str, type[Record]] = {
    "writeoff.authorization.ApprovalRecorded": authorization.ApprovalRecorded,
    "writeoff.authorization.ApprovalReferenceIssued": authorization.ApprovalReferenceIssued,
    "writeoff.authorization.AuthorizationDeclined": authorization.AuthorizationDeclined,
    "writeoff.authorization.AuthorizationGranted": authorization.AuthorizationGranted,
    "writeoff.authorization.AuthorizationRefused": authorization.AuthorizationRefused,
    "writeoff.authorization.AuthorizationRequested": authorization.AuthorizationRequested,
    "writeoff.case.CaseClosed": case.CaseClosed,
    "writeoff.case.CaseOpened": case.CaseOpened,
    "writeoff.case.CaseReviewed": case.CaseReviewed,
    "writeoff.case.CaseStatus": case.CaseStatus,
    "writeoff.case.LoanUpdateConfirmed": case.LoanUpdateConfirmed,
    "writeoff.case.RequestRefused": case.RequestRefused,
    "writeoff.core.PostingBooked": core.PostingBooked,
    "writeoff.core.PostingRejected": core.PostingRejected,
    "writeoff.documents.DocumentRejected": documents.DocumentRejected,
    "writeoff.documents.DocumentVerified": documents.DocumentVerified,
    "writeoff.documents.RequirementsDetermined": documents.RequirementsDetermined,
    "writeoff.documents.VerificationCompleted": documents.VerificationCompleted,
    "writeoff.ledger.AllowanceProvisioned": ledger.AllowanceProvisioned,
    "writeoff.ledger.AuditBlockSealed": ledger.AuditBlockSealed,
    "writeoff.ledger.ChargeOffPosted": ledger.ChargeOffPosted,
    "writeoff.ledger.ChargeOffRemoved": ledger.ChargeOffRemoved,
    "writeoff.ledger.ChargeOffReported": ledger.ChargeOffReported,
    "writeoff.ledger.InterestAccrued": ledger.InterestAccrued,
    "writeoff.ledger.LoanSnapshot": ledger.LoanSnapshot,
    "writeoff.ledger.Party": ledger.Party,
    "writeoff.ledger.PayOffPosted": ledger.PayOffPosted,
    "writeoff.ledger.PaymentPosted": ledger.PaymentPosted,
    "writeoff.ledger.PeriodClosed": ledger.PeriodClosed,
    "writeoff.ledger.PostingAcknowledged": ledger.PostingAcknowledged,
    "writeoff.ledger.PostingInstructed": ledger.PostingInstructed,
    "writeoff.ledger.PostingRefused": ledger.PostingRefused,
    "writeoff.ledger.RecoveryPosted": ledger.RecoveryPosted,
    "writeoff.ledger.RefinancePosted": ledger.RefinancePosted,
    "writeoff.ledger.TransactionReplayed": ledger.TransactionReplayed,
    "writeoff.ledger.TransactionReversed": ledger.TransactionReversed,
    "writeoff.ledger.WriteOffPosted": ledger.WriteOffPosted,
    "writeoff.notifications.NoticeFailed": notifications.NoticeFailed,
    "writeoff.notifications.NoticeSent": notifications.NoticeSent,
    "writeoff.notifications.NoticeSuppressed": notifications.NoticeSuppressed,
    "writeoff.notifications.NoticesRecorded": notifications.NoticesRecorded,
    "writeoff.requests.WriteOffRequested": requests.WriteOffRequested,
    "writeoff.tasks.TaskClosed": tasks.TaskClosed,
    "writeoff.tasks.TaskOpened": tasks.TaskOpened,
}
"""What is said on topics, by full name."""
