"""Interest: booked as the rounded total less what is booked, so that nothing drifts."""

from ledger.domain.draft import Draft
from ledger.domain.loan import Status
from ledger.domain.losses import Moved
from ledger.domain.money import Component, Components, rounded


def accrue(draft: Draft) -> Moved:
    """Book what is earned: income on the bank's part, memo on the rest of the customer's.

    On a loan that is not active any more, as a replay can find it, nothing.
    """
    if draft.status is not Status.ACTIVE:
        return Moved(amount_minor=0)
    policy = draft.policy
    due_minor = rounded(draft.earned_cust, policy.rounding) - draft.booked_cust_minor
    due_bnk_minor = rounded(draft.earned_bnk, policy.rounding) - draft.booked_bnk_minor
    earned_minor = max(0, min(due_bnk_minor, due_minor))
    memo_minor = due_minor - earned_minor
    from_unearned_minor = min(draft.unearned_minor, earned_minor)
    draft.debit(policy.bnk("UNEARNED_INTEREST"), from_unearned_minor, Component.INTEREST)
    draft.bnk_up(Components(interest=earned_minor - from_unearned_minor))
    draft.credit(policy.bnk("INTEREST_INCOME"), earned_minor, Component.INTEREST)
    draft.co_up(Components(interest=memo_minor))
    draft.cust_up(Components(interest=due_minor - from_unearned_minor))
    draft.unearned_minor -= from_unearned_minor
    draft.memo_minor += memo_minor
    draft.booked_bnk_minor += earned_minor
    draft.booked_cust_minor += due_minor
    return Moved(amount_minor=due_minor, earned_minor=earned_minor, memo_minor=memo_minor)


def release_unearned(draft: Draft) -> None:
    """Give back what was never earned of a loan that the bank's book does not hold any more."""
    unearned = Components(interest=draft.unearned_minor)
    account = draft.policy.bnk("UNEARNED_INTEREST")
    draft.debit(account, draft.unearned_minor, Component.INTEREST)
    draft.unearned_minor = 0
    draft.bnk_down(unearned)
    draft.cust_down(unearned)
