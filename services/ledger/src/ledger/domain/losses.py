"""How losses move: charge-off, write-off, and the removal of what was charged off in error.

That there is room for what is taken was made sure of before.
"""

from dataclasses import dataclass
from fractions import Fraction

from ledger.domain.command import ChargeOff, RemoveChargeOff, WriteOff, taken
from ledger.domain.draft import Draft
from ledger.domain.loan import LotKind, Status
from ledger.domain.money import COMPONENTS, NOTHING, Components
from ledger.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What an entry moved in all, in minor units, and what of it is worth telling."""

    amount_minor: int
    parts: Components = NOTHING
    """Of the amount, where it has parts: as the memo book takes it."""
    reclassified: Components = NOTHING
    """Part of a write-off that was charged off before."""
    recovered_minor: int = 0
    """Part of a payment that came back on what was charged or written off."""
    earned_minor: int = 0
    """Interest that the bank earned."""
    memo_minor: int = 0
    """Interest on what is charged off: never income."""


def charge_off(draft: Draft, command: ChargeOff) -> Moved:
    """Take parts out of the bank's book; the customer owes as before."""
    policy = draft.policy
    parts = taken(command.take, draft.outstanding, rounding=policy.rounding)
    accounts = [
        policy.charge_off_account(component, reason=command.reason, fraud=draft.fraud)
        for component in COMPONENTS
    ]
    _leave(draft, LotKind.CHARGE_OFF, parts, accounts)
    return Moved(amount_minor=parts.total, parts=parts)


def write_off(draft: Draft, command: WriteOff) -> Moved:
    """Move standing charge-offs and parts of what is outstanding to the write-off accounts."""
    policy, reclassified = draft.policy, draft.charged_off
    parts = taken(command.take, draft.outstanding, rounding=policy.rounding)
    accounts = write_off_accounts(policy, command.reason)
    if reclassified.total:
        draft.finalise_lots(accounts)
    _leave(draft, LotKind.WRITE_OFF, parts, accounts)
    if draft.outstanding.total == 0:
        draft.status = Status.CLOSED_WRITTEN_OFF
    parts += reclassified
    return Moved(amount_minor=parts.total, parts=parts, reclassified=reclassified)


def write_off_accounts(policy: Policy, reason: str | None) -> list[str]:
    """Give the code that bears a write-off, by component."""
    return [policy.write_off_account(component, reason=reason) for component in COMPONENTS]


def remove_charge_off(draft: Draft, command: RemoveChargeOff) -> Moved:
    """Put parts back into the bank's book, crediting the lots' accounts."""
    room = removable(draft.charged_off, draft.claim)
    parts = taken(command.take, room, rounding=draft.policy.rounding)
    draft.bnk_up(parts)
    for component, part in parts:
        if part:
            left = draft.use_lots(LotKind.CHARGE_OFF, component, part)
            assert left == 0, "what is removed stands charged off"
    draft.co_down(parts)
    return Moved(amount_minor=parts.total, parts=parts)


def removable(charged_off: Components, claim: Components) -> Components:
    """Give what can be put back: what was recovered cannot."""
    return Components(*map(min, charged_off.minor, claim.minor))


def _leave(draft: Draft, kind: LotKind, parts: Components, accounts: list[str]) -> None:
    """Let parts leave the bank's book for the memo book of what is still owed.

    What is earned but not booked on the principal that leaves goes with it, into memo.
    """
    principal_before = draft.bnk.principal
    draft.add_lots(kind, parts, accounts)
    draft.bnk_down(parts)
    draft.co_up(parts)
    principal = draft.bnk.principal
    if principal == 0:
        draft.earned_bnk = Fraction(draft.booked_bnk_minor)
    elif principal != principal_before:
        unbooked = draft.earned_bnk - draft.booked_bnk_minor
        draft.earned_bnk = draft.booked_bnk_minor + unbooked * principal / principal_before
