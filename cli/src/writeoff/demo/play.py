"""The demo, played: import, approvals, requests, people, until every case is over."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from writeoff.demo.asks import asks
from writeoff.demo.measure import durations, latency
from writeoff.demo.people import People
from writeoff.demo.portfolio import Loan, portfolio
from writeoff.demo.recipes import SOURCE, TENANT, UNKNOWN, Ask
from writeoff.demo.upstream import publish
from writeoff.door import Doors, Json
from writeoff.exits import Exit, Trouble
from writeoff.identity import case_of_request
from writeoff.mapping.mapping import Mapped
from writeoff.session import Session
from writeoff.verbs import approvals, loans, report

CHUNK = 500

ASKED_MAX = 2_000

SETTLE_S = 300.0
"""Unknown loans are looked for for 30 s; all else takes some seconds on two cores."""

HELD_S = 120.0

NOTICES_S = 60.0
"""A slow mail server holds nobody's case, nor the demo."""

ROUND_S = 0.3

CLOCK_SLACK_MS = 60_000

TO_TELL = "PENDING"
"""The state of notices that are about to leave the house; held ones wait for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large a demo is, and which run of its seed this is."""

    loans: int
    requests: int
    seed: int
    run: int = 0

    @property
    def runs_per_portfolio(self) -> int:
        """So many runs find loans of their own in one portfolio: a third more than they need."""
        return max(1, self.loans * 3 // max(self.requests * 4, 1))


@dataclass(slots=True)
class Play:
    """One run of the demo."""

    session: Session
    plan: Plan
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def perform(self) -> Json:
        """Play it all, and return its summary."""
        today = self.started.date()
        book, mine = self._loans(today)
        made = asks(
            mine, count=self.plan.requests, seed=self.plan.seed, run=self.plan.run, today=today
        )
        with Doors(self.session.env, self.session.person("admin"), TENANT) as doors:
            self._import(doors, book, today)
            self._approve(doors, made, today)
            self._publish(made)
            people = People(self.session, TENANT)
            try:
                standings = self._settle(doors, made, people)
                self._await_notices(doors, people)
            finally:
                people.close()
        return self._summary(made, standings, people)

    def _loans(self, today: date) -> tuple[Sequence[Loan], Sequence[Loan]]:
        """Make this run's portfolio, and pick the loans that are its own."""
        every = self.plan.runs_per_portfolio
        number, place = divmod(self.plan.run, every)
        book = portfolio(seed=self.plan.seed, number=number, loans=self.plan.loans, today=today)
        return book, book[place::every]

    def _import(self, doors: Doors, book: Sequence[Loan], today: date) -> None:
        """Take the loans over that are not there yet; another run may have brought them."""
        by_id = {loan.loan_id: loan for loan in book}
        missing = loans.held(self.session, doors, list(by_id), timeout_s=0)
        with self.session.progress("loans imported", total=len(missing)) as done:
            for at in range(0, len(missing), CHUNK):
                part = missing[at : at + CHUNK]
                rows = [Mapped(n, by_id[loan].to_row(today=today)) for n, loan in enumerate(part)]
                _none_refused("loans", loans.send(doors, rows))
                done(at + len(part))
        late = loans.held(self.session, doors, missing, timeout_s=HELD_S)
        _in_time("the case service does not hold every loan", late)
        self.session.note(f"{len(by_id):,} loans are there, {len(missing):,} of them imported now")

    def _approve(self, doors: Doors, made: Sequence[Ask], today: date) -> None:
        """Issue the approvals that lie behind requests, as a register would tell them."""
        entries = {ask.approval.reference: ask.approval for ask in made if ask.approval}
        rows = [Mapped(n, each.to_row(today=today)) for n, each in enumerate(entries.values())]
        taken: list[str] = []
        with self.session.progress("approvals issued", total=len(rows)) as done:
            for at in range(0, len(rows), CHUNK):
                answers = approvals.send(doors, rows[at : at + CHUNK])
                taken += [str(a["reference"]) for a in answers if a["result"] != "refused"]
                done(at + len(answers))
        late = approvals.held(self.session, doors, taken, timeout_s=HELD_S)
        _in_time("documents does not hold every approval", late)
        self.session.note(f"{len(taken):,} approvals given beforehand are on the register")

    def _publish(self, made: Sequence[Ask]) -> None:
        with self.session.progress("requests published", total=len(made)) as done:
            publish(self.session.env, made, now=self.started, on_sent=done)
        self.session.note(f"{len(made):,} requests published by the upstream {SOURCE}")

    def _settle(self, doors: Doors, made: Sequence[Ask], people: People) -> Mapping[str, Json]:
        """Play people until every case is over; gives how each stands."""
        cases = _cases(made)
        deadline = time.monotonic() + SETTLE_S
        with self.session.progress("cases closed", total=len(cases)) as done:
            while True:
                worked = people.work()
                standings = _standings(doors, cases)
                closed = sum(1 for each in standings.values() if _is_closed(each))
                done(closed)
                if closed == len(cases):
                    break
                if time.monotonic() > deadline:
                    break
                if not worked:
                    time.sleep(ROUND_S)
        tasks = sum(people.counts.values())
        self.session.note(f"{closed:,} cases are over; people did {tasks:,} tasks")
        return standings

    def _await_notices(self, doors: Doors, people: People) -> None:
        """Wait until every notice left the house, or somebody decided what becomes of it."""
        deadline = time.monotonic() + NOTICES_S
        with self.session.progress("notices told") as done:
            while time.monotonic() < deadline:
                worked = people.work()
                notices: dict[str, int] = doors.get("notifications", "/v1/report")["notices"]
                done(sum(notices.values()) - notices.get(TO_TELL, 0))
                if not worked and not notices.get(TO_TELL):
                    return
                time.sleep(ROUND_S)

    def _summary(self, made: Sequence[Ask], standings: Mapping[str, Json], people: People) -> Json:
        cases = _cases(made)
        took = durations(
            self.session.env,
            cases,
            since_ms=int(self.started.timestamp() * 1000) - CLOCK_SLACK_MS,
        )
        outcomes = Counter(
            (cases[case_id], str(each["state"]), str(each["code"] or ""))
            for case_id, each in standings.items()
        )
        return {
            "at": self.started.isoformat(timespec="seconds"),
            "seed": self.plan.seed,
            "run": self.plan.run,
            "loans": self.plan.loans,
            "requests": len(made),
            "cases": len(cases),
            "asked": dict(Counter(ask.recipe for ask in made)),
            "outcomes": [[*key, count] for key, count in sorted(outcomes.items())],
            "tasks": people.counts,
            "refused_to_people": people.refused,
            "latency": latency(took, lambda case_id: _kind(case_id, cases, people)),
            "report": report.gather(self.session, (TENANT,)),
        }


def _kind(case_id: str, cases: Mapping[str, str], people: People) -> str:
    if case_id in people.cases:
        return "with people"
    if cases[case_id] == UNKNOWN:
        return "of a loan that was looked for in vain"
    return "straight through"


def _cases(made: Sequence[Ask]) -> dict[str, str]:
    """Return the recipe of every case that these requests open."""
    found: dict[str, str] = {}
    for ask in made:
        if ask.tenant == TENANT:
            # The first of an id opens the case; what comes under it again changes nothing.
            found.setdefault(case_of_request(SOURCE, ask.tenant, ask.request_id), ask.recipe)
    return found


def _standings(doors: Doors, cases: Mapping[str, str]) -> dict[str, Json]:
    ids = list(cases)
    found: dict[str, Json] = {}
    for at in range(0, len(ids), ASKED_MAX):
        body = {"cases": ids[at : at + ASKED_MAX]}
        found |= doors.post("case", "/v1/cases/wait", body)["cases"]
    return found


def _is_closed(standing: Json) -> bool:
    return str(standing["state"]).startswith("Closed")


def _none_refused(what: str, answers: Sequence[Json]) -> None:
    refused = [each for each in answers if each["result"] == "refused"]
    if refused:
        raise Trouble(
            f"{len(refused)} of the demo's {what} were refused: {refused[0]}",
            next_step="`writeoff demo --seed N` takes other ones",
            exit_code=Exit.REFUSED,
        )


def _in_time(what: str, late: Sequence[object]) -> None:
    if late:
        raise Trouble(
            f"{what} in time: {len(late)} are missing, as {late[0]}",
            next_step="`writeoff mesh lanes` tells which lane stands still",
            exit_code=Exit.TIME_RAN_OUT,
        )
