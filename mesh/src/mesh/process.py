"""The process of a service: the world is built here and nowhere else.

python -m NAME            run
python -m NAME migrate    bring the store to the shape that this build needs
"""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop
from aiohttp import web
from prometheus_client import CollectorRegistry

from mesh import http, logs, meshdoors, taskdoors
from mesh.checks import check_start
from mesh.doors import Doors
from mesh.engine import Engine
from mesh.kafka import KafkaLog
from mesh.metrics import Metrics
from mesh.migrations import migrate
from mesh.pause import Pause
from mesh.ports import Misfit, Unavailable
from mesh.postgres import PostgresStore
from mesh.registry import Registry
from mesh.service import Reader, Service
from mesh.settings import Settings
from mesh.tokens import Tokens
from mesh.topics import Topics

log_ = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """What a service's background work may use."""

    doors: Doors
    reader: Reader
    held: Callable[[], Collection[int]]
    """The lanes that this instance runs."""
    metrics: CollectorRegistry
    """What `/metrics` tells; background work may add gauges of its own."""


@dataclass(frozen=True, slots=True)
class App:
    """A service as a process runs it."""

    service: Service[Any, Any]
    routes: Callable[[Doors], Sequence[web.RouteDef]] = lambda _: ()
    background: Sequence[Callable[[Context], Awaitable[None]]] = field(default_factory=tuple)
    before: Sequence[Callable[[Reader], Awaitable[None]]] = field(default_factory=tuple)
    """What has to hold before a lane is taken; a SystemExit names what does not."""
    own_tenant: Callable[[str], bool] = lambda _: False
    """Whether a tenant that the world does not list is known to this service alone."""


def main(*, name: str, build: Callable[[Settings], App], migrations: Traversable | Path) -> None:
    """Run a service, or migrate its store, as the command line says."""
    if not __debug__:
        raise SystemExit("assertions must be on: do not run with -O")
    folders = [(name, Path(str(migrations)))]
    if sys.argv[1:] == ["migrate"]:
        asyncio.run(migrate(os.environ["OWNER_DATABASE_URL"], folders=folders))
        return
    if sys.argv[1:]:
        raise SystemExit(f"usage: python -m {name} [migrate]")
    settings = Settings.read(os.environ, service=name)
    logs.setup(service=name, instance=settings.instance, level=settings.log_level)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line for each call otherwise
    try:
        uvloop.run(_run(settings, build(settings), folders))
    except Misfit as misfit:
        raise SystemExit(f"this build does not fit its store: {misfit}") from misfit


async def _run(settings: Settings, app: App, folders: Sequence[tuple[str, Path]]) -> None:
    """Build the world, run until SIGTERM, drain."""
    logs.watch(asyncio.get_running_loop())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = settings.world()
    topics = Topics.of(app.service, world)
    prometheus = CollectorRegistry()
    store = PostgresStore(settings.database_url)
    kafka = KafkaLog(_kafka_conf(settings), group=app.service.name)
    registry = Registry(
        settings.registry_url, user=settings.registry_user, password=settings.registry_password
    )
    holder: list[Doors] = []
    engine = Engine(
        app.service,
        store=store,
        log=kafka,
        schemas=registry,
        topics=topics,
        instance=f"{settings.instance}/{uuid4().hex[:8]}",
        metrics=Metrics(prometheus),
        on_answers=lambda answers: holder[0].answered(answers),  # noqa: PLW0108 - made below
    )
    doors = Doors(
        store,
        store.reader,
        lanes=topics.lanes,
        now=engine.now,
        new_id=uuid4,
        on_put=engine.put_in,
    )
    holder.append(doors)
    starting = Starting()
    web_app = http.build(
        [*taskdoors.routes(doors), *meshdoors.routes(engine, store), *app.routes(doors)],
        tokens=Tokens(settings.people_file),
        health=starting.health(engine),
        registry=prometheus,
        tenants=world.tenants,
        own_tenant=app.own_tenant,
    )
    runner = await http.serve(web_app, settings.http_host, settings.http_port)
    try:
        await _when_there(
            starting,
            stop,
            store=store,
            kafka=kafka,
            registry=registry,
            topics=topics,
            folders=folders,
            before=app.before,
        )
        if not stop.is_set():
            starting.waits_for = ""
            context = Context(doors, store.reader, engine.held, prometheus)
            await _work(engine, stop, [job(context) for job in app.background])
    finally:
        await runner.cleanup()
        await doors.close()
        await kafka.close()
        await store.close()


class Starting:
    """Tells what the process waits for before its engine runs."""

    def __init__(self) -> None:
        """Nothing is there yet."""
        self.waits_for = "starting"

    def health(self, engine: Engine) -> http.Health:
        """Give what /live, /ready and /lanes tell."""
        return http.Health(
            still_s=lambda: 0.0 if self.waits_for else engine.still_s(),
            reasons=lambda: [self.waits_for] if self.waits_for else engine.watch.why_not_ready(),
            lanes=engine.watch.lanes,
        )


async def _when_there(
    starting: Starting,
    stop: asyncio.Event,
    *,
    store: PostgresStore,
    kafka: KafkaLog,
    registry: Registry,
    topics: Topics,
    folders: Sequence[tuple[str, Path]],
    before: Sequence[Callable[[Reader], Awaitable[None]]],
) -> None:
    """Wait for what is merely not there yet; what is wrong ends the process (lanes 27)."""
    await kafka.open()
    pause = Pause(first_s=0.1, max_s=2.0)
    while not stop.is_set():
        try:
            await store.open()
            await check_start(store, kafka, topics, folders=folders)
            await registry.ready(topics)
            for look in before:
                await look(store.reader)
            return
        except Unavailable as error:
            starting.waits_for = str(error)
            log_.info("waiting", extra={"why": str(error)})
            await pause.wait()


async def _work(engine: Engine, stop: asyncio.Event, jobs: Sequence[Awaitable[None]]) -> None:
    """Run the engine and what works beside it; a job that breaks ends the process."""
    # Sweeps of the collector over long-lived objects are pauses for nothing.
    gc.collect()
    gc.freeze()
    beside = [asyncio.ensure_future(job) for job in jobs]
    running = asyncio.ensure_future(engine.run(stop))
    await asyncio.wait([running, *beside], return_when=asyncio.FIRST_COMPLETED)
    broken = [task for task in beside if task.done()]
    stop.set()
    await running
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    for task in broken:
        task.result()


def _kafka_conf(settings: Settings) -> dict[str, Any]:
    return {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": settings.kafka_user,
        "sasl.password": settings.kafka_password,
    }
