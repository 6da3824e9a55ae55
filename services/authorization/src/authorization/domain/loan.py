"""What is known here of one loan: its cases, its approval references, what was written off."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal
from uuid import UUID

from mesh.tasks import Task

from authorization.domain.matrix import Matrix, Need
from authorization.domain.references import Reference
from authorization.domain.terms import LOSS_OF_UNDO, LOSSES, Approver, Terms

type End = Literal["REFUSED", "DECLINED", "WITHDRAWN", "COMPLETE", "POSTING_REFUSED", "POSTED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The case is open; its documents are looked for elsewhere."""

    case_id: UUID
    terms: Terms
    reviewer: str | None
    """Who reviewed it; none: policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The documents are complete; the review is not heard yet."""

    case_id: UUID
    terms: Terms
    cause: UUID
    """The message that asked for the decision: ids of its results follow from it."""
    agent: str | None
    """The case's document agent; none: policy."""
    is_attested: bool
    """A requirement was met because the approval reference attests the documents."""
    heard: str
    """All terms as text, as they came: said on in the grant, not looked into here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """People have to decide."""

    case_id: UUID
    terms: Terms
    cause: UUID
    heard: str
    makers: frozenset[str]
    """Who made, reviewed or verified the case, or approved what it takes back: none decides."""
    need: Need
    approvals: tuple[Approver, ...] = ()

    @property
    def barred(self) -> frozenset[str]:
        """Give the persons who may not approve, or not again."""
        sanctioner = {self.terms.sanctioner} if self.terms.sanctioner else frozenset[str]()
        return self.makers | sanctioner | {approver.id for approver in self.approvals}


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The case may be posted."""

    case_id: UUID
    terms: Terms
    grant_id: UUID
    need: Need
    """Who had to decide on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Nothing is to be decided any more."""

    case_id: UUID
    end: End


type Case = Reviewed | Verified | Requested | Granted | Over


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOff:
    """A loss in the books."""

    transaction_id: UUID
    case_id: UUID
    kind: str
    amount_minor: int
    """What it added: a write-off's own part, without what was charged off before."""
    currency: str
    booked: date
    """The day on which it was booked, whatever its value date: nobody dates a loss out of sight."""
    need: Need
    """Who had to decide on it: so much it takes to take it back."""
    approvers: tuple[Approver, ...]
    returned_minor: int = 0
    """Taken back since."""
    is_gone: bool = False
    """Reversed: it does not stand any more."""

    @property
    def standing_minor(self) -> int:
        """Give what of it still counts."""
        return 0 if self.is_gone else self.amount_minor - self.returned_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """All that authority knows of one loan."""

    tenant: str
    loan_id: str
    cases: Mapping[UUID, Case] = field(default_factory=dict[UUID, Case])
    references: Mapping[str, Reference] = field(default_factory=dict[str, Reference])
    """The loan's own, and those of the tenant's other loans that a message names."""
    written_off: Mapping[UUID, WrittenOff] = field(default_factory=dict[UUID, WrittenOff])
    tasks: Mapping[UUID, Task] = field(default_factory=dict[UUID, Task])

    def usd_that_counts(
        self, case_id: UUID, terms: Terms, *, matrix: Matrix, today: date
    ) -> Fraction | None:
        """Add up a loss, the other open ones and what was taken as loss in the last 365 days.

        So splitting lowers nothing. What is no loss adds up with open cases of its own kind only.
        In US dollars; none where a currency has no rate.
        """
        kinds = LOSSES if terms.kind in LOSSES else {terms.kind}
        since = today - timedelta(days=matrix.exposure_days)
        losses = [
            (loss.standing_minor, loss.currency)
            for loss in self.written_off.values()
            if loss.booked >= since and _counts_beside(loss, terms)
        ]
        open_cases = [
            (case.terms.amount_minor, case.terms.currency)
            for case in self.cases.values()
            if not isinstance(case, Over) and case.case_id != case_id and case.terms.kind in kinds
        ]
        total = Fraction(0)
        for amount in ((terms.amount_minor, terms.currency), *open_cases, *losses):
            usd = matrix.usd(*amount)
            if usd is None:
                return None
            total += usd
        return total

    def taken_back(self, terms: Terms) -> list[WrittenOff]:
        """Give the losses that a correction may take back; none: what it takes back is no loss.

        Which of several is the last one is for the ledger to say.
        """
        of_kind = terms.of_kind
        standing = [loss for loss in self.written_off.values() if not loss.is_gone]
        match terms.kind:
            case "REMOVAL":
                return [loss for loss in standing if loss.kind == "CHARGE_OFF"]
            case "REVERSAL" if of_kind and of_kind.undo is not None:
                kind = LOSS_OF_UNDO.get(of_kind.undo)
                return [loss for loss in standing if loss.kind == kind]
            case "REVERSAL" if of_kind:
                named = of_kind.transaction_id
                return [loss for loss in standing if str(loss.transaction_id) == named]
            case _:
                return []

    def reserved_by(self, case_id: UUID) -> Iterator[Reference]:
        """Give the references of this loan that the case holds and has not used."""
        for reference in self.references.values():
            if reference.case_id == case_id and reference.standing == "RESERVED":
                yield reference

    def open_tasks(self, case_id: UUID) -> Iterator[Task]:
        """Give the case's tasks that wait for a person."""
        for task in self.tasks.values():
            if task.case_id == case_id and task.closed_at is None:
                yield task


def _counts_beside(loss: WrittenOff, terms: Terms) -> bool:
    """Say whether a loss adds to what a case asks for: each counts once.

    All that stands charged off is in the amount of a write-off of the whole loan.
    """
    if terms.kind == "WRITE_OFF" and terms.scope == "FULL":
        return loss.kind != "CHARGE_OFF"
    return terms.kind in LOSSES
