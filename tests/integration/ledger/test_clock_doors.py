"""The doors to clocks, policies and the trail, over books in a real PostgreSQL."""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
from ledger.api import audit, clocks, policies
from ledger.monthend.clocks import Clocks
from ledger.monthend.settings import own_clocks
from ledger.policies import PolicyBook
from ledger.settings import own_policy
from mesh.doors import Doors, StoredAnswer, content_hash
from mesh.http import Health, build, serve
from mesh.ports import DueRow
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

from .bank import Bank
from .turning import LANE

pytestmark = pytest.mark.stack

PEOPLE = {"bea": "back_office", "ana": "loan_agent", "otto": "auditor"}


class Hearing:
    """Puts each command into a turn of the bank's at once."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.known: dict[UUID, StoredAnswer] = {}

    async def put(self, rows: Sequence[DueRow]) -> None:
        for row in rows:
            body = json.loads(row.payload)["body"]
            await self.bank.turn(self.bank.message(row.kind, body, row.key))
            [answer] = self.bank.answers
            digest = content_hash(row.kind, body)
            self.known[row.due_id] = StoredAnswer(digest, None, answer.code, answer.body, done=True)

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        return {one: self.known[one] for one in ids if one in self.known}


class Visitor:
    """Somebody at the doors."""

    def __init__(self, session: aiohttp.ClientSession, tenant: str) -> None:
        self._session = session
        self._tenant = tenant

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {who}", "X-Tenant-ID": self._tenant}

    async def get(self, path: str, who: str = "otto") -> tuple[int, Any]:
        async with self._session.get(path, headers=self._headers(who)) as response:
            told = await response.json()
            return response.status, told.get("error", told)

    async def post(self, path: str, who: str = "bea", **body: Any) -> tuple[int, Any]:
        async with self._session.post(path, json=body, headers=self._headers(who)) as response:
            told = await response.json()
            return response.status, told.get("error", told)


@pytest.fixture
def bank(connection: asyncpg.Connection) -> Bank:
    return Bank(connection)


@pytest.fixture
async def visitor(tmp_path: Path, bank: Bank) -> AsyncIterator[Visitor]:
    people = [
        {
            "name": name,
            "roles": [role],
            "tenants": ["*"],
            "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        for name, role in PEOPLE.items()
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(people))
    doors = Doors(
        Hearing(bank),  # pyright: ignore[reportArgumentType]
        bank,
        lanes=6,
        now=lambda: datetime.now(UTC),
        new_id=uuid4,
        on_put=lambda _: None,
    )
    app = build(
        [
            *clocks.routes(doors, clocks=Clocks.parse(own_clocks())),
            *policies.routes(doors, in_force="2026-01"),
            *audit.routes(doors, lanes=6),
        ],
        tokens=Tokens(path),
        health=Health(still_s=lambda: 0, reasons=list, lanes=list),
        registry=CollectorRegistry(),
        tenants=[bank.tenant],
    )
    runner = await serve(app, "127.0.0.1", 0)
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield Visitor(session, bank.tenant)
    await doors.close()
    await runner.cleanup()


async def test_a_valuation_moves_a_loans_clock(bank: Bank, visitor: Visitor) -> None:
    await bank.turn(bank.loan("LN-1", product="MORTGAGE", oldest_unpaid_due="2025-06-15"))

    noted = await visitor.post(
        "/v1/loans/LN-1/valuations", "ana", valued_on="2026-10-01", value="600", cost="50.50"
    )
    _, told = await visitor.get("/v1/due")

    assert noted[0] == 200
    assert (noted[1]["result"], noted[1]["since"]) == ("noted", "2026-10-01")
    [clock] = told["loans"]
    assert (clock["outstanding"], clock["loss"]) == ("1000.00", "450.50")
    assert (clock["cause"], clock["due_by"], clock["is_breached"]) == (
        "180 DPD",
        "2025-12-31",
        True,
    )


async def test_a_re_ageing_is_refused_with_its_code(bank: Bank, visitor: Visitor) -> None:
    await bank.turn(bank.loan("LN-1", product="CREDIT_LINE"), bank.loan("LN-2"))
    body: dict[str, Any] = {"reaged_on": "2026-10-01", "oldest_unpaid": None}

    few = await visitor.post("/v1/loans/LN-1/re-age", **body)
    closed_end = await visitor.post("/v1/loans/LN-2/re-age", **body)
    unknown = await visitor.post("/v1/loans/LN-9/re-age", **body)
    forbidden = await visitor.post("/v1/loans/LN-1/re-age", "ana", **body)
    missing = await visitor.post("/v1/loans/LN-1/re-age", reaged_on="2026-10-01")

    answers = [
        (status, told["code"]) for status, told in (few, closed_end, unknown, forbidden, missing)
    ]
    assert answers[:3] == [
        (422, "REAGING_NEEDS_PAYMENTS"),
        (422, "REAGING_NOT_OPEN_END"),
        (404, "UNKNOWN_LOAN"),
    ]
    assert [status for status, _ in answers[3:]] == [403, 400]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"value": "1.001"}, 400, "AMOUNT_SCALE"),
        ({"cost": "-1"}, 400, "AMOUNT_NOT_POSITIVE"),
        ({"value": 1}, 400, "INVALID_FIELDS"),
        ({"valued_on": "1066-10-14"}, 400, "INVALID_FIELDS"),
        ({"valued_on": "2200-01-01"}, 422, "FUTURE_DATE"),
        ({"colour": "red"}, 400, "INVALID_FIELDS"),
    ],
)
async def test_a_valuation_that_cannot_be_is_told_by_its_code(
    bank: Bank, visitor: Visitor, change: dict[str, Any], status: int, code: str
) -> None:
    await bank.turn(bank.loan("LN-1", product="MORTGAGE"))
    body: dict[str, Any] = {"valued_on": "2026-10-01", "value": "1"}

    told = await visitor.post("/v1/loans/LN-1/valuations", **body | change)

    assert (told[0], told[1]["code"]) == (status, code)


async def test_a_policy_is_read_by_the_version_that_a_journal_names(
    bank: Bank, visitor: Visitor
) -> None:
    await PolicyBook([own_policy()]).keep(bank)

    _, listed = await visitor.get("/v1/policies")
    _, told = await visitor.get("/v1/policies/2026-01")
    nothing = await visitor.get("/v1/policies/1999-01")

    assert [(each["version"], each["in_force"]) for each in listed["policies"]] == [
        ("2026-01", True)
    ]
    assert told["text"] == own_policy()
    assert (nothing[0], nothing[1]["code"]) == (404, "UNKNOWN_POLICY")


async def test_what_is_not_sealed_is_told_with_its_age(bank: Bank, visitor: Visitor) -> None:
    _, before = await visitor.get("/v1/audit/unsealed")
    bank.now = datetime.now(UTC) - timedelta(hours=1)
    await bank.turn(bank.loan("LN-1"), bank.loan("LN-2", opened=date(2026, 1, 1).isoformat()))

    _, told = await visitor.get("/v1/audit/unsealed")

    assert told["entries"] == before["entries"] + 2
    assert told["oldest_s"] >= 3_600
    assert told["is_late"]
    assert LANE in [each["lane"] for each in told["lanes"]]
