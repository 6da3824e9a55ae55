"""The lender's own people at the doors: they import loans, approve, ask, and do tasks."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID
from zlib import crc32

from mesh.doors import Reply, request_message_id
from mesh.people import Person
from mesh.ports import Unavailable
from mesh.service import Key
from mesh.tasks import Task, may_work_on
from mesh.testing import virtual

from .asked import Asked
from .world import TENANT, World

TODAY = virtual.BEGAN.date()

ADELE = Person("adele", frozenset({"admin"}))
ANA = Person("ana", frozenset({"loan_agent"}))
WORKERS = (
    Person("ben", frozenset({"loan_agent"})),
    Person("dora", frozenset({"document_agent"})),
    Person("l1-amy", frozenset({"authorizer"}), level=1),
    Person("l2-bob", frozenset({"authorizer"}), level=2),
    Person("l3-cleo", frozenset({"authorizer"}), level=3),
)
TASKS_OF = ("case", "documents", "authorization")
"""Tasks of these keep a case from its end; notices keep nobody's."""

SMALL, MIDDLE, EIGHTY = "60.00", "900.00", "80.00"


class Office:
    """All that comes in by the doors."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked = Asked()
        self.random = Random(f"office/{world.seed}")
        self._stock: defaultdict[str, list[str]] = defaultdict(list)
        """Loans that are in the books before anybody asks about them, by principal."""
        self._waiting: list[asyncio.Task[None]] = []
        """Commands that were put in."""
        self._in_hand: dict[UUID, asyncio.Task[None]] = {}
        self._tries: defaultdict[UUID, int] = defaultdict(int)

    # --- loans and approvals ------------------------------------------------------------------

    def lend(self, principal: str, *, loan: str | None = None) -> str:
        """Import a loan of this principal, or take one that was imported before."""
        if loan is None and self._stock[principal]:
            return self._stock[principal].pop()
        loan = loan or f"L{len(self.asked.loans)}"
        self.asked.loans.append(loan)
        row = {
            "loan_id": loan,
            "customer_id": f"C-{loan}",
            "product": "PERSONAL_LOAN",
            "segment": "PERSONAL",
            "currency": "USD",
            "principal": principal,
            "opened": "2024-01-15",
            "status": "ACTIVE",
        }
        party = {"customer_id": f"C-{loan}", "family_name": "Quill", "email": "ada@mail.example"}
        if self._is_one_in(4, loan):
            del party["email"]  # he gets a letter
        self._put("ledger", Key(TENANT, loan), "ImportLoan", row)
        self._put("ledger", Key(TENANT, f"C-{loan}", "party"), "ImportParty", party)
        return loan

    def name_somebody(self, party: str, name: str) -> None:
        """Import a party who owes nothing, or correct its name."""
        row = {"customer_id": party, "family_name": name}
        key = Key(TENANT, party, "party")
        self._put("ledger", key, "ImportParty", row, request_id=f"ImportParty/{party}/{name}")

    def stock(self, principal: str, count: int) -> None:
        """Import loans before anybody asks about them, with an approval for each."""
        fresh = [self.lend(principal, loan=f"{principal}-{n}") for n in range(count)]
        for loan in fresh:
            self.approve(loan)
        self._stock[principal] += fresh

    async def until_in_the_books(self) -> None:
        """Wait until the services know all loans and approvals."""
        for put in self._waiting:
            await put
        files = self.world.databases["case"].rows.states
        await virtual.until(
            lambda: all(
                (file := files.get(Key(TENANT, loan))) and file.loan for loan in self.asked.loans
            ),
            within_s=300.0,
            why=lambda: "a loan does not get into the case service",
        )

    def approve(self, loan: str) -> str:
        """Issue an approval of the loan's write-off; gives its reference."""
        reference = f"APPR-2026-{self.asked.loans.index(loan):03}"
        if reference in self.asked.references:
            return reference
        self.asked.references.append(reference)
        body = {
            "reference": reference,
            "loan_id": loan,
            "kind": "WRITE_OFF",
            "amount_max_minor": 90_000,
            "currency": "USD",
            "reasons": [],
            "approvers": [{"id": "l4-deb", "level": 4}, {"id": "l5-eve", "level": 5}],
            "issued": TODAY.isoformat(),
            "expires": "2026-03-01",
            "attests_documents": True,
        }
        self._put("authorization", Key(TENANT, loan), "IssueApprovalReference", body)
        return reference

    # --- a case of its own --------------------------------------------------------------------

    def ask_as_agent(self, loan: str, request_id: str) -> None:
        """Ask for a write-off at the door."""
        case_id = request_message_id("agent", TENANT, request_id)
        self.asked.accepted[case_id] = loan
        body = {
            "loan_id": loan,
            "channel": "AGENT",
            "kind": "WRITE_OFF",
            "scope": "FULL",
            "amount_minor": None,
            "currency": "USD",
            "date": TODAY.isoformat(),
            "reason": "SMALL_BALANCE",
            "litigation": "N",
            "legal_code": None,
            "legal_date": None,
            "fraud": False,
            "related_party": False,
            "collection_ceases": False,
            "approval_reference": None,
            "documents": [],
            "notes": None,
        }
        more = {"request_id": request_id, "source": "agent", "case_id": case_id, "by": ANA}
        self._put("case", Key(TENANT, loan), "OpenCase", body, **more)

    # --- tasks --------------------------------------------------------------------------------

    async def work(self) -> None:
        """Do tasks as they come; ends when it is cancelled."""
        while True:
            await asyncio.sleep(2.0)
            for service, key, task in self.open_tasks():
                known = self._in_hand.get(task.task_id)
                if known is None or known.done():
                    doing = self._do(service, key, task)
                    self._in_hand[task.task_id] = self.world.background.start(doing)

    def open_tasks(self) -> list[tuple[str, Key, Task]]:
        """List the tasks that keep cases from their end."""
        return [
            (service, key, task)
            for service in TASKS_OF
            for key, state in self.world.databases[service].rows.states.items()
            for task in state.tasks.values()
            if task.closed_at is None
        ]

    async def _do(self, service: str, key: Key, task: Task) -> None:
        """Claim a task, or not, and complete it; the same task is always answered the same."""
        self._tries[task.task_id] = number = self._tries[task.task_id] + 1
        by = self.random.choice([each for each in WORKERS if may_work_on(task, each) is None])
        body: dict[str, Any] = {"task_id": str(task.task_id)}
        more: dict[str, Any] = {"case_id": task.case_id, "by": by}
        if self.random.random() < 0.3:
            request_id = f"{task.task_id}/{number}/claim"
            await self._knock(service, key, "ClaimTask", body, more | {"request_id": request_id})
        if service == "documents":
            body["all"] = True
        if service == "authorization":
            body["decision"] = "decline" if self._is_one_in(3, task.task_id) else "approve"
            body["comment"] = "as agreed"
        more["request_id"] = f"{task.task_id}/{number}"
        await self._until_answered(service, key, "CompleteTask", body, more)

    # --- doors --------------------------------------------------------------------------------

    def _put(self, service: str, key: Key, kind: str, body: Mapping[str, Any], **more: Any) -> None:
        asked = {"request_id": f"{kind}/{key.id}", "by": ADELE} | more
        put = self._until_answered(service, key, kind, body, asked)
        self._waiting.append(self.world.background.start(put))

    async def _until_answered(self, *command: Any) -> None:
        """Put a command in, again until it is answered."""
        while True:
            if await self._knock(*command):
                return
            await asyncio.sleep(1.0)

    async def _knock(
        self, service: str, key: Key, kind: str, body: Mapping[str, Any], asked: Mapping[str, Any]
    ) -> Reply | None:
        """Put a command in at some door; gives the answer, if one came."""
        if there := self.world.there(service):
            with suppress(Unavailable):
                doors = self.random.choice(there).doors
                reply = await doors.command(key, kind, body, wait_s=3.0, **asked)
                return reply if reply.done else None
        return None

    def _is_one_in(self, count: int, what: object) -> bool:
        return crc32(f"{self.world.seed}/{what}".encode()) % count == 0
