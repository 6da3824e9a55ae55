"""A case, and the file of a loan in which its cases lie together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from mesh.tasks import Task

from case.domain.lifecycle import CLOSED, INTAKE, Place
from case.domain.terms import FULL, LOSSES, Loan, Posting, Request, Terms

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_LENGTH = 10
"""50 bits: among ten million cases of a tenant two share a number once in twenty worlds."""


def number_of(case_id: UUID) -> str:
    """Give a case's readable number, as WO-5T3K9Q0ZXA: it follows from the id."""
    bits = case_id.int
    digits = [_CROCKFORD[bits >> 5 * place & 31] for place in range(_NUMBER_LENGTH)]
    return "WO-" + "".join(digits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request on one loan, from intake to one outcome."""

    case_id: UUID
    number: str
    request: Request
    opened_at: datetime
    place: Place = INTAKE
    seq: int = 0
    """How much has happened to it: numbers its timeline and versions its status."""
    updated_at: datetime
    looking_until: datetime | None = None
    """Set while its unknown loan is looked for again."""
    terms: Terms | None = None
    wanted: tuple[str, ...] = ()
    """Documents not there yet."""
    posting: Posting | None = None
    core_reference: str | None = None
    """Set once the core banking system shows the posting."""
    confirmed: bool = False
    notices: tuple[str, ...] | None = None
    """None: not recorded yet."""
    open_tasks: frozenset[UUID] = frozenset()
    """Of any service: while there is one, the case waits for a person."""
    heard: frozenset[UUID] = frozenset()
    """Facts taken in: a repeated one changes nothing."""
    code: str | None = None
    """Why it was closed, unless complete."""
    closed_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """Say whether it is over."""
        return self.place in CLOSED

    @property
    def waits(self) -> bool:
        """Say whether it stands still until a person does something."""
        return bool(self.open_tasks) and not self.is_closed

    @property
    def is_on_the_way(self) -> bool:
        """Say whether the mesh moves it by itself, and soon."""
        return not (self.is_closed or self.open_tasks or self.looking_until or self.waits_for_core)

    @property
    def waits_for_core(self) -> bool:
        """Say whether a core banking system has to book what was posted; the ledger chases it."""
        if self.posting is None or self.confirmed or self.is_closed:
            return False
        return self.posting.instructed is not None and self.core_reference is None

    @property
    def asked(self) -> Request | Terms | Posting:
        """Give what says best now which amount it is about: booked, reviewed, or asked for."""
        return self.posting or self.terms or self.request


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanFile:
    """All that is known here of one loan."""

    tenant: str
    loan_id: str
    loan: Loan | None = None
    cases: Mapping[UUID, Case] = field(default_factory=dict[UUID, Case])
    tasks: Mapping[UUID, Task] = field(default_factory=dict[UUID, Task])

    def with_case(self, case: Case) -> "LoanFile":
        """Give the file with a case put in or changed."""
        return LoanFile(
            tenant=self.tenant,
            loan_id=self.loan_id,
            loan=self.loan,
            cases={**self.cases, case.case_id: case},
            tasks=self.tasks,
        )

    def shows(self, posting: Posting) -> bool:
        """Say whether the loan is known as a posting left it: both are told on topics apart.

        Who sees a case closed may ask for the next at once, and is answered by that loan.
        """
        told_at = self.loan.told_at if self.loan else None
        return posting.booked_at is None or told_at is None or told_at >= posting.booked_at

    def with_task(self, task: Task) -> "LoanFile":
        """Give the file with a task put in or changed."""
        return replace(self, tasks={**self.tasks, task.task_id: task})

    def open_task(self, case_id: UUID, task: str) -> Task | None:
        """Find this service's open task of a case."""
        of_case = (t for t in self.tasks.values() if t.case_id == case_id and t.task == task)
        return next((t for t in of_case if t.closed_at is None), None)

    def rivals(self, case_id: UUID) -> list[Case]:
        """Give the other open losses whose intake passed: they have a claim on the balance."""
        return [
            case
            for case in self.cases.values()
            if case.case_id != case_id
            and case.terms
            and case.terms.kind in LOSSES
            and not case.is_closed
        ]

    def unclaimed_minor(self, case_id: UUID) -> int:
        """Give what is outstanding and no other open case asks for.

        A posting may be heard before the snapshot that shows it: the lower balance counts.
        """
        assert self.loan is not None
        rivals = self.rivals(case_id)
        balances = [c.posting.balance_after_minor for c in rivals if c.posting]
        claims = [c.terms.amount_minor for c in rivals if c.terms and not c.posting]
        return min([self.loan.outstanding_minor, *balances]) - sum(claims)

    def excludes_others(self, case_id: UUID) -> bool:
        """Say whether another open case asks for all there is."""
        return any(c.terms and c.terms.scope == FULL for c in self.rivals(case_id))
