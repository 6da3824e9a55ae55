"""The upstream: asks for write-offs of all kinds, and sends what is no request at all."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from random import Random

from contracts.codec import encode
from contracts.records.case import RequestRefused
from contracts.records.common import Actor, Meta, Money, SuppliedDocument
from contracts.records.requests import WriteOffRequested
from contracts.types import from_date
from mesh.doors import request_message_id
from mesh.testing import virtual

from .office import MIDDLE, SMALL, Office
from .themes import Theme
from .world import OTHER_TENANT, PARTITIONS, SOURCE, TENANT, World

TODAY = virtual.BEGAN.date()
NOBODY = "00000000-0000-0000-0000-000000000000"
TOPIC = f"writeoff.requests.v1.{SOURCE}"
SHARED = ("SHARED-0", "SHARED-1")
"""Loans that several ask about."""

ALONE = {
    "plain": 4,
    "approved": 2,
    "unapproved": 1,
    "people": 2,
    "unknown": 1,
    "repeated": 1,
    "reused": 1,
    "garbage": 1,
    "hostile": 1,
    "strange": 1,
    "foreign": 1,
    "party": 4,
}
"""What is asked for, and how often: of these no answer depends on another's."""
TOGETHER = {"part": 3, "whole": 1, "approved_again": 1, "agent": 1}
"""What else is asked for where no store goes back: who comes first has the better part."""

type Twist = Callable[[WriteOffRequested], WriteOffRequested]

HOSTILE: Mapping[str, Twist] = {
    "a control character": lambda r: replace(r, notes="written off\x00"),
    "a text too long": lambda r: replace(r, notes="x" * 70_000),
    "an id with a space": lambda r: replace(r, request_id=f"{r.request_id} "),
    "an id without an end": lambda r: replace(r, request_id=r.request_id * 70),
    "a path for a loan": lambda r: replace(r, meta=replace(r.meta, loan_id="../../etc/passwd")),
    "a loan without a name": lambda r: replace(r, meta=replace(r.meta, loan_id=None)),
    "a tenant of two parts": lambda r: replace(r, meta=replace(r.meta, tenant="north/south")),
    "a date of another age": lambda r: replace(r, date=2_000_000),
}
"""What decodes and is no request: laid aside."""

STRANGE = (
    "'; DROP TABLE mesh.lane; --",
    "{0} %s ${jndi:ldap://x} <script>alert(1)</script>",
    "\u202egnp.exe \U0001f4b8 \u0645\u0631\u062d\u0628\u0627 \ufeff",
    "line\nline\ttab\r",
)
"""Texts that are only texts."""

GARBAGE = (None, b"", b"\0", b"garbage", b"\0\0\0\0\1garbage", b"\0\0\0\x27\x0fnobody knows it")


class Upstream:
    """One source with one topic."""

    def __init__(self, world: World, office: Office, theme: Theme) -> None:
        self.world = world
        self.office = office
        self.asked = office.asked
        self.random = Random(f"upstream/{world.seed}")
        self.kinds = ALONE if theme is Theme.BACK else ALONE | TOGETHER
        self._done: list[WriteOffRequested] = []

    async def ask(self, count: int, *, within_s: float) -> None:
        """Ask for this many write-offs of all kinds."""
        names, weights = list(self.kinds), list(self.kinds.values())
        for n in range(count):
            await asyncio.sleep(self.random.random() * 2 * within_s / count)
            [kind] = self.random.choices(names, weights)
            getattr(self, kind)(f"R{n}")

    # --- requests: each kind has its name -----------------------------------------------------

    def plain(self, request_id: str) -> None:
        self._send(self.request(self.office.lend(SMALL), request_id))

    def strange(self, request_id: str) -> None:
        asked = self.request(self.office.lend(SMALL), request_id)
        self._send(replace(asked, notes=self.random.choice(STRANGE)))

    def part(self, request_id: str) -> None:
        amount = Money(amount_minor=self.random.choice([500, 2_000, 5_500]), currency="USD")
        asked = self.request(self.random.choice(SHARED), request_id)
        self._send(replace(asked, scope="PARTIAL", amount=amount))

    def whole(self, request_id: str) -> None:
        self._send(self.request(self.random.choice(SHARED), request_id))

    def approved(self, request_id: str) -> None:
        loan = self.office.lend(MIDDLE)
        self._send_approved(loan, request_id, self.office.approve(loan))

    def approved_again(self, request_id: str) -> None:
        loan = self.office.lend(MIDDLE)
        reference = self.office.approve(loan)
        self._send_approved(loan, request_id, reference)
        self._send_approved(loan, f"{request_id}-again", reference)

    def unapproved(self, request_id: str) -> None:
        self._send_approved(self.office.lend(MIDDLE), request_id, "APPR-2026-999")

    def people(self, request_id: str) -> None:
        asked = self.request(self.office.lend(MIDDLE), request_id)
        self._send(replace(asked, reason="UNCOLLECTIBLE"))

    def agent(self, request_id: str) -> None:
        self.office.ask_as_agent(self.office.lend(SMALL), request_id)

    def party(self, request_id: str) -> None:
        self.office.name_somebody(f"P-{self.random.randrange(2)}", request_id)

    def unknown(self, request_id: str) -> None:
        self._send(self.request(f"NONE-{request_id}", request_id))

    def repeated(self, request_id: str) -> None:
        if self._done:
            self._send(self.random.choice(self._done))

    def reused(self, request_id: str) -> None:
        """Use an id again for other content."""
        if self._done:
            again = replace(self.random.choice(self._done), notes=f"other content {request_id}")
            self.asked.refused[again.request_id] = "ID_REUSED"
            self._send(again)

    def foreign(self, request_id: str) -> None:
        """Speak for a tenant that is not ours to speak for."""
        asked = self.request(f"NONE-{request_id}", request_id)
        self.asked.refused[request_id] = "SOURCE_NOT_ALLOWED"
        self._encode_and_append(replace(asked, meta=replace(asked.meta, tenant=OTHER_TENANT)))

    # --- what is no request -------------------------------------------------------------------

    def garbage(self, request_id: str) -> None:
        self.asked.unreadable += 1
        self._append(b"north/GARBAGE", self.random.choice(GARBAGE))

    def hostile(self, request_id: str) -> None:
        self.asked.unreadable += 1
        asked = self.request("HOSTILE", request_id)
        match self.random.choice([*HOSTILE, "another's key", "another's record"]):
            case "another's key":
                self._encode_and_append(asked, key=b"north/SHARED-0")
            case "another's record":
                said = RequestRefused(
                    meta=asked.meta, source=SOURCE, request_id=request_id, code="NO", message="no"
                )
                self._encode_and_append(said)
            case name:
                self._encode_and_append(HOSTILE[name](asked))

    # --- as it goes to the topic --------------------------------------------------------------

    def _send_approved(self, loan: str, request_id: str, reference: str) -> None:
        asked = self.request(loan, request_id)
        self._send(replace(asked, reason="UNCOLLECTIBLE", approval_reference=reference))

    def _send(self, record: WriteOffRequested) -> None:
        assert record.meta.loan_id
        case_id = request_message_id(SOURCE, TENANT, record.request_id)
        self.asked.accepted.setdefault(case_id, record.meta.loan_id)
        self._done.append(record)
        for _ in range(1 + (self.random.random() < 0.1)):  # an upstream sends at least once
            self._encode_and_append(record)

    def _encode_and_append(
        self, record: WriteOffRequested | RequestRefused, *, key: bytes | None = None
    ) -> None:
        value = encode(record, self.world.schemas.id_of("", record.FULL_NAME))
        self._append(key or f"{record.meta.tenant}/{record.meta.loan_id}".encode(), value)

    def _append(self, key: bytes, value: bytes | None) -> None:
        self.world.broker.append(TOPIC, key[-1] % PARTITIONS, key=key, value=value)

    def request(self, loan: str, request_id: str) -> WriteOffRequested:
        """Ask for all of a loan that is a small balance."""
        paper = SuppliedDocument(
            document="COLLECTION_LOG",
            sha256=sha256(loan.encode()).hexdigest(),
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
            documents=[paper] if self.random.random() < 0.5 else [],
        )
