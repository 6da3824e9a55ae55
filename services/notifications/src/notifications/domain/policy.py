"""Who is told what, when not, and how often it is tried: data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from notifications.domain.notices import Channel

type Effect = Literal["SUPPRESS", "SUPPRESS_AND_ASK", "HOLD", "INFORM"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """When a rule fits: any of its conditions does."""

    rule: str
    effect: Effect
    reasons: frozenset[str] = frozenset()
    litigation: frozenset[str] = frozenset()
    is_fraud: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of notices of a tenant, in one version."""

    version: str
    suppressions: tuple[Suppression, ...]
    """The first that fits counts."""
    discharging_reasons: frozenset[str]
    """Reasons for which nothing is owed afterwards."""
    deadline_days: int
    """From the day booked."""
    remind_share: tuple[int, int]
    """Of its deadline a held notice waits for this share, then a person is asked."""
    remind_level: int
    channels: tuple[Channel, ...]
    """In this order, the next one when the one before has refused often enough."""
    try_pauses: tuple[timedelta, ...]
    """After each no; after the last one comes the next channel."""
    outage_pause: timedelta
    outage_pause_max: timedelta
    final_codes: frozenset[str]
    """After these no channel is tried any more."""
    task_days: int

    def __post_init__(self) -> None:
        """Assert that trying comes to an end, and only then."""
        assert self.channels, "there is a way to tell"
        assert self.try_pauses, "a channel is tried at least once"
        assert self.outage_pause <= self.outage_pause_max, "pauses grow"
        assert 0 < self.remind_share[0] < self.remind_share[1], "a share is below one"

    def pause_after_outages(self, outages: int) -> timedelta:
        """Give the pause after so many tries without an answer: each twice the one before."""
        doubled = self.outage_pause * 2 ** min(outages - 1, 20)
        return min(doubled, self.outage_pause_max)


POLICY = Policy(
    version="2026-1",
    suppressions=(
        Suppression(
            rule="FRAUD_SUSPECTED",
            effect="SUPPRESS",
            reasons=frozenset({"FRAUD"}),
            is_fraud=True,
        ),
        Suppression(rule="DECEASED", effect="SUPPRESS_AND_ASK", reasons=frozenset({"DECEASED"})),
        Suppression(rule="BANKRUPTCY", effect="INFORM", reasons=frozenset({"BANKRUPTCY"})),
        Suppression(rule="LITIGATION", effect="HOLD", litigation=frozenset({"L", "P"})),
    ),
    discharging_reasons=frozenset({"SETTLEMENT", "STATUTE_BARRED"}),
    deadline_days=30,
    remind_share=(4, 5),
    remind_level=2,
    channels=("EMAIL", "LETTER"),
    try_pauses=(timedelta(hours=1), timedelta(hours=6), timedelta(hours=24)),
    outage_pause=timedelta(seconds=30),
    outage_pause_max=timedelta(hours=1),
    final_codes=frozenset({"RECIPIENT_ERASED"}),
    task_days=2,
)
