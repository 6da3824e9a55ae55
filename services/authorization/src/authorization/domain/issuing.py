"""Approval references come in from a register, and may be revoked while nothing holds them."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from mesh.people import Person

from authorization.domain.commands import IssueReference, RevokeReference
from authorization.domain.events import (
    CommandRefused,
    Event,
    ReferenceIssued,
    ReferenceRevoked,
    ReferenceUnchanged,
)
from authorization.domain.loan import Loan
from authorization.domain.matrix import Matrix
from authorization.domain.references import Reference
from authorization.domain.terms import Terms

NUMBER = re.compile(r"APPR-[0-9]{4}-[0-9]{3,12}")

IMPORTER = "admin"
REVOKERS = ("admin", "authorizer", "back_office")


def issue(loan: Loan, command: IssueReference, *, matrix: Matrix, today: date) -> Sequence[Event]:
    """Take in a register's entry."""
    wanted = command.reference
    known = loan.references.get(wanted.reference)
    if known is not None and known.is_same_grant(wanted):
        return (ReferenceUnchanged(wanted.reference),)
    if known is not None:
        text = f"{wanted.reference} was issued before, with other content"
        return (CommandRefused("REFERENCE_EXISTS", text, "reference"),)
    refused = why_not_issued(wanted, command.by, matrix=matrix, today=today)
    return (refused or ReferenceIssued(wanted),)


def why_not_issued(
    wanted: Reference, by: Person, *, matrix: Matrix, today: date
) -> CommandRefused | None:
    """Say why an entry is no reference; none: it can be issued."""
    life = wanted.expires - wanted.issued
    if IMPORTER not in by.roles:
        return CommandRefused("ROLE_NEEDED", f"importing a register needs the role {IMPORTER}")
    if not NUMBER.fullmatch(wanted.reference):
        return CommandRefused("INVALID_FIELDS", "APPR-, year, -, 3 to 12 digits", "reference")
    if unknown := wanted.reasons - matrix.reasons:
        return CommandRefused("UNKNOWN_REASON", f"no reason: {min(unknown)}", "reasons")
    if wanted.issued > today:
        return CommandRefused("FUTURE_DATE", "issued after today", "issued")
    if life > timedelta(days=matrix.reference_days_max):
        text = f"a reference lives at most {matrix.reference_days_max} days"
        return CommandRefused("INVALID_FIELDS", text, "expires")
    if any(approver.id == by.id for approver in wanted.approvers):
        text = f"{by.id} cannot enter an approval of his own"
        return CommandRefused("MAKER_IS_CHECKER", text, "approvers")
    if not _is_met(wanted, matrix):
        text = "the matrix asks for more people or a higher level for this amount"
        return CommandRefused("LEVEL_TOO_LOW", text, "approvers")
    return None


def revoke(loan: Loan, command: RevokeReference) -> Sequence[Event]:
    """Take a reference out of use; what a case holds or has used stays as it is."""
    known = loan.references.get(command.reference)
    if not command.by.is_any(REVOKERS):
        text = f"revoking needs the role {' or '.join(REVOKERS)}"
        return (CommandRefused("ROLE_NEEDED", text),)
    if known is None or known.loan_id != loan.loan_id:
        return (CommandRefused("APPROVAL_UNKNOWN", "no such reference"),)
    match known.standing:
        case "REVOKED":
            return (ReferenceUnchanged(known.reference),)
        case "RESERVED" | "CONSUMED":
            return (CommandRefused("APPROVAL_USED", "a case holds it or has used it"),)
        case "ISSUED":
            return (ReferenceRevoked(known.reference),)


def _is_met(wanted: Reference, matrix: Matrix) -> bool:
    """Say whether these people could decide on such an amount, on the loan that asks for least.

    Segment, product and flags are the case's: what they ask for besides is checked at its decision.
    """
    least = Terms(
        kind=wanted.kind,
        scope="PARTIAL",
        amount_minor=wanted.amount_max_minor,
        currency=wanted.currency,
        reason="",
        date=wanted.issued,
        segment="BUSINESS",
        product="",
        maker="",
    )
    usd = matrix.usd(wanted.amount_max_minor, wanted.currency)
    return matrix.need(least, usd, tenant="").is_met_by(wanted.approvers)
