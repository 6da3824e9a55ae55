"""The ground that faults befall: one stack for as long as it is sound, then another."""

import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import httpx
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

from ..stack_fixture import running_stack  # noqa: TID252 - tests are no package
from .links import Links
from .recovery import KEPT
from .running import SECONDS, Running

TENANTS = tuple(f"f{number:02d}" for number in range(1, 9))

DISK_MIB = 1_024
"""Holds a fresh cluster with its write-ahead log, and can be filled in a second."""

WORLD = f"""
lanes = 6
tenants = {list(TENANTS)}
links = true

[sources.upstream]
tenants = {list(TENANTS)}
partitions = 6

[instances]
case = 2
documents = 2
authorization = 2
ledger = 2
notifications = 2
""".replace("'", '"')


class Grounds:
    """Gives a stack that is fit for a fault."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._open = ExitStack()
        self._running: Running | None = None
        self._small_disk = False
        self._tenants = count()

    def tenant(self) -> str:
        """Name a tenant that nobody had just before."""
        return TENANTS[next(self._tenants) % len(TENANTS)]

    def give(self, *, small_disk: bool) -> Running:
        """Give a running stack, a new one where the last is not of this kind."""
        if self._running is None or self._small_disk != small_disk:
            self.leave()
            self._running = self._open.enter_context(running(small_disk=small_disk))
            self._small_disk = small_disk
        try:
            self._running.until_well()
        except BaseException:
            self.leave(name="not well")
            raise
        return self._running

    def leave(self, *, name: str = "") -> None:
        """End the stack; with the name of a fault that found something, its logs are kept."""
        if self._running is not None and name:
            kept = KEPT.parent / "failed" / name.replace(" ", "-")
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(self._running.places.logs, kept)
        self._running = None
        self._open.close()


@contextmanager
def running(*, small_disk: bool) -> Generator[Running]:
    """Start a stack with all services over links; end it and remove all of it."""
    with ExitStack() as open_:
        stack = open_.enter_context(running_stack(WORLD, disk_mib=DISK_MIB if small_disk else 0))
        links = open_.enter_context(Links.of(stack.env))
        client = open_.enter_context(httpx.Client(timeout=30, trust_env=False))
        registry = open_.enter_context(SchemaRegistryClient(stack.env.registry_conf()))
        stack.up()
        it = Running(stack, links, client, registry)
        for name in SECONDS:
            it.hand("stop", name)
        yield it


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    """What the faults of this run befall."""
    it = Grounds()
    try:
        yield it
    finally:
        it.leave()
