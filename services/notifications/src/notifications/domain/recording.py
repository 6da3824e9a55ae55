"""Which notice a posting makes due, and whether a rule keeps it back."""

from datetime import datetime, timedelta
from uuid import uuid5

from notifications.domain.events import Posting
from notifications.domain.notices import (
    Content,
    Held,
    LoanNotices,
    Notice,
    Pending,
    Standing,
    Suppressed,
    Tone,
)
from notifications.domain.policy import Policy, Suppression

NOTICE = "WRITE_OFF_NOTICE"


def record(
    posting: Posting, state: LoanNotices, *, now: datetime, policy: Policy
) -> tuple[Notice, bool]:
    """Give the customer's notice of a write-off, and whether a person is asked about it."""
    fits = _first_that_fits(posting, policy)
    notice = Notice(
        notice_id=uuid5(posting.posting_id, f"{NOTICE}/{posting.customer_id}"),
        posting_id=posting.posting_id,
        case_id=posting.case_id,
        notice=NOTICE,
        recipient=posting.customer_id,
        deadline=posting.booked + timedelta(days=policy.deadline_days),
        content=_content(posting, state, policy, fits),
        standing=_standing(fits, now=now, policy=policy),
    )
    return notice, fits is not None and fits.effect == "SUPPRESS_AND_ASK"


def _first_that_fits(posting: Posting, policy: Policy) -> Suppression | None:
    """Find the rule that keeps a notice back or changes its tone."""
    for rule in policy.suppressions:
        if (
            posting.reason in rule.reasons
            or posting.litigation in rule.litigation
            or (rule.is_fraud and posting.is_fraud)
        ):
            return rule
    return None


def _standing(fits: Suppression | None, *, now: datetime, policy: Policy) -> Standing:
    """Say how a notice begins."""
    match fits:
        case Suppression(effect="SUPPRESS" | "SUPPRESS_AND_ASK"):
            return Suppressed(fits.rule)
        case Suppression(effect="HOLD"):
            share, whole = policy.remind_share
            waits = timedelta(days=policy.deadline_days) * share // whole
            return Held(fits.rule, now + waits)
        case _:
            return Pending(policy.channels[0], now)


def _content(
    posting: Posting, state: LoanNotices, policy: Policy, fits: Suppression | None
) -> Content:
    """Give what the notice tells; what was written off before is owed as well."""
    told = [notice.content for notice in state.notices.values()]
    before = sum(content.amount_minor for content in told if content.tone != "DISCHARGED")
    return Content(
        case_number=posting.case_number,
        product=posting.product,
        segment=posting.segment,
        currency=posting.currency,
        principal_minor=posting.principal_minor,
        interest_minor=posting.interest_minor,
        fees_minor=posting.fees_minor,
        penalties_minor=posting.penalties_minor,
        tax_minor=posting.tax_minor,
        amount_minor=posting.amount_minor,
        owed_minor=posting.balance_after_minor + posting.amount_minor + before,
        date=posting.value_date,
        tone=_tone(posting, policy, fits),
    )


def _tone(posting: Posting, policy: Policy, fits: Suppression | None) -> Tone:
    """Say whether the notice may speak of a debt."""
    if posting.collection_ceases or posting.reason in policy.discharging_reasons:
        return "DISCHARGED"
    return "INFORMATION" if fits is not None and fits.effect == "INFORM" else "OWED"
