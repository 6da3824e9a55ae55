"""`python -m bench.sealing [--journals N] [--runs N]`: what the auditor's trail costs the ledger.

The ledger's own engine on a real PostgreSQL, its log in memory, all lanes in one process: N loans
are imported, then N grants are posted as fast as they are heard, once with the trail and once
without, in turns, each on a database of its own. Without it there is no sealing and no index by
which it finds what to seal. The trail counts until the last entry is sealed.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import uvloop
from contracts.catalogue import World, expand
from contracts.codec import HEADER_BYTES, encode
from contracts.records import authorization
from contracts.records.ledger import AuditBlockSealed
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledger.audit.published import HeadsFile
from ledger.audit.sealer import Sealer
from ledger.audit.service import AUDIT, Audited
from ledger.audit.signing import Signer
from ledger.domain.policyfile import Policies
from ledger.service import LEDGER, Ledger
from ledger.settings import own_policy
from ledger.store.audit import Chains
from ledger.store.states import Store
from ledger.wire.heard import to_wants
from mesh.doors import COMMANDS_MAX, Command, Doors
from mesh.engine import Engine
from mesh.lanes import lane_of
from mesh.metrics import Metrics
from mesh.people import Person
from mesh.postgres import PostgresStore
from mesh.service import Key
from mesh.testing import Broker, MemoryLog, MemorySchemas
from mesh.topics import Topics
from mesh.wire import SEQ
from prometheus_client import CollectorRegistry
from rich.console import Console

from bench.grants import TOPIC, grant, ledger_database
from bench.loans import OWED_MINOR, loan_row
from bench.own_stack import Failed
from stack import Env, StackError, running

LANES, TENANT = 6, "demo"
WORLD = World(lanes=LANES, tenants=(TENANT,))
CLERK = Person("bench", frozenset({"admin"}))
ASKED = date(2026, 11, 20)

SEAL_EVERY_S = 2.0
"""Five times as often as the ledger looks: a run of some seconds then has its share of it."""

WAIT_MAX_S = 300.0

console = Console()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run did: seconds and CPU of this process for all its journals."""

    journals: int
    imported_s: float
    posted_s: float
    sealed_s: float
    """Until the last entry was sealed; without the trail until it was posted."""
    cpu_s: float
    blocks: int


def main() -> None:
    """Measure and print; with `--json` for machines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journals", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3, help="of each kind")
    parser.add_argument("--dir", type=Path, default=Path(".stack"), help="a stack's PostgreSQL")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        env = running(arguments.dir)
        found = uvloop.run(_measure(env, arguments.journals, arguments.runs))
    except (Failed, StackError) as trouble:
        console.print(f"[red]{trouble}[/red]", highlight=False)
        sys.exit(1)
    if arguments.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")


async def _measure(env: Env, journals: int, runs: int) -> dict[str, Any]:
    taken: dict[bool, list[Run]] = {False: [], True: []}
    for number in range(2 * runs):
        with_trail = number % 2 == 1
        run = await _run(env, journals, with_trail=with_trail)
        taken[with_trail].append(run)
        console.print(
            f"{'with' if with_trail else 'without'} the trail:"
            f" {journals / run.posted_s:,.0f} posted/s,"
            f" {journals / run.sealed_s:,.0f} posted and sealed/s,"
            f" {run.cpu_s / journals * 1e6:.0f} µs of CPU a journal, {run.blocks} blocks",
            highlight=False,
        )
    plain, sealed = (median(journals / r.sealed_s for r in taken[kind]) for kind in (False, True))
    cpu, cpu_sealed = (median(r.cpu_s / journals for r in taken[kind]) for kind in (False, True))
    console.print(
        f"medians: {plain:,.0f} and {sealed:,.0f} journals/s, {cpu * 1e6:.0f} and"
        f" {cpu_sealed * 1e6:.0f} µs of CPU a journal: the trail takes {1 - sealed / plain:.1%} of"
        f" the speed, and {cpu_sealed / cpu - 1:.1%} more CPU of the ledger",
        highlight=False,
    )
    return {
        "journals_per_s": {"without": plain, "with": sealed, "lost": 1 - sealed / plain},
        "cpu_us_per_journal": {"without": cpu * 1e6, "with": cpu_sealed * 1e6},
        "runs": [asdict(run) | {"trail": kind} for kind, each in taken.items() for run in each],
    }


async def _run(env: Env, journals: int, *, with_trail: bool) -> Run:
    """Import loans, post as many grants; every database is new, every lane empty."""
    async with _database(env, with_trail=with_trail) as dsn, _Desk.open(dsn, with_trail) as desk:
        began = time.perf_counter()
        await desk.import_loans(journals)
        imported_s = time.perf_counter() - began
        await desk.seal_rest()
        grants = desk.grants(journals)
        began, cpu = time.perf_counter(), time.process_time()
        for lane, key, value, headers in grants:
            desk.broker.append(TOPIC, lane, key=key, value=value, headers=headers)
        await desk.until(lambda: desk.posted == journals)
        posted_s = time.perf_counter() - began
        await desk.seal_rest()
        assert not with_trail or desk.sealed == 2 * journals, "every entry is sealed"
        return Run(
            journals=journals,
            imported_s=imported_s,
            posted_s=posted_s,
            sealed_s=time.perf_counter() - began,
            cpu_s=time.process_time() - cpu,
            blocks=len(desk.broker.records(AUDIT)),
        )


class _Desk:
    """One instance of the ledger, and hands on it."""

    def __init__(self, dsn: str, *, with_trail: bool) -> None:
        self.broker = Broker(
            {topic.name: topic.partitions for topic in expand(WORLD)},
            clock=lambda: datetime.now(UTC),
        )
        self.store = PostgresStore(dsn)
        self.imported = 0
        self.schemas = MemorySchemas()
        self._log = MemoryLog(self.broker, who="ledger-1", group="ledger")
        self._chains = Chains()
        policy = Policies.parse(own_policy()).everybody
        ledger = Ledger(Store(lambda _: policy, to_wants), lambda _: policy)
        signer = Signer(Ed25519PrivateKey.generate())
        self._sealer: Sealer | None = None
        self._service = (
            Audited(ledger, chains=self._chains, signer=signer) if with_trail else ledger
        )
        self._engine = Engine(
            self._service,
            store=self.store,
            log=self._log,
            schemas=self.schemas,
            topics=Topics.of(self._service, WORLD),
            instance="ledger-1",
            metrics=Metrics(CollectorRegistry()),
            on_answers=lambda answers: self._doors.answered(answers),  # noqa: PLW0108 - made below
        )
        self._doors = Doors(
            self.store,
            self.store.reader,
            lanes=LANES,
            now=self._engine.now,
            new_id=uuid4,
            on_put=self._engine.put_in,
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, dsn: str, with_trail: bool) -> AsyncGenerator["_Desk"]:
        """Run it until it is left."""
        desk, stop = cls(dsn, with_trail=with_trail), asyncio.Event()
        await desk.store.open()
        await desk._log.open()
        running = asyncio.create_task(desk._engine.run(stop))
        with tempfile.TemporaryDirectory() as folder:
            sealing = asyncio.create_task(desk._seal(Path(folder))) if with_trail else None
            try:
                await desk.until(lambda: len(desk._engine.held()) == LANES)
                yield desk
            finally:
                if sealing:
                    sealing.cancel()
                stop.set()
                await running
                await desk._doors.close()
                await desk._log.close()
                await desk.store.close()

    async def _seal(self, folder: Path) -> None:
        self._sealer = Sealer(
            self._chains,
            reader=self.store.reader,
            doors=self._doors,
            held=self._engine.held,
            lanes=LANES,
            file=HeadsFile(folder / "heads.jsonl"),
            every_s=SEAL_EVERY_S,
        )
        await self._sealer.run()

    async def seal_rest(self) -> None:
        """Seal what is left, without waiting for the next look."""
        while self._sealer and (left := self.entries - self.sealed):
            await self._sealer.seal()
            await self.until(lambda: self.entries - self.sealed < left)

    @property
    def entries(self) -> int:
        """Count the entries that the journal has."""
        return self.imported + self.posted

    @property
    def posted(self) -> int:
        """Count what was said to be posted."""
        return len(self.broker.records(LEDGER))

    @property
    def sealed(self) -> int:
        """Count the entries that blocks hold."""
        lanes = self.broker.topics[AUDIT].partitions
        last = [part.records[-1].value or b"" for part in lanes if part.records]
        heads = [AuditBlockSealed.from_binary(value, HEADER_BYTES)[0] for value in last]
        return sum(head.first + head.count - 1 for head in heads)

    async def import_loans(self, count: int) -> None:
        """Take loans in, through the lanes."""
        for first in range(0, count, COMMANDS_MAX):
            numbers = range(first, min(first + COMMANDS_MAX, count))
            commands = [
                Command(Key(TENANT, f"L-{n}"), "ImportLoan", loan_row(f"L-{n}"), CLERK)
                for n in numbers
            ]
            replies = await self._doors.commands(commands, wait_s=WAIT_MAX_S)
            assert all(reply.done and reply.code is None for reply in replies), replies[0]
            self.imported += len(numbers)

    def grants(self, count: int) -> list[tuple[int, bytes, bytes, dict[str, bytes]]]:
        """Make a grant for every loan, numbered in its lane as authorization would."""
        seqs = dict.fromkeys(range(LANES), 0)
        schema_id = self.schemas.id_of(TOPIC, authorization.AuthorizationGranted.FULL_NAME)
        made: list[tuple[int, bytes, bytes, dict[str, bytes]]] = []
        for number in range(count):
            record = grant(TENANT, f"L-{number}", amount_minor=OWED_MINOR, asked=ASKED)
            lane = lane_of(f"{TENANT}/L-{number}", lanes=LANES)
            seqs[lane] += 1
            headers = {SEQ: b"1/%d" % seqs[lane], "ce_subject": str(record.meta.case_id).encode()}
            made.append((lane, f"L-{number}".encode(), encode(record, schema_id), headers))
        return made

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait for something to come to pass. Raises Failed."""
        deadline = time.monotonic() + WAIT_MAX_S
        while not seen():
            if time.monotonic() > deadline:
                raise Failed(f"not within {WAIT_MAX_S:.0f} s; {self._engine.watch.why_not_ready()}")
            await asyncio.sleep(0.01)


@asynccontextmanager
async def _database(env: Env, *, with_trail: bool) -> AsyncGenerator[str]:
    """Make a ledger's database, without the trail's index if there is no trail."""
    async with ledger_database(env) as dsn:
        if not with_trail:
            inside = await asyncpg.connect(dsn)
            await inside.execute("DROP INDEX journal_in_lane")
            await inside.close()
        yield dsn


if __name__ == "__main__":
    main()
