"""A desk in a running mesh: steps enter the ledger's lanes as a scenario tenant of their own."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from ledger.domain.policy import Book
from ledger.domain.posting import Entry, EntryKind, Line
from ledger.domain.refusal import refuse
from ledger.rehearsal import messages
from ledger.scenario.desk import Answer
from ledger.scenario.file import Scenario, Step
from ledger.scenario.place import NoPlace, Place
from ledger.scenario.view import View

TIMEOUT_S = 60.0
"""A step is heard within seconds; a lane that changes hands takes some more."""

LOOK_S = 0.05
"""How often it is looked for the loan that a refinance opens: another lane does that."""

CLOCK = datetime(1970, 1, 1, tzinfo=UTC)
"""When an entry was booked does not matter to a scenario."""

type Json = dict[str, Any]


@asynccontextmanager
async def lane_desk(scenario: Scenario, place: Place) -> AsyncGenerator["LaneDesk"]:
    """Open a scenario in a running mesh, as a tenant that nobody had before. Raises NoPlace."""
    tenant = f"{place.scenario}-{uuid4().hex[:12]}"
    headers = {"Authorization": f"Bearer {place.token('admin')}", "X-Tenant-ID": tenant}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(
        place.url("ledger"), headers=headers, timeout=timeout
    ) as session:
        desk = LaneDesk(scenario, session)
        await desk.open()
        yield desk


class LaneDesk:
    """Answers what the ledger's lanes answer."""

    def __init__(self, scenario: Scenario, session: aiohttp.ClientSession) -> None:
        """Speak to the ledger's door as the scenario's tenant."""
        self._scenario = scenario
        self.session = session
        self._policy = messages.policy_text(scenario.policy)
        self._loans = list(scenario.loans)
        self._seen: set[str] = set()
        """Entries that were told of already."""

    async def open(self) -> None:
        """Bring the scenario's loans and its allowance in."""
        puts: list[Json] = [
            self._put(messages.OPEN_LOAN, loan_id, loan=messages.from_loan(loan))
            for loan_id, loan in self._scenario.loans.items()
        ]
        puts.append(
            self._put(
                messages.OPEN_ALLOWANCE,
                None,
                amount_minor=self._scenario.allowance_minor,
                currency=self._scenario.currency,
                date=CLOCK.date().isoformat(),
            )
        )
        await self.put(puts)

    async def put(self, puts: Sequence[Json]) -> list[Json]:
        """Have things heard; gives what came of each. Raises NoPlace when they were not."""
        body = {"currency": self._scenario.currency, "puts": puts}
        told = await self._ask("POST", "/v1/scenario", json=body)
        replies: list[Json] = told["replies"]
        if not all(reply["done"] for reply in replies):
            raise NoPlace("the ledger's lanes do not answer: `writeoff mesh lanes` tells why")
        return replies

    async def view(self, loan_id: str) -> View | None:
        """Look at a loan, if there is one."""
        view = (await self._loan(loan_id))["view"]
        return View.from_json(view) if view else None

    async def allowance(self) -> int:
        """Give the allowance's balance."""
        return (await self._allowance())["balance_minor"]

    async def answer(self, step: Step) -> Answer:
        """Do what a step asks for, or refuse it."""
        loan_id = self._loan_meant(step)
        [reply] = await self.put([self.put_of(step, loan_id)])
        code = reply["code"]
        if code is not None or reply["result"] == "repeated":
            return Answer(refuse(code) if code else None, repeated=code is None)
        entries = await self._fresh(loan_id)
        if step.command == "refinance":
            new_loan: str = step.fields["new_loan"]
            entries += await self._opened(new_loan)
            self._loans.append(new_loan)
        return Answer(entries=tuple(entries))

    def put_of(self, step: Step, loan_id: str | None) -> Json:
        """Give what a step puts into the lane of its loan; none: of the allowance."""
        return self._put(
            messages.STEP,
            loan_id,
            command=step.command,
            fields=messages.plain(dict(step.fields)),
            date=step.value_date.isoformat(),
            today=step.today.isoformat(),
            tx=step.tx,
            id=step.id,
            content=step.content,
            currency=messages.plain(step.currency),
            of=self._scenario.currency,
            decimals=self._scenario.decimals,
        )

    def _put(self, kind: str, loan_id: str | None, **body: Any) -> Json:
        return {"kind": kind, "loan": loan_id, "body": {**body, "policy": self._policy}}

    def _loan_meant(self, step: Step) -> str | None:
        """Find the step's loan; the empty name is none's, so the ledger does not know it."""
        if step.command == "provision":
            return None
        if step.loan is None and len(self._loans) == 1:
            return self._loans[0]
        return step.loan if isinstance(step.loan, str) else ""

    async def _fresh(self, loan_id: str | None) -> list[tuple[str | None, Entry]]:
        """Give the entries that were not told of yet."""
        told = await (self._allowance() if loan_id is None else self._loan(loan_id))
        fresh = [each for each in told["entries"] if each["entry_id"] not in self._seen]
        self._seen |= {each["entry_id"] for each in fresh}
        return [(loan_id, _entry(each, self._scenario)) for each in fresh]

    async def _opened(self, loan_id: str) -> list[tuple[str | None, Entry]]:
        """Wait for the loan that a refinance opens in another lane."""
        deadline = asyncio.get_running_loop().time() + TIMEOUT_S
        while asyncio.get_running_loop().time() < deadline:
            if (await self._loan(loan_id))["view"] is not None:
                return await self._fresh(loan_id)
            await asyncio.sleep(LOOK_S)
        raise NoPlace(f"the lane of {loan_id} does not open it: `writeoff mesh lanes` tells why")

    async def _loan(self, loan_id: str) -> Json:
        return await self._ask("GET", "/v1/scenario/loan", params={"id": loan_id})

    async def _allowance(self) -> Json:
        code = self._scenario.policy.bnk("ALLOWANCE")
        params = {"currency": self._scenario.currency, "code": code}
        return await self._ask("GET", "/v1/scenario/allowance", params=params)

    async def _ask(self, method: str, path: str, **how: Any) -> Json:
        try:
            async with self.session.request(method, path, **how) as response:
                told: Json = await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoPlace(f"the ledger does not answer: {error!r}; `make up` starts it") from error
        if response.status != 200:
            raise NoPlace(f"the ledger's door: {told['error']['message']}")
        return told


def _entry(told: Mapping[str, Any], scenario: Scenario) -> Entry:
    """Read an entry as far as a scenario looks at it."""
    entry_id = UUID(told["entry_id"])
    return Entry(
        entry_id=entry_id,
        transaction_id=entry_id,
        tx=told["tx"],
        kind=EntryKind(told["kind"]),
        command="",
        value_date=CLOCK.date(),
        booked_at=CLOCK,
        currency=scenario.currency,
        policy_version=scenario.policy.version,
        lines=tuple(
            Line(Book(book), code, debit_minor=debit, credit_minor=credit)
            for book, code, debit, credit in told["lines"]
        ),
    )
