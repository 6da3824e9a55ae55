"""The ledger's doors on a real port, over a ledger in memory."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from ledger.api import routes
from mesh.doors import Doors
from mesh.http import Health, build, serve
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

from .door import NOON, PEOPLE, MemoryLedger


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
async def client(tmp_path: Path, ledger: MemoryLedger) -> AsyncIterator[aiohttp.ClientSession]:
    people = [
        {
            "name": name,
            "roles": [role],
            "tenants": ["demo"],
            "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        for name, role in PEOPLE.items()
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(people))
    doors = Doors(ledger, ledger, lanes=6, now=lambda: NOON, new_id=uuid4, on_put=lambda _: None)
    app = build(
        routes(doors, service=ledger.service, deciding=ledger.service, tenants=["demo", "sba"]),
        tokens=Tokens(path),
        health=Health(still_s=lambda: 0, reasons=list, lanes=list),
        registry=CollectorRegistry(),
        tenants=["demo", "sba"],
    )
    runner = await serve(app, "127.0.0.1", 0)
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session
    await doors.close()
    await runner.cleanup()
