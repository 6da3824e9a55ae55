"""The people of the demo: each takes the tasks that he may, and does them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from writeoff.door import Doors, Json
from writeoff.exits import Refused
from writeoff.session import Session
from writeoff.stackenv import Member

SERVICES = ("case", "documents", "authorization", "notifications")

TASKS_MAX = 200
"""Looked at in one round; the next round finds the rest."""

DECLINED_EVERY = 4
"""So many cases that authorizers look at are declined: one of them."""


class People:
    """Plays everybody of a stack, one task at a time."""

    def __init__(self, session: Session, tenant: str) -> None:
        """Play for a tenant."""
        self._session = session
        self._members = session.env.people()
        self._doors = {
            member.name: Doors(session.env, member.name, tenant) for member in self._members
        }
        self.cases: set[str] = set()
        """Cases that waited for somebody; notices hold nobody's case."""
        self.counts: dict[str, int] = {}
        """Tasks done, by name."""
        self.refused: dict[str, int] = {}
        """What the doors said no to, by code: four eyes, mostly."""

    def work(self) -> int:
        """Do what is open now; gives how many tasks were done."""
        return sum(self._do(service, task) for service, task in self._open())

    def close(self) -> None:
        """Go home."""
        for doors in self._doors.values():
            doors.__exit__()

    def _open(self) -> Iterable[tuple[str, Json]]:
        reader = next(iter(self._doors.values()))
        for service in SERVICES:
            found = reader.get(service, "/v1/tasks", state="open", limit=TASKS_MAX)["tasks"]
            yield from ((service, task) for task in found)

    def _do(self, service: str, task: Json) -> int:
        """Claim and complete a task as the first person who may; an approver comes only once."""
        path = f"/v1/tasks/{task['task_id']}"
        for member in self._members:
            if not _may(member, task):
                continue
            doors = self._doors[member.name]
            try:
                doors.post(service, f"{path}/claim", {})
                doors.post(service, f"{path}/complete", answer(task))
            except Refused as refused:
                self.refused[refused.code] = self.refused.get(refused.code, 0) + 1
                continue
            if service != "notifications":
                self.cases.add(str(task["case_id"]))
            self.counts[task["task"]] = self.counts.get(task["task"], 0) + 1
            return 1
        return 0


def answer(task: Mapping[str, object]) -> Json:
    """Decide as the demo's people do: kindly, but for every so manieth case."""
    match task["task"]:
        case "case review and details":
            return {"reason": "UNCOLLECTIBLE", "note": "reviewed with the file at hand"}
        case "inbound document verification":
            return {"all": True}
        case "loan authorization":
            if UUID(str(task["case_id"])).int % DECLINED_EVERY == 0:
                return {"decision": "DECLINE", "comment": "collection is still possible"}
            return {"decision": "APPROVE", "comment": "as the file shows"}
        case _:
            # A notice that no rule lets out, or no channel takes.
            return {"decision": "undeliverable"}


def _may(member: Member, task: Json) -> bool:
    return (
        task["role"] in member.roles
        and member.level >= task["level_min"]
        and member.name not in task["barred"]
        and task["claimed_by"] in (None, member.name)
    )
