"""What happens when something is heard: dispatch only, each rule stands in its own room."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from authorization.domain import deciding, ending, issuing, people
from authorization.domain.commands import (
    ClaimTask,
    Command,
    CompleteTask,
    HearClosing,
    HearPosting,
    HearPostingRefusal,
    HearRemoval,
    HearReversal,
    HearReview,
    HearVerification,
    IssueReference,
    Refuse,
    ReleaseTask,
    RevokeReference,
)
from authorization.domain.events import CommandRefused, Event
from authorization.domain.loan import Loan
from authorization.domain.matrix import Matrix


def decide(loan: Loan, command: Command, *, matrix: Matrix, now: datetime) -> Sequence[Event]:
    """Say what happens. What was taken in before gives no event."""
    match command:
        case HearReview(case):
            return deciding.hear_review(loan, case, matrix=matrix, now=now)
        case HearVerification(case):
            return deciding.hear_verification(loan, case, matrix=matrix, now=now)
        case HearPosting() | HearRemoval() | HearReversal():
            return ending.hear_books(loan, command, matrix=matrix, now=now)
        case HearPostingRefusal(case_id):
            return ending.hear_posting_refusal(loan, case_id, now=now)
        case HearClosing():
            return ending.hear_closing(loan, command, now=now)
        case IssueReference():
            return issuing.issue(loan, command, matrix=matrix, today=now.date())
        case RevokeReference():
            return issuing.revoke(loan, command)
        case ClaimTask():
            return people.claim(loan, command)
        case ReleaseTask():
            return people.release(loan, command)
        case CompleteTask():
            return people.complete(loan, command, matrix=matrix, now=now)
        case Refuse(code, message, field):
            return (CommandRefused(code, message, field),)
        case _:
            assert_never(command)
