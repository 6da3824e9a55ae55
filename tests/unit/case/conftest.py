"""A loan, requests, and a story in which they are heard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from case.domain.case import Case, LoanFile
from case.domain.commands import Command, OpenCase, TakeLoan
from case.domain.decide import decide
from case.domain.events import CaseClosed, Event
from case.domain.evolve import evolve
from case.domain.policy import Policy
from case.domain.terms import Loan, Request
from mesh.people import Person

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

LOAN: dict[str, Any] = {
    "version": (1, 1),
    "customer_id": "C-1",
    "product": "PERSONAL_LOAN",
    "segment": "PERSONAL",
    "currency": "USD",
    "status": "ACTIVE",
    "opened": date(2024, 1, 1),
    "outstanding_minor": 100_000,
    "charged_off_minor": 0,
    "last_transaction": date(2026, 6, 1),
}

REQUEST: dict[str, Any] = {
    "loan_id": "LN-1",
    "request_id": "R-1",
    "channel": "TOPIC",
    "source": "lending",
    "kind": "WRITE_OFF",
    "scope": "FULL",
    "date": date(2026, 11, 24),
    "reason": "UNCOLLECTIBLE",
    "maker": "source:lending",
}


@dataclass
class Story:
    """Hears one thing after the other; keeps what happened."""

    policy: Policy
    file: LoanFile = field(default_factory=lambda: LoanFile(tenant="demo", loan_id="LN-1"))
    now: datetime = NOON
    told: list[Event] = field(default_factory=list)

    def loan(self, **changes: Any) -> Sequence[Event]:
        return self.hear(TakeLoan(loan=Loan(**{**LOAN, **changes})))

    def request(self, number: int = 1, **changes: Any) -> Sequence[Event]:
        asked = Request(**{**REQUEST, "request_id": f"R-{number}", **changes})
        return self.hear(OpenCase(case_id=UUID(int=number), request=asked))

    def hear(self, command: Command) -> Sequence[Event]:
        events = decide(self.file, command, now=self.now, policy=self.policy)
        for event in events:
            self.file = evolve(self.file, event)
        self.told += events
        return events

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def case(self, number: int = 1) -> Case:
        return self.file.cases[UUID(int=number)]

    def names(self, events: Sequence[Event]) -> list[str]:
        return [type(event).__name__ for event in events]

    def refusal(self, events: Sequence[Event]) -> str | None:
        """Give the code with which a case was closed by these events."""
        return next((e.code for e in events if isinstance(e, CaseClosed)), None)


@pytest.fixture(scope="session")
def new_story() -> Callable[[], Story]:
    return lambda: Story(Policy(sources={"lending": frozenset({"demo"})}))


@pytest.fixture
def story(new_story: Callable[[], Story]) -> Story:
    return new_story()


@pytest.fixture
def ana() -> Person:
    return Person("ana", frozenset({"loan_agent"}))


@pytest.fixture
def bea() -> Person:
    return Person("bea", frozenset({"back_office"}), level=2)
