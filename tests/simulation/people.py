"""Who stands outside: an upstream that asks, a back office that imports, people who do tasks."""

import asyncio
import hashlib
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from contracts.codec import encode
from contracts.records.common import Actor, Meta, Money, SuppliedDocument
from contracts.records.requests import WriteOffRequested
from contracts.types import from_date
from mesh.doors import Reply, request_message_id
from mesh.people import Person
from mesh.ports import Unavailable
from mesh.service import Key
from mesh.tasks import Task, may_work_on
from mesh.testing import virtual

from .world import PARTITIONS, SOURCE, TENANT, World

TODAY = virtual.BEGAN.date()
NOBODY = "00000000-0000-0000-0000-000000000000"

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

SMALL, MIDDLE = "60.00", "900.00"


@dataclass
class Asked:
    """What was asked for, to be compared with what came of it."""

    accepted: dict[UUID, str] = field(default_factory=dict)
    """The id of the case that has to be there → its loan."""
    loans: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    reused: set[str] = field(default_factory=set)
    """Request ids that were used again for other content."""
    garbage: int = 0


class Outside:
    """All that comes to the mesh from outside."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked = Asked()
        self._done: list[WriteOffRequested] = []

    # --- an upstream --------------------------------------------------------------------------

    async def ask(self, count: int, *, within_s: float) -> None:
        """Ask for this many write-offs of all kinds."""
        for n in range(count):
            await asyncio.sleep(random.random() * 2 * within_s / count)
            self._ask(n)

    def _ask(self, n: int) -> None:
        request_id = f"R{n}"
        match random.choice(KINDS):
            case "plain":
                self._send(request(self._lend(SMALL), request_id))
            case "part":
                amount = Money(amount_minor=random.choice([500, 2_000, 5_500]), currency="USD")
                part = request(f"SHARED-{random.randrange(2)}", request_id)
                self._send(replace(part, scope="PARTIAL", amount=amount))
            case "whole":
                self._send(request(f"SHARED-{random.randrange(2)}", request_id))
            case "approved":
                loan = self._lend(MIDDLE)
                self._approve(loan, n)
                self._send_approved(loan, request_id, f"APPR-2026-{n:03}")
                if random.random() < 0.5:
                    self._send_approved(loan, f"{request_id}-again", f"APPR-2026-{n:03}")
            case "unapproved":
                self._send_approved(self._lend(MIDDLE), request_id, "APPR-2026-999")
            case "people":
                self._send(replace(request(self._lend(MIDDLE), request_id), reason="UNCOLLECTIBLE"))
            case "unknown":
                self._send(request(f"NONE-{n}", request_id))
            case "repeated" if self._done:
                self._send(random.choice(self._done))
            case "reused" if self._done:
                again = replace(random.choice(self._done), notes=f"other content {n}")
                self.asked.reused.add(again.request_id)
                self._send(again)
            case "garbage":
                self.asked.garbage += 1
                value = random.choice([None, b"", b"\0", b"garbage", b"\0\0\0\0\1garbage"])
                self._append(b"north/GARBAGE", value)
            case _:
                self._agent(request_id)

    def _send_approved(self, loan: str, request_id: str, reference: str) -> None:
        asked = request(loan, request_id)
        self._send(replace(asked, reason="UNCOLLECTIBLE", approval_reference=reference))

    def _send(self, record: WriteOffRequested) -> None:
        assert record.meta.loan_id
        case_id = request_message_id(SOURCE, TENANT, record.request_id)
        self.asked.accepted.setdefault(case_id, record.meta.loan_id)
        self._done.append(record)
        value = encode(record, self.world.schemas.id_of("", record.FULL_NAME))
        key = f"{TENANT}/{record.meta.loan_id}".encode()
        for _ in range(1 + (random.random() < 0.1)):  # an upstream sends at least once
            self._append(key, value)

    def _append(self, key: bytes, value: bytes | None) -> None:
        partition = key[-1] % PARTITIONS
        self.world.broker.append(f"writeoff.requests.v1.{SOURCE}", partition, key=key, value=value)

    # --- the back office ----------------------------------------------------------------------

    def begin(self) -> None:
        """Lend what several ask about."""
        for n in range(2):
            self._lend("80.00", loan=f"SHARED-{n}")

    def _lend(self, principal: str, *, loan: str | None = None) -> str:
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
        self._put("ledger", Key(TENANT, loan), "ImportLoan", row)
        self._put("ledger", Key(TENANT, f"C-{loan}", "party"), "ImportParty", party)
        return loan

    def _approve(self, loan: str, n: int) -> None:
        self.asked.references.append(f"APPR-2026-{n:03}")
        body = {
            "reference": f"APPR-2026-{n:03}",
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

    def _agent(self, request_id: str) -> None:
        loan = self._lend(SMALL)
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
        self._put(
            "case",
            Key(TENANT, loan),
            "OpenCase",
            body,
            request_id=request_id,
            source="agent",
            case_id=case_id,
            by=ANA,
        )

    def _put(
        self, service: str, key: Key, kind: str, body: Mapping[str, Any], **more: Any
    ) -> asyncio.Task[Reply]:
        """Put a command in at some door, again until it is answered."""
        asked = {"request_id": f"{kind}/{key.id}", "by": ADELE} | more
        return keep(self._knock(service, key, kind, body, asked))

    async def _knock(
        self, service: str, key: Key, kind: str, body: Mapping[str, Any], asked: Mapping[str, Any]
    ) -> Reply:
        while True:
            there = [each for each in self.world.running[service] if each.is_there]
            if there:
                with suppress(Unavailable):
                    doors = random.choice(there).doors
                    reply = await doors.command(key, kind, body, wait_s=3.0, **asked)
                    if reply.done:
                        return reply
            await asyncio.sleep(1.0)

    # --- people -------------------------------------------------------------------------------

    async def work(self) -> None:
        """Do tasks as they come; ends when it is cancelled."""
        tries: dict[UUID, int] = {}
        while True:
            await asyncio.sleep(2.0)
            for service, key, task in self.open_tasks():
                able = [person for person in WORKERS if may_work_on(task, person) is None]
                tries[task.task_id] = number = tries.get(task.task_id, 0) + 1
                self._complete(service, key, task, random.choice(able), number)

    def open_tasks(self) -> list[tuple[str, Key, Task]]:
        """List the tasks that keep cases from their end."""
        return [
            (service, key, task)
            for service in TASKS_OF
            for key, state in self.world.databases[service].rows.states.items()
            for task in state.tasks.values()
            if task.closed_at is None
        ]

    def _complete(self, service: str, key: Key, task: Task, by: Person, number: int) -> None:
        body: dict[str, Any] = {"task_id": str(task.task_id)}
        match service:
            case "documents":
                body["all"] = True
            case "authorization":
                body["decision"] = random.choice(["approve", "approve", "decline"])
                body["comment"] = "as agreed"
        request_id = f"{task.task_id}/{number}"
        more = {"request_id": request_id, "case_id": task.case_id, "by": by}
        self._put(service, key, "CompleteTask", body, **more)


KINDS = (
    *["plain"] * 4, *["part"] * 3, "whole", *["approved"] * 2, "unapproved", *["people"] * 2,
    "unknown", "repeated", "reused", "garbage", "agent",
)  # fmt: skip
"""What is asked for, as often as it stands here."""

_kept: set[asyncio.Task[Any]] = set()


def keep[T](work: Any) -> asyncio.Task[T]:
    """Start something that nobody waits for."""
    task = asyncio.create_task(work)
    _kept.add(task)
    task.add_done_callback(_kept.discard)
    return task


def request(loan: str, request_id: str) -> WriteOffRequested:
    """Ask for all of a loan that is a small balance."""
    paper = SuppliedDocument(
        document="COLLECTION_LOG",
        sha256=hashlib.sha256(loan.encode()).hexdigest(),
        dated=from_date(TODAY),
        source="core",
    )
    return WriteOffRequested(
        meta=Meta(
            event_id=NOBODY,
            tenant=TENANT,
            loan_id=loan,
            occurred_at=0,
            correlation_id=NOBODY,
            causation_id=NOBODY,
            actor=Actor(role="upstream", id=SOURCE),
        ),
        request_id=request_id,
        kind="WRITE_OFF",
        scope="FULL",
        date=from_date(TODAY),
        reason="SMALL_BALANCE",
        litigation="N",
        fraud=False,
        related_party=False,
        collection_ceases=False,
        documents=[paper] if random.random() < 0.5 else [],
    )
