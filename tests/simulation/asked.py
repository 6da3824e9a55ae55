"""What was asked of the mesh from outside, to be compared with what came of it."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class Asked:
    """All of it."""

    accepted: dict[UUID, str] = field(default_factory=dict)
    """The id of the case that has to be there → its loan."""
    loans: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Request ids that must be refused → the code."""
    unreadable: int = 0
    """Records of which nothing can be made."""
