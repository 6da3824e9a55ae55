"""Where a scenario's steps are answered: by the ledger's own decide, over some books."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Protocol
from uuid import UUID, uuid5

from ledger.domain.ask import Ask
from ledger.domain.asked import read
from ledger.domain.command import Refinance
from ledger.domain.decide import OpenRefinanced, Provide, decide, evolve
from ledger.domain.events import (
    AllowanceState,
    AskRefused,
    Event,
    LoanState,
    Posted,
    Provisioned,
    RefinanceOpened,
    State,
)
from ledger.domain.posting import Entry
from ledger.domain.refusal import Refusal, refuse
from ledger.scenario.file import Scenario, Step
from ledger.scenario.view import View

NAMESPACE = UUID("0b0e7b0a-6a2f-5c0e-8b1d-4f5a3c2d1e00")
"""Names the entries of scenarios that no store keeps."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step led to."""

    refusal: Refusal | None = None
    repeated: bool = False
    """The id was answered before, by a posting."""
    entries: tuple[tuple[str | None, Entry], ...] = ()
    """With the loan of each; none: a provision's."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an id was used for, and how it was answered."""

    content: str
    refusal: Refusal | None


class Desk(Protocol):
    """Answers steps, one after the other."""

    async def answer(self, step: Step) -> Answer:
        """Do what a step asks for, or refuse it."""
        ...

    async def view(self, loan_id: str) -> View | None:
        """Look at a loan, if there is one."""
        ...

    async def allowance(self) -> int:
        """Give the allowance's balance in minor units, credit positive."""
        ...


class Books(Protocol):
    """Where states are kept: they are given, and events are taken."""

    async def loan_ids(self) -> Sequence[str]:
        """Give the ids of all loans."""
        ...

    async def loan(self, loan_id: str, ask: Ask | None) -> LoanState:
        """Give a loan's state, with its history where the ask needs it (`needs_history`)."""
        ...

    async def allowance(self) -> AllowanceState:
        """Give the allowance."""
        ...

    async def known(self, request_id: str) -> Known | None:
        """Give what an id was used for."""
        ...

    async def know(self, request_id: str, known: Known) -> None:
        """Keep what an id was used for."""
        ...

    async def take(self, loan_id: str | None, before: State, after: State, event: Event) -> None:
        """Keep what happened to a loan, or to the allowance."""
        ...


class OwnDesk:
    """Answers by the domain, over books of any kind."""

    def __init__(self, scenario: Scenario, books: Books, *, namespace: UUID = NAMESPACE) -> None:
        """Answer for one scenario; its loans are in the books already."""
        self._scenario = scenario
        self._books = books
        self._namespace = namespace

    async def view(self, loan_id: str) -> View | None:
        """Look at a loan, if there is one."""
        loan = (await self._books.loan(loan_id, None)).loan
        return View.of(loan) if loan else None

    async def allowance(self) -> int:
        """Give the allowance's balance."""
        return (await self._books.allowance()).balance_minor

    async def answer(self, step: Step) -> Answer:
        """Do what a step asks for, unless its id was answered before."""
        if step.id is None:
            return await self._do(step)
        known = await self._books.known(step.id)
        if known is None:
            done = await self._do(step)
            await self._books.know(step.id, Known(step.content, done.refusal))
            return done
        if known.content != step.content:
            return Answer(refuse("ID_REUSED"))
        return Answer(known.refusal, repeated=known.refusal is None)

    async def _do(self, step: Step) -> Answer:
        if step.command == "provision":
            return await self._provide(step)
        loan_id = await self._loan_meant(step)
        if loan_id is None:
            return Answer(refuse("UNKNOWN_LOAN"))
        ask = self._ask(step)
        before = await self._books.loan(loan_id, ask)
        if isinstance(ask.asked, Refinance):
            before = replace(before, taken=frozenset(await self._books.loan_ids()))
        event, after = self._decided(before, ask, step)
        if isinstance(event, AskRefused):
            return Answer(event.refusal)
        assert isinstance(event, Posted), "a step is posted or refused"
        await self._books.take(loan_id, before, after, event)
        entries: list[tuple[str | None, Entry]] = [(loan_id, entry) for entry in event.entries]
        if event.opens:
            opens = OpenRefinanced(event.opens)
            opened, state = self._decided(LoanState(), opens, step)
            assert isinstance(opened, RefinanceOpened), "the new loan was free"
            await self._books.take(event.opens.loan_id, LoanState(), state, opened)
            entries.append((event.opens.loan_id, opened.entry))
        return Answer(entries=tuple(entries))

    async def _provide(self, step: Step) -> Answer:
        before = await self._books.allowance()
        provide = Provide(self._ask(step), self._scenario.currency)
        event, after = self._decided(before, provide, step)
        if isinstance(event, AskRefused):
            return Answer(event.refusal)
        assert isinstance(event, Provisioned), "a provision is posted or refused"
        await self._books.take(None, before, after, event)
        return Answer(entries=((None, event.entry),))

    async def _loan_meant(self, step: Step) -> str | None:
        """Find the step's loan; it need not be named while there is only one."""
        loans = await self._books.loan_ids()
        if step.loan is None:
            return loans[0] if len(loans) == 1 else None
        return step.loan if isinstance(step.loan, str) and step.loan in loans else None

    def _ask(self, step: Step) -> Ask:
        approval = step.fields.get("approval")
        # What is no currency's name is another one than the file's.
        currency = None if step.currency is None else str(step.currency)
        return Ask(
            name=step.command,
            asked=read(step.command, step.fields, decimals=self._scenario.decimals),
            value_date=step.value_date,
            today=step.today,
            tx=step.tx,
            transaction_id=uuid5(self._namespace, f"transaction/{step.number}"),
            entry_id=uuid5(self._namespace, f"entry/{step.number}"),
            currency=currency,
            approval=approval if isinstance(approval, str) else None,
        )

    def _decided(
        self, state: State, command: Ask | Provide | OpenRefinanced, step: Step
    ) -> tuple[Event, State]:
        now = datetime.combine(step.today, time(), UTC)
        [event] = decide(state, command, now=now, policy=self._scenario.policy)
        return event, evolve(state, event)
