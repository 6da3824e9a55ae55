"""The topics of a running stack, as the contracts' catalogue spells them out for its world."""

from pathlib import Path

from contracts.catalogue import Topic, World, expand

from writeoff.stackenv import StackEnv

SERVICES = ("case", "documents", "authorization", "ledger", "notifications")

DEAD_LETTERS = "writeoff.deadletters.v1."
REQUESTS = "writeoff.requests.v1."


def topics(env: StackEnv) -> tuple[Topic, ...]:
    """Return every topic of the stack but the dead letters, in the catalogue's order."""
    every = expand(World.read(Path(env.world_file)))
    return tuple(topic for topic in every if not topic.name.startswith(DEAD_LETTERS))


def source_of(topic: str) -> str | None:
    """Return the upstream whose request topic it is; none for a topic of the mesh."""
    return topic.removeprefix(REQUESTS) if topic.startswith(REQUESTS) else None
