"""A mesh in memory and in virtual time: a broker, a database a service, instances that may die."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from contracts.catalogue import Source, World, expand
from contracts.codec import decode, encode
from contracts.records.requests import WriteOffRequested
from contracts.types import Record as Contract
from mesh.doors import Doors, request_message_id
from mesh.engine import Engine
from mesh.lanes import lane_of
from mesh.metrics import Metrics
from mesh.people import Person
from mesh.ports import Record
from mesh.service import NAMESPACE, Key
from mesh.testing import Broker, Database, Faults, MemoryLog, MemorySchemas, MemoryStore, virtual
from mesh.topics import Topics
from mesh.wire import number_of
from prometheus_client import CollectorRegistry

from .toys import CASE_TOPIC, DOCUMENTS_TOPIC, Loan, ToyCase, ToyDocuments, request

AMY = Person("amy", frozenset({"loan_agent"}))
LANES = 3
STATUS = "writeoff.status.v1.demo"
SOURCES = ("upstream", "another")


class Instance:
    """One process of one service."""

    def __init__(self, stage: "Stage", service: Any, name: str, faults: Faults) -> None:
        self.name = name
        self.stop = asyncio.Event()
        self.database = stage.databases[service.name]
        self.log = MemoryLog(stage.broker, who=name, group=service.name, faults=faults)
        self.store = MemoryStore(self.database, virtual.now, who=name, faults=faults)
        self.registry = CollectorRegistry()
        self.engine = Engine(
            service,
            store=self.store,
            log=self.log,
            schemas=stage.schemas,
            topics=Topics.of(service, stage.world),
            instance=name,
            metrics=Metrics(self.registry),
            on_answers=lambda answers: self.doors.answered(answers),  # noqa: PLW0108 - made below
        )
        ids = (uuid5(NAMESPACE, f"{name}/{n}") for n in range(10**9))
        self.doors = Doors(
            self.store,
            self.store.reader,
            lanes=LANES,
            now=self.engine.now,
            new_id=lambda: next(ids),
            on_put=self.engine.put_in,
        )
        self.process = virtual.Process(name)

    async def start(self) -> None:
        await self.log.open()
        self.process.start(self.engine.run(self.stop))

    async def kill(self) -> None:
        """As SIGKILL: what is on its way may arrive, nothing else happens."""
        await self.process.kill()
        self.log.cut()

    async def drain(self) -> None:
        """As SIGTERM."""
        self.stop.set()
        assert self.process.main is not None
        await self.process.main
        await self.log.close()

    def held(self) -> list[int]:
        return self.engine.held()

    def count(self, metric: str) -> float:
        """Give the value of a counter."""
        return self.registry.get_sample_value(metric) or 0.0

    def why(self) -> list[str]:
        """Say what keeps it from working."""
        return self.engine.watch.why_not_ready()

    def check(self) -> None:
        """Raise what broke the engine, if something did."""
        main = self.process.main
        if main is not None and main.done() and not main.cancelled():
            main.result()


class Stage:
    """The broker, the databases, and who runs."""

    def __init__(self, *, partitions: int = LANES) -> None:
        source = Source(tenants=("demo",), partitions=partitions)
        self.world = World(lanes=LANES, tenants=("demo",), sources=dict.fromkeys(SOURCES, source))
        topics = {topic.name: topic.partitions for topic in expand(self.world)}
        self.broker = Broker(topics, clock=virtual.now)
        self.databases = {name: Database() for name in ("case", "documents")}
        self.schemas = MemorySchemas()
        self.partitions = partitions
        self.asked: dict[str, list[UUID]] = {}
        self.running: list[Instance] = []

    async def launch(
        self, service: Any, number: int = 1, *, faults: Faults | None = None
    ) -> Instance:
        """Start an instance."""
        instance = Instance(self, service, f"{service.name}-{number}", faults or Faults())
        self.running.append(instance)
        await instance.start()
        return instance

    async def launch_both(self, *, faults: Faults | None = None) -> tuple[Instance, Instance]:
        """Start one of each service."""
        return (
            await self.launch(ToyCase(), faults=faults),
            await self.launch(ToyDocuments(), faults=faults),
        )

    def ask(
        self,
        loan: str,
        request_id: str,
        *,
        notes: str | None = None,
        partition: int | None = None,
        source: str = "upstream",
    ) -> UUID:
        """Let an upstream ask; gives the id of the case that comes of it."""
        self.send(request(loan, request_id, notes=notes), partition=partition, source=source)
        case_id = request_message_id(source, "demo", request_id)
        if case_id not in self.asked.setdefault(loan, []):
            self.asked[loan].append(case_id)
        return case_id

    def send(
        self,
        record: WriteOffRequested,
        *,
        partition: int | None = None,
        source: str = "upstream",
    ) -> None:
        key = f"{record.meta.tenant}/{record.meta.loan_id}"
        value = encode(record, self.schemas.id_of("", record.FULL_NAME))
        self.send_bytes(
            value,
            key=key.encode(),
            partition=partition,
            lane=lane_of(key, lanes=LANES),
            source=source,
        )

    def send_bytes(
        self,
        value: bytes | None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        lane: int = 0,
        source: str = "upstream",
    ) -> Record:
        chosen = lane % self.partitions if partition is None else partition
        return self.broker.append(f"writeoff.requests.v1.{source}", chosen, key=key, value=value)

    def loan(self, service: str, loan: str) -> Loan:
        """Give what a service's store knows of a loan."""
        return self.databases[service].rows.states.get(Key("demo", loan), Loan())

    def is_done(self) -> bool:
        """Say whether everything that was asked for was opened, answered and heard of."""
        for instance in self.running:
            instance.check()
        return all(
            set(self.loan("case", loan).opened) >= set(cases)
            and set(self.loan("case", loan).answered) >= set(cases)
            for loan, cases in self.asked.items()
        )

    async def until_done(self, *, within_s: float = 300.0) -> None:
        await virtual.until(self.is_done, within_s=within_s, why=lambda: f"undone: {self.undone()}")

    def undone(self) -> list[str]:
        return [
            loan
            for loan, cases in self.asked.items()
            if self.loan("case", loan).answered != (*cases,)
        ]

    async def settle(self) -> None:
        """Let what is committed be acknowledged, and be known as such."""
        await asyncio.sleep(10)

    def check(self) -> None:
        """Everything was heard once and in order, everywhere."""
        for loan, cases in self.asked.items():
            case = self.loan("case", loan)
            assert sorted(case.opened, key=str) == sorted(cases, key=str), loan
            assert self.loan("documents", loan).answered == case.opened, loan
            assert case.answered == case.opened, loan
        for topic in (CASE_TOPIC, DOCUMENTS_TOPIC):
            check_log(self.broker, topic)

    def said(self, topic: str) -> list[Contract]:
        """Give what was said on a topic, each number once, lane by lane."""
        return [self.decode(record) for record in heard(self.broker.records(topic))]

    def decode(self, record: Record) -> Contract:
        assert record.value is not None
        writer = self.schemas.writer_of(int.from_bytes(record.value[1:5]))
        assert writer is not None
        return decode(record.value, writer_schema=writer[1])


def numbers(records: Sequence[Record]) -> list[tuple[int, int]]:
    found = [number_of(record.headers) for record in records]
    return [number for number in found if number is not None]


def heard(records: Sequence[Record]) -> list[Record]:
    """Give the records that a counting reader hears."""
    last: dict[int, tuple[int, int]] = {}
    found: list[Record] = []
    for record in records:
        number = number_of(record.headers)
        assert number is not None
        incarnation, seq = last.get(record.partition, (0, 0))
        follows = number == (incarnation, seq + 1)
        if follows or (number[0] > incarnation and number[1] == 1):
            last[record.partition] = number
            found.append(record)
    return found


def check_log(broker: Broker, topic: str) -> None:
    """A counting reader hears every number, and no number was ever said with other bytes."""
    for partition in broker.topics[topic].partitions:
        said: dict[tuple[int, int], bytes | None] = {}
        for record in partition.records:
            number = number_of(record.headers)
            assert number is not None
            assert said.setdefault(number, record.value) == record.value, f"{topic} {number}"
        assert set(numbers(heard(partition.records))) == set(said), topic


def ask_many(stage: Stage, *, count: int = 40, loans: int = 12) -> None:
    for n in range(count):
        stage.ask(f"L{n % loans}", f"R{n}")


def loans_of_lane(lane: int, count: int, *, prefix: str = "L") -> list[str]:
    found = (f"{prefix}{n}" for n in range(100_000))
    return [name for name in found if lane_of(f"demo/{name}", lanes=LANES) == lane][:count]


def last_of(stage: Stage, topic: str) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for record in stage.broker.records(topic):
        assert record.key is not None
        [found[record.key.decode()]] = numbers([record])
    return found
