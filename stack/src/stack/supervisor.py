"""The supervisor: starts the parts in order, keeps them, answers the command line, stops them."""

import asyncio
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stack import control, kafka, kafka_admin, mail, postgres, processes, registry, services
from stack.catalogue import grants, read_topics, users
from stack.keeper import Keeper, Program, State, spawn, tail
from stack.places import Places, StackError, write_private
from stack.plan import Plan, instances
from stack.plan import links as plan_links
from stack.world import SERVICES, World

SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP, "thaw": signal.SIGCONT}


class Supervisor:
    """Everything that runs in one stack directory."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.plan = Plan.load(places)
        self.world = World.read(places.world)
        self.keepers: dict[str, Keeper] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.phase = "starting"
        self.trouble = ""
        self.since = time.monotonic()
        self._ending = asyncio.Event()
        self._boot: asyncio.Task[None] | None = None
        self._asides: set[asyncio.Task[None]] = set()

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run until told to stop, by a signal or by the command line."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ending.set)
        me = {"pid": os.getpid(), "birth": processes.birth(os.getpid())}
        write_private(self.places.supervisor, json.dumps(me))
        server = await control.listen(self.places, self._answer)
        self._boot = asyncio.create_task(self._raise(ready))
        await self._ending.wait()
        self.phase = "stopping"
        self._boot.cancel()
        await asyncio.wait([self._boot, *self._asides])
        await self._stop_all()
        server.close()
        self.places.socket().unlink(missing_ok=True)
        self.places.processes.unlink(missing_ok=True)

    # --- starting -----------------------------------------------------------------------------

    async def _raise(self, ready: Callable[[], None] = lambda: None) -> None:
        """Bring everything up; again only does what is missing."""
        self.phase, self.trouble = "starting", ""
        try:
            async with asyncio.TaskGroup() as group:
                for start in (self._raise_kafka, self._raise_databases, self._raise_mail):
                    group.create_task(start())
            if "services" in self.plan.parts:
                await self._raise_services()
        except* (StackError, OSError) as troubles:
            self.trouble += "; ".join(str(trouble) for trouble in _leaves(troubles))
        except* Exception as bugs:
            traceback.print_exception(bugs)
            self.trouble += "; ".join(repr(bug) for bug in _leaves(bugs))
        self.phase = "failed" if self.trouble else "ready"
        if self.trouble:
            print(time.strftime("%H:%M:%S"), "failed:", self.trouble, flush=True)
        ready()

    async def _raise_kafka(self) -> None:
        if "kafka" not in self.plan.parts:
            return
        ports, jars = dict(self.plan.ports), [Path(jar) for jar in self.plan.kafka_jars]
        if "kafka" not in self.keepers:
            links = {name: each["kafka"] for name, each in plan_links(self.world, ports).items()}
            await self._aside(kafka.prepare, self.places, jars, ports=ports, links=links)
        await self._keep(kafka.program(self.places, jars, ports=ports))
        topics = read_topics(self.world, Path(self.plan.topics_file))
        await self._aside(
            kafka_admin.settle,
            self.places,
            port=ports["kafka"],
            users=users(self.world),
            topics=topics,
            grants=grants(self.world, topics),
        )

    async def _raise_databases(self) -> None:
        if "postgres" not in self.plan.parts:
            return
        port, home = self.plan.ports["postgres"], Path(self.plan.postgres_home)
        if "postgres" not in self.keepers:
            await self._aside(postgres.prepare, self.places, home, port=port)
        await self._keep(postgres.program(self.places, home, port=port))
        await postgres.settle(self.places, port=port)
        if "registry" in self.plan.parts:
            home, ports = Path(self.plan.registry_home), dict(self.plan.ports)
            await self._keep(registry.program(self.places, home, ports=ports))
            await registry.settle(self.places, port=ports["registry"])

    async def _raise_mail(self) -> None:
        if "mail" in self.plan.parts:
            mail.prepare(self.places)
            await self._keep(mail.program(self.places, port=self.plan.ports["smtp"]))

    async def _raise_services(self) -> None:
        wanted = set(instances(self.world))
        for name in [name for name in self.keepers if "-" in name and name not in wanted]:
            await self.keepers.pop(name).stop()
        await self._run(services.register(self.places), built=("contracts", "register.py"))
        await asyncio.gather(*(self._raise_service(name) for name in SERVICES))

    async def _raise_service(self, name: str) -> None:
        built = (name, "__main__.py")
        if not await self._run(services.migrate(self.places, name), built=built):
            return
        await asyncio.gather(
            *(
                self._keep(
                    services.program(
                        self.places,
                        name,
                        number,
                        port=self.plan.ports[f"{name}-{number}"],
                        smtp_port=self.plan.ports["smtp"],
                    )
                )
                for number in range(1, self.world.instances[name] + 1)
            )
        )

    async def _aside[**P](self, work: Callable[P, None], *args: P.args, **more: P.kwargs) -> None:
        """Do what blocks in a thread; it goes on to its end even if we stop waiting."""
        task = asyncio.create_task(asyncio.to_thread(work, *args, **more))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)
        await asyncio.shield(task)

    async def _keep(self, program: Program) -> None:
        keeper = self.keepers.get(program.name)
        if keeper is None:
            keeper = Keeper(program, self.places, self._note)
            self.keepers[program.name] = keeper
        keeper.start()
        await keeper.until_ready()

    async def _run(self, program: Program, *, built: tuple[str, str]) -> bool:
        """Run something once, to its end; say whether what stands on it may start."""
        row: dict[str, Any] = {"name": program.name, "state": State.ABSENT.value, "remark": ""}
        self.jobs[program.name] = row
        if not services.is_built(built[0], file=built[1]):
            return False
        row["state"] = State.STARTING.value
        process = await spawn(program, self.places)
        row["pid"] = process.pid
        self._note()
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        finally:
            del row["pid"]
        row["state"] = State.DONE.value if code == 0 else State.FAILED.value
        if code != 0:
            log = self.places.log(program.name)
            self.trouble += f"{program.name} failed ({code}), see {log}:\n{tail(log)}\n"
        return code == 0

    # --- answering ----------------------------------------------------------------------------

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        verb = question["verb"]
        match verb:
            case "status":
                return await self._status()
            case "down":
                self._ending.set()
            case "apply":
                await self._apply()
            case "kill" | "freeze" | "thaw":
                if not self._named(question["name"]).signal(SIGNALS[verb]):
                    raise StackError(f"{question['name']} is not running")
            case "stop":
                await self._named(question["name"]).stop()
            case "start":
                self._named(question["name"]).start()
            case "restart":
                keeper = self._named(question["name"])
                await keeper.stop()
                keeper.start()
            case _:
                raise StackError(f"no such verb: {verb}")
        return {}

    async def _status(self) -> dict[str, Any]:
        phase, trouble = self.phase, self.trouble  # first: the rows may only be better than it says
        rows = await asyncio.gather(*(keeper.row() for keeper in self.keepers.values()))
        return {
            "phase": phase,
            "trouble": trouble,
            "supervisor": {"pid": os.getpid(), "uptime_s": round(time.monotonic() - self.since, 1)},
            "processes": rows,
            "jobs": list(self.jobs.values()),
        }

    async def _apply(self) -> None:
        """Take in a plan that has grown, and try again what has failed."""
        if self._boot is not None:
            self._boot.cancel()
            await asyncio.wait([self._boot, *self._asides])
        self.plan, old = Plan.load(self.places), self.world
        self.world = World.read(self.places.world)
        world = self.world
        if (old.tenants, old.sources, old.cores) != (world.tenants, world.sources, world.cores):
            # Services read the world when they start.
            for name in [name for name in self.keepers if name.rpartition("-")[0] in SERVICES]:
                await self.keepers.pop(name).stop()
        for keeper in self.keepers.values():
            keeper.hurry()
        self.phase = "starting"
        self._boot = asyncio.create_task(self._raise())

    def _named(self, name: str) -> Keeper:
        if name not in self.keepers:
            raise StackError(f"nothing is called {name} (there are {', '.join(self.keepers)})")
        return self.keepers[name]

    # --- stopping -----------------------------------------------------------------------------

    async def _stop_all(self) -> None:
        infrastructure = ("mail", "registry", "kafka", "postgres")
        await asyncio.gather(
            *(keeper.stop() for name, keeper in self.keepers.items() if name not in infrastructure)
        )
        for name in infrastructure:
            if name in self.keepers:
                await self.keepers[name].stop()

    def _note(self) -> None:
        running = {name: keeper.pid for name, keeper in self.keepers.items() if keeper.pid}
        running |= {name: row["pid"] for name, row in self.jobs.items() if "pid" in row}
        processes.note(self.places, running)


def _leaves(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for inner in group.exceptions:
        found += _leaves(inner) if isinstance(inner, BaseExceptionGroup) else [inner]
    return found


def run(places: Places, ready: Callable[[], None] = lambda: None) -> None:
    """Supervise a stack directory until told to stop."""

    async def main() -> None:
        await Supervisor(places).serve(ready)

    asyncio.run(main())


if __name__ == "__main__":
    run(Places.at(Path(sys.argv[1])))
