"""The five services with their real domains and the real engine, over a log and stores in memory.

One upstream that may speak for one of two tenants, three lanes, and a listener that writes all
down; two instances of some services, so that lanes move.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from authorization.domain.loan import Loan as Authority
from authorization.policy import shipped_matrix
from authorization.service import Authorization
from case.service import CaseService
from case.settings import policy_of
from contracts.catalogue import Source, expand
from contracts.catalogue import World as Catalogue
from contracts.codec import decode
from documents.domain.file import LoanFile as Evidence
from documents.domain.policy import POLICY as DOCUMENTS_POLICY
from documents.service import Documents
from ledger.domain.events import LoanState, PartyState
from ledger.domain.policyfile import Policies
from ledger.service import Ledger
from ledger.settings import own_policy
from mesh.ports import Record
from mesh.service import Key
from mesh.testing import Broker, Database, MemorySchemas, MemoryStates, virtual
from mesh.topics import Topics
from notifications.domain.notices import LoanNotices, PartyFile
from notifications.domain.policy import POLICY as NOTICES_POLICY
from notifications.service import Notifications

from mesh import gather

from . import listener
from .background import Background
from .builds import Builds
from .instance import Instance
from .post import Post
from .states import Books, CaseFiles
from .weather import Weather

TENANT, SOURCE = "north", "core"
OTHER_TENANT = "south"
"""For which the upstream may not speak."""
LANES = 3
PARTITIONS = 2
"""Of the upstream's topic: not as many as there are lanes, so most requests are forwarded."""
CROWD = {
    "case": 2,
    "documents": 1,
    "authorization": 1,
    "ledger": 2,
    "notifications": 1,
    listener.NAME: 2,
}
"""How many instances of each service run."""
RESTART_S = 1.0
"""A process that ended is started again after this long."""

gather.DUE_LOOK_S = 0.25  # pyright: ignore[reportPrivateImportUsage] - read where it is used
"""Looking for commands more often than this costs much and shows nothing more."""

CATALOGUE = Catalogue(
    lanes=LANES,
    tenants=(TENANT, OTHER_TENANT),
    sources={SOURCE: Source(tenants=(TENANT,), partitions=PARTITIONS)},
)
MATRIX = shipped_matrix()
LEDGER_POLICY = Policies.parse(own_policy()).everybody
CASE_POLICY = policy_of({}, CATALOGUE)


def _loan_or(party: Callable[[], Any], loan: Callable[[], Any]) -> Callable[[Key], Any]:
    return lambda key: party() if key.kind == "party" else loan()


BUILD: dict[str, Callable[[], Any]] = {
    "case": lambda: CaseService(CaseFiles(lanes=LANES), CASE_POLICY),
    "documents": lambda: Documents(MemoryStates(lambda _: Evidence()), DOCUMENTS_POLICY),
    "authorization": lambda: Authorization(
        MemoryStates(lambda key: Authority(tenant=key.tenant, loan_id=key.id)), MATRIX
    ),
    "ledger": lambda: Ledger(Books(_loan_or(PartyState, LoanState)), lambda _: LEDGER_POLICY),
    "notifications": lambda: Notifications(
        MemoryStates(_loan_or(PartyFile, LoanNotices)), NOTICES_POLICY
    ),
    listener.NAME: listener.Listener,
}
"""How each service is made anew for each process."""


class World:
    """The broker, the databases, and who runs."""

    def __init__(self, weather: Weather, *, seed: int) -> None:
        self.seed = seed
        self.faults = weather
        self.clocks = dict.fromkeys([*BUILD, "broker"], 0.0)
        """Whose clock → by how much it is ahead, in seconds."""
        partitions = {topic.name: topic.partitions for topic in expand(CATALOGUE)}
        self.broker = Broker(partitions, clock=self.clock_of("broker"))
        self.databases = {name: Database() for name in BUILD}
        self.topics = {
            name: listener.topics_heard(CATALOGUE)
            if name == listener.NAME
            else Topics.of(build(), CATALOGUE)
            for name, build in BUILD.items()
        }
        self.schemas = MemorySchemas()
        self.builds = Builds(seed=seed)
        weather.refuses = self.builds.refuses
        self.post = Post(weather)
        self.background = Background()
        self.running: dict[str, list[Instance]] = {name: [] for name in BUILD}
        self.stopped: set[str] = set()
        """Services that nobody may start now."""
        self.went_back: set[str] = set()
        """Whose store knows less than it did."""
        self.dismissed: set[str] = set()
        """Places of records that the listener does not get to know: a person said so."""
        self.happened: list[str] = []
        """For whoever looks at a seed that failed."""
        self._ever: list[Instance] = []

    def note(self, what: str) -> None:
        self.happened.append(f"{asyncio.get_running_loop().time():8.2f} {what}")

    def build(self, name: str) -> Any:
        """Make a service for one process."""
        return BUILD[name]()

    def clock_of(self, whose: str) -> Callable[[], datetime]:
        """Give a server's clock."""
        return lambda: virtual.now() + timedelta(seconds=self.clocks[whose])

    # --- processes ----------------------------------------------------------------------------

    async def launch(self, name: str) -> Instance:
        """Start a process, as soon as it may; its name is made new at each start."""
        await virtual.until(lambda: name not in self.stopped)
        assert len(self.running[name]) < CROWD[name]
        instance = Instance(self, name, f"{name}/{len(self._ever) + 1}")
        self.running[name].append(instance)
        self._ever.append(instance)
        await instance.start()
        self.note(f"start {instance.who}")
        return instance

    async def launch_all(self) -> None:
        for name, count in CROWD.items():
            for _ in range(count):
                await self.launch(name)

    async def kill(self, instance: Instance) -> None:
        """End a process; nobody starts it again."""
        self.gone(instance)
        await instance.kill()

    def gone(self, instance: Instance) -> None:
        """Note that an instance runs no more."""
        self.running[instance.name].remove(instance)

    def died(self, instance: Instance) -> None:
        """A process ended by itself: it is started again."""
        if instance not in self.running[instance.name]:
            self.background.start(instance.kill())  # somebody ends it already
            return
        self.gone(instance)
        self.note(f"{instance.who} dies")

        async def again() -> None:
            await instance.kill()
            await asyncio.sleep(RESTART_S)
            await self.launch(instance.name)

        self.background.start(again())

    def thaw_all(self) -> None:
        """Let also the dead go on, so that the story can end."""
        for instance in self._ever:
            instance.thaw()

    @property
    def instances(self) -> list[Instance]:
        return [each for running in self.running.values() for each in running]

    def there(self, service: str) -> list[Instance]:
        """Give the instances of a service at whose doors one can knock."""
        return [each for each in self.running[service] if each.is_there]

    # --- what is in them ----------------------------------------------------------------------

    def states(self, service: str, kind: type[Any]) -> dict[Key, Any]:
        """Give the states of one kind that a service's store holds."""
        rows = self.databases[service].rows
        return {key: state for key, state in rows.states.items() if isinstance(state, kind)}

    def decode(self, record: Record) -> Any:
        assert record.value is not None
        writer = self.schemas.writer_of(int.from_bytes(record.value[1:5]))
        assert writer is not None
        return decode(record.value, writer_schema=writer[1])
