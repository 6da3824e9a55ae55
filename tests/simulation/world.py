"""The five services with their real domains and the real engine, over a log and stores in memory.

One tenant, one upstream, three lanes; two instances of case and ledger, one of each other.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid5

from authorization.domain.loan import Loan as Authority
from authorization.policy import shipped_matrix
from authorization.service import Authorization
from case.domain.case import LoanFile as CaseFile
from case.service import CaseService
from case.settings import policy_of
from contracts.catalogue import Source, expand
from contracts.catalogue import World as Catalogue
from contracts.codec import decode
from documents.domain.file import LoanFile as Evidence
from documents.domain.policy import POLICY as DOCUMENTS_POLICY
from documents.service import Documents
from ledger.domain.decide import LoanImported, LoanState, PartyState, Posted
from ledger.domain.policy import Policy as LedgerPolicy
from ledger.service import Ledger
from ledger.settings import own_policy
from mesh.doors import Doors
from mesh.engine import Engine
from mesh.lanes import lane_of
from mesh.metrics import Metrics
from mesh.ports import Record
from mesh.service import NAMESPACE, Change, Key, Reader, Transaction
from mesh.testing import (
    Broker,
    Database,
    Faults,
    MemoryLog,
    MemorySchemas,
    MemoryStates,
    MemoryStore,
    Rows,
    virtual,
)
from mesh.testing.memory_store import MemoryReader, MemoryTransaction
from mesh.topics import Topics
from notifications.domain.notices import LoanNotices, PartyFile
from notifications.domain.policy import POLICY as NOTICES_POLICY
from notifications.service import Notifications
from prometheus_client import CollectorRegistry

TENANT, SOURCE = "north", "core"
LANES = 3
PARTITIONS = 2
"""Of the upstream's topic: not as many as there are lanes, so most requests are forwarded."""
CROWD = {"case": 2, "documents": 1, "authorization": 1, "ledger": 2, "notifications": 1}
"""How many instances of each service run."""

MATRIX = shipped_matrix()
CATALOGUE = Catalogue(
    lanes=LANES,
    tenants=(TENANT,),
    sources={SOURCE: Source(tenants=(TENANT,), partitions=PARTITIONS)},
)
LEDGER_POLICY = LedgerPolicy.parse(own_policy())
CASE_POLICY = policy_of({}, CATALOGUE)


class CaseFiles(MemoryStates[CaseFile]):
    """Counts what is on its way, as the database does."""

    async def count_on_the_way(self, reader: Reader, lane: int) -> int:
        assert isinstance(reader, MemoryReader)
        files = reader.store.database.rows.states.items()
        return sum(
            case.is_on_the_way
            for key, file in files
            if lane_of(key.text, lanes=LANES) == lane
            for case in file.cases.values()
        )


class Books(MemoryStates[Any]):
    """Keeps each journal entry once beside the loans and parties, as the database does."""

    async def save(self, tx: Transaction, changes: Sequence[Change[Any, Any]]) -> None:
        await super().save(tx, changes)
        assert isinstance(tx, MemoryTransaction)
        made = [
            (Key(change.key.tenant, str(told.event.entry.entry_id), "entry"), told.event.entry)
            for change in changes
            for told in change.told
            if isinstance(told.event, LoanImported | Posted)
        ]
        kept = tx.store.database.rows.states
        assert not any(key in kept for key, _ in made), "an entry is made once"

        def keep(rows: Rows) -> None:
            rows.states.update(made)

        tx.staged.append(keep)


def _loan_or(party: Callable[[], Any], loan: Callable[[], Any]) -> Callable[[Key], Any]:
    return lambda key: party() if key.kind == "party" else loan()


BUILD: dict[str, Callable[[], Any]] = {
    "case": lambda: CaseService(
        CaseFiles(lambda key: CaseFile(tenant=key.tenant, loan_id=key.id)), CASE_POLICY
    ),
    "documents": lambda: Documents(MemoryStates(lambda _: Evidence()), DOCUMENTS_POLICY),
    "authorization": lambda: Authorization(
        MemoryStates(lambda key: Authority(tenant=key.tenant, loan_id=key.id)), MATRIX
    ),
    "ledger": lambda: Ledger(Books(_loan_or(PartyState, LoanState)), lambda _: LEDGER_POLICY),
    "notifications": lambda: Notifications(
        MemoryStates(_loan_or(PartyFile, LoanNotices)), NOTICES_POLICY
    ),
}
"""How each service is made anew for each process."""


class Instance:
    """One process of one service."""

    def __init__(self, world: "World", name: str, who: str) -> None:
        service = BUILD[name]()
        self.name, self.who = name, who
        self.frozen = False
        self.stop = asyncio.Event()
        self.log = MemoryLog(world.broker, who=who, group=name, faults=world.faults)
        database = world.databases[name]
        self.store = MemoryStore(database, virtual.now, who=who, faults=world.faults)
        self.engine = Engine(
            service,
            store=self.store,
            log=self.log,
            schemas=world.schemas,
            topics=world.topics[name],
            instance=who,
            metrics=Metrics(CollectorRegistry()),
            on_answers=lambda answers: self.doors.answered(answers),  # noqa: PLW0108 - made below
        )
        ids = (uuid5(NAMESPACE, f"{who}/{n}") for n in range(10**9))
        self.doors = Doors(
            self.store,
            self.store.reader,
            lanes=LANES,
            now=self.engine.now,
            new_id=lambda: next(ids),
            on_put=self.engine.put_in,
        )
        self.process = virtual.Process(who)

    async def start(self) -> None:
        await self.log.open()
        self.process.start(self.engine.run(self.stop))

    @property
    def is_there(self) -> bool:
        """Say whether its door can be knocked at: not before its first beat."""
        return not self.frozen and self.engine.holdings.clock.read_now is not None

    def freeze(self) -> None:
        self.frozen = True
        self.process.freeze()

    def thaw(self) -> None:
        self.frozen = False
        self.process.thaw()

    async def kill(self) -> None:
        """As SIGKILL: what is on its way may arrive, nothing else happens."""
        self.frozen = False
        await self.process.kill()
        self.log.cut()

    async def drain(self) -> None:
        """As SIGTERM."""
        self.stop.set()
        assert self.process.main is not None
        await self.process.main
        await self.log.close()

    def check(self) -> None:
        """Raise what broke the engine, if something did."""
        main = self.process.main
        if main is not None and main.done() and not main.cancelled():
            main.result()


class World:
    """The broker, the databases, and who runs."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        partitions = {topic.name: topic.partitions for topic in expand(CATALOGUE)}
        self.broker = Broker(partitions, clock=virtual.now)
        self.databases = {name: Database() for name in BUILD}
        self.topics = {name: Topics.of(build(), CATALOGUE) for name, build in BUILD.items()}
        self.schemas = MemorySchemas()
        self.running: dict[str, list[Instance]] = {name: [] for name in BUILD}
        self._launched = 0

    async def launch(self, name: str) -> Instance:
        """Start a process; its name is made new at each start."""
        self._launched += 1
        instance = Instance(self, name, f"{name}/{self._launched}")
        self.running[name].append(instance)
        await instance.start()
        return instance

    async def launch_all(self) -> None:
        for name, count in CROWD.items():
            for _ in range(count):
                await self.launch(name)

    def gone(self, instance: Instance) -> None:
        """Note that an instance runs no more."""
        self.running[instance.name].remove(instance)

    @property
    def instances(self) -> list[Instance]:
        return [each for running in self.running.values() for each in running]

    def states(self, service: str, kind: type[Any]) -> dict[Key, Any]:
        """Give the states of one kind that a service's store holds."""
        rows = self.databases[service].rows
        return {key: state for key, state in rows.states.items() if isinstance(state, kind)}

    def decode(self, record: Record) -> Any:
        assert record.value is not None
        writer = self.schemas.writer_of(int.from_bytes(record.value[1:5]))
        assert writer is not None
        return decode(record.value, writer_schema=writer[1])
