"""The words in which tests of authority speak."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
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
    Outcome,
    ReleaseTask,
    RevokeReference,
)
from authorization.domain.decide import decide
from authorization.domain.events import Event
from authorization.domain.evolve import evolve
from authorization.domain.loan import Loan, Reviewed, Verified
from authorization.domain.matrix import Matrix
from authorization.domain.references import Reference
from authorization.domain.terms import Approver, Terms
from authorization.policy import shipped_matrix
from mesh.people import Person
from mesh.tasks import Task

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Words:
    """What is heard and asked, made of few words."""

    now = NOW
    case = UUID(int=1)
    other_case = UUID(int=2)
    terms = Terms(
        kind="WRITE_OFF",
        scope="FULL",
        amount_minor=200_000,
        currency="USD",
        reason="UNCOLLECTIBLE",
        date=date(2026, 11, 24),
        segment="PERSONAL",
        product="PERSONAL_LOAN",
        maker="u-17",
    )
    reference = Reference(
        reference="APPR-2026-001",
        loan_id="LN-1",
        kind="WRITE_OFF",
        amount_max_minor=200_000,
        currency="USD",
        reasons=frozenset(),
        approvers=(Approver("l5-eve", 5), Approver("l4-deb", 4)),
        issued=date(2026, 11, 1),
        expires=date(2027, 1, 30),
        attests_documents=True,
        issued_by="adele",
    )
    admin = Person("adele", frozenset({"admin"}))

    @property
    def named(self) -> Terms:
        return replace(self.terms, approval_reference=self.reference.reference)

    def person(self, name: str, *, level: int = 0, role: str = "authorizer") -> Person:
        return Person(name, frozenset({role}), level)

    def review(
        self, terms: Terms | None = None, *, case: UUID | None = None, reviewer: str | None = None
    ) -> HearReview:
        terms = terms or self.terms
        return HearReview(Reviewed(case_id=case or self.case, terms=terms, reviewer=reviewer))

    def verification(
        self,
        terms: Terms | None = None,
        *,
        case: UUID | None = None,
        agent: str | None = None,
        is_attested: bool = False,
    ) -> HearVerification:
        case = case or self.case
        return HearVerification(
            Verified(
                case_id=case,
                terms=terms or self.terms,
                cause=uuid5(case, "verified"),
                agent=agent,
                is_attested=is_attested,
                heard="{}",
            )
        )

    def posting(
        self,
        terms: Terms | None = None,
        *,
        case: UUID | None = None,
        booked: date | None = None,
        approvers: tuple[Approver, ...] = (),
        adds_minor: int | None = None,
    ) -> HearPosting:
        terms, case = terms or self.terms, case or self.case
        return HearPosting(
            case_id=case,
            transaction_id=self.transaction(case),
            terms=terms,
            amount_minor=terms.amount_minor if adds_minor is None else adds_minor,
            booked=booked or self.now.date(),
            grant_id=self.grant_id(case),
            approvers=approvers,
        )

    def transaction(self, case: UUID | None = None) -> UUID:
        return uuid5(case or self.case, "posted")

    def removal(self, amount_minor: int, *, case: UUID) -> HearRemoval:
        return HearRemoval(
            case_id=case,
            terms=self.terms,
            amount_minor=amount_minor,
            grant_id=self.grant_id(case),
            approvers=(),
        )

    def grant_id(self, case: UUID | None = None) -> UUID:
        return uuid5(uuid5(case or self.case, "verified"), "grant")

    def reversal(self, of: UUID, *, case: UUID, restores_minor: int | None = None) -> HearReversal:
        return HearReversal(
            case_id=case,
            transaction_id=of,
            is_of_removal=restores_minor is not None,
            terms=replace(self.terms, amount_minor=restores_minor or 0),
            grant_id=self.grant_id(case),
            approvers=(),
        )

    def refusal(self, *, case: UUID | None = None) -> HearPostingRefusal:
        return HearPostingRefusal(case or self.case)

    def closing(
        self, outcome: Outcome, *, case: UUID | None = None, terms: Terms | None = None
    ) -> HearClosing:
        terms = terms or self.terms
        return HearClosing(
            case_id=case or self.case,
            outcome=outcome,
            kind=terms.kind,
            approval_reference=terms.approval_reference,
        )

    def issue(self, by: Person | None = None, **changed: Any) -> IssueReference:
        return IssueReference(replace(self.reference, **changed), by or self.admin)

    def revoke(self, by: Person | None = None) -> RevokeReference:
        return RevokeReference(self.reference.reference, by or self.admin)

    def claim(self, task: Task, by: Person) -> ClaimTask:
        return ClaimTask(task.task_id, by)

    def release(self, task: Task, by: Person) -> ReleaseTask:
        return ReleaseTask(task.task_id, by)

    def complete(
        self, task: Task, by: Person, decision: str = "approve", comment: str = ""
    ) -> CompleteTask:
        return CompleteTask(task_id=task.task_id, decision=decision, comment=comment, by=by)


@dataclass
class Scene:
    """A loan to which things happen."""

    matrix: Matrix
    now: datetime = NOW
    loan: Loan = field(default_factory=lambda: Loan(tenant="demo", loan_id="LN-1"))

    def hear(self, *commands: Command) -> Sequence[Event]:
        """Hear one thing after the other; give the events of the last."""
        events: Sequence[Event] = ()
        for command in commands:
            events = decide(self.loan, command, matrix=self.matrix, now=self.now)
            for event in events:
                self.loan = evolve(self.loan, event)
        return events

    @property
    def open_task(self) -> Task:
        [task] = (task for task in self.loan.tasks.values() if task.closed_at is None)
        return task


@pytest.fixture(scope="session")
def words() -> Words:
    return Words()


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    return shipped_matrix()


@pytest.fixture
def scene(matrix: Matrix) -> Scene:
    return Scene(matrix)


@pytest.fixture(scope="session")
def new_scene(matrix: Matrix) -> Callable[[], Scene]:
    """Return what makes a scene: in a property each example has its own."""
    return lambda: Scene(matrix)
