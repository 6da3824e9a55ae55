"""Which topics one service hears and says in one world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from contracts import catalogue
from contracts.catalogue import Topic, World

from mesh.lanes import lane_of
from mesh.service import Service


@dataclass(frozen=True, slots=True)
class Topics:
    """The catalogue as one service sees it."""

    lanes: int
    by_name: Mapping[str, Topic]
    inputs: Mapping[str, str]
    """topic → `log`, `table`, `outside`, or `own` (a table topic of ours, read back)."""
    says: frozenset[str]
    dead_letters: str
    hears: Mapping[str, Mapping[str, type[Any]]]
    """template → full name → record type."""

    @classmethod
    def of(cls, service: Service[Any, Any], world: World) -> Self:
        """Work out what a service hears and says. Raises ValueError where it may not."""
        hears = {h.topic: {r.FULL_NAME: r for r in h.records} for h in service.hears}
        by_name = {topic.name: topic for topic in catalogue.expand(world)}
        inputs: dict[str, str] = {}
        for topic in by_name.values():
            if topic.template in hears:
                if service.name not in topic.readers:
                    raise ValueError(f"{service.name} may not hear {topic.name}")
                outside = catalogue.is_outside(topic.template)
                inputs[topic.name] = "outside" if outside else topic.kind
            elif topic.writer == service.name and topic.kind == "table":
                inputs[topic.name] = "own"
        return cls(
            lanes=world.lanes,
            by_name=by_name,
            inputs=inputs,
            says=frozenset(t.name for t in by_name.values() if t.writer == service.name),
            dead_letters=f"writeoff.deadletters.v1.{service.name}",
            hears=hears,
        )

    def is_table(self, topic: str) -> bool:
        """Say whether only the last record of each key matters."""
        return self.by_name[topic].kind == "table"

    def kind_said(self, topic: str, value: bytes | None) -> str:
        """Give the full name of a table topic's one record type; of none, Tombstone."""
        [kind] = self.by_name[topic].records if value is not None else ["Tombstone"]
        return kind

    def template_of(self, topic: str) -> str:
        """Give the catalogue's name of a topic."""
        return self.by_name[topic].template

    def lane_of(self, text: str) -> int:
        """Give the lane of `tenant/id`."""
        return lane_of(text, lanes=self.lanes)

    def of_lane(self, lane: int) -> Iterator[tuple[str, int, str]]:
        """Give a lane's inputs: topic, partition, kind. Partition k is heard by lane k mod N."""
        for name, kind in self.inputs.items():
            for partition in range(lane, self.by_name[name].partitions, self.lanes):
                yield name, partition, kind
