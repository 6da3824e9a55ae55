"""The demo, played: import, approvals, requests, people, until every case is over."""

import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from writeoff.demo.asks import SOURCE, TENANT, Ask, asks
from writeoff.demo.measure import durations, latency
from writeoff.demo.people import People
from writeoff.demo.portfolio import Loan, portfolio
from writeoff.demo.upstream import publish
from writeoff.door import Doors, Json
from writeoff.exits import Exit, Trouble
from writeoff.identity import case_of_request
from writeoff.session import Session
from writeoff.verbs import approvals, loans, report

CHUNK = 500

SETTLE_S = 300.0
"""Unknown loans are looked for for 30 s; everything else takes a few seconds on two cores."""

NOTICES_S = 60.0
"""A slow mail server holds nobody's case, nor the demo."""

ROUND_S = 0.3

CLOCK_SLACK_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large a demo is, and which run of its seed this is."""

    loans: int
    requests: int
    seed: int
    run: int = 0

    @property
    def runs_per_portfolio(self) -> int:
        """So many runs find loans of their own in one portfolio, a third more than they need."""
        return max(1, self.loans * 3 // max(self.requests * 4, 1))


@dataclass(slots=True)
class Play:
    """One run."""

    session: Session
    plan: Plan
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def perform(self) -> Json:
        """Play it all, and return its summary."""
        today = self.started.date()
        every = self.plan.runs_per_portfolio
        number, place = divmod(self.plan.run, every)
        book = portfolio(
            seed=self.plan.seed, number=number, loans=self.plan.loans, today=_first_day(self)
        )
        mine = book[place::every]
        made = asks(
            mine, count=self.plan.requests, seed=self.plan.seed, run=self.plan.run, today=today
        )
        admin = self.session.person("admin")
        with Doors(self.session.env, admin, TENANT) as doors:
            self._import(doors, book)
            self._approve(doors, made)
            self._publish(made)
            standings, people = self._settle(doors, made)
            notices = self._await_notices(doors)
        return self._summary(made, standings, people) | {"notices": notices}
