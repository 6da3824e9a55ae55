"""What is still on its way."""

from collections.abc import Iterator

from case.domain.case import LoanFile as CaseFile
from mesh.hearing import FORWARDED
from mesh.testing import virtual
from mesh.testing.memory_rows import UNREADABLE
from notifications.domain.notices import LoanNotices, Pending

from .office import Office
from .world import LANES, World


def unquiet(world: World, office: Office) -> Iterator[str]:
    """Say what is still on its way."""
    world.background.check()
    yield from unheard(world)
    for name, database in world.databases.items():
        for row in database.rows.parked.values():
            if not row.unit.startswith(UNREADABLE):
                yield f"{row.place} is parked at {name}: {row.reason}"
    for service, key, task in office.open_tasks():
        yield f"{task.task} of {service} waits for a person: {key.id}"
    for file in world.states("case", CaseFile).values():
        for case in file.cases.values():
            if not case.is_closed:
                yield f"case {case.number} of {case.request.loan_id} is {case.place.stage}"
    for file in world.states("notifications", LoanNotices).values():
        for notice in file.notices.values():
            if isinstance(notice.standing, Pending):
                yield f"notice {notice.notice_id} is not sent"


def unheard(world: World) -> Iterator[str]:
    """Say what the mesh has still to carry; what is parked is not."""
    for instance in world.instances:
        instance.check()
    for name in world.databases:
        yield from _unheard(world, name)
        for spoken in world.databases[name].rows.outputs.values():
            if left := spoken.last_seq - spoken.acked_seq:
                yield f"{left} of {spoken.topic}[{spoken.lane}] are not acknowledged"


def _unheard(world: World, name: str) -> Iterator[str]:
    rows = world.databases[name].rows
    living = {each.who for each in world.running[name]}
    for number in range(LANES):
        lane = rows.lanes.get(number)
        if lane is None or lane.owner not in living:
            yield f"lane {number} of {name} has no living owner"
        for topic, partition, _ in world.topics[name].of_lane(number):
            end = world.broker.topics[topic].partitions[partition].end
            position = rows.inputs.get((topic, partition))
            heard = position.next_offset if position else 0
            if heard != end:
                yield f"{name} has heard {topic}[{partition}] up to {heard} of {end}"
    now = max(virtual.now(), world.clock_of(name)())
    for row in rows.due.values():
        # What was passed on is looked at again every second until its schema is known.
        if row.due_at <= now or row.kind == FORWARDED:
            yield f"{row.kind} is due in lane {row.lane} of {name}"
