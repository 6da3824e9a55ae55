"""Ids under which a scenario asks: one name space a tenant."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.domain.events import State


@dataclass(frozen=True, slots=True)
class Known:
    """An id's command, and how it was answered."""

    content: str
    code: str | None
    """Why it was refused; none: it was posted."""


@dataclass(frozen=True, slots=True)
class IdAnswered:
    """An id was used for the first time."""

    id: str
    known: Known


@dataclass(frozen=True, slots=True)
class IdRepeated:
    """An id came again. `code`: why nothing came of it, now or then."""

    code: str | None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A state, and what is known of the ids that its messages name."""

    state: State
    known: Mapping[str, Known] = field(default_factory=dict[str, Known])
