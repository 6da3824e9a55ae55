"""What Prometheus is told of a service: fed by the engine, a few microseconds a turn."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

type Part = Literal["gather", "load", "decide", "commit", "publish"]

PARTS: tuple[Part, ...] = ("gather", "load", "decide", "commit", "publish")

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""From an idle turn to the longest transaction that the store allows."""

LATENCY_SECONDS = (*SECONDS, 60.0, 300.0, 3600.0)
"""A backlog is heard late: up to an hour is told apart."""

MESSAGES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Up to a full turn."""


class Metrics:
    """One service's metrics. Every method is cheap enough for every turn."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them all; a registry takes one such set."""
        self._latency = _Latencies()
        registry.register(self._latency)

        def counter(name: str, text: str) -> Counter:
            return Counter(name, text, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        turn = Histogram(
            "mesh_turn_seconds",
            "Time of a turn, by part",
            ["part"],
            buckets=SECONDS,
            registry=registry,
        )
        self._parts = {part: turn.labels(part) for part in PARTS}
        self._size = Histogram(
            "mesh_turn_messages", "Messages of a turn", buckets=MESSAGES, registry=registry
        )
        self._lag = gauge("mesh_lag_records", "Records not yet heard", "topic", "partition")
        self._lags: dict[tuple[str, int], Gauge] = {}
        self._repeats = counter("mesh_repeats_skipped", "Records heard before, skipped")
        self._ahead = counter("mesh_ahead", "Records ahead of a missing one, not heard yet")
        self._unheard = counter("mesh_unheard", "Records of types that nobody here hears")
        self._takings = counter("mesh_lane_takings", "Lanes taken")
        self._lost = counter("mesh_lanes_lost", "Lanes lost: given back, fenced or expired")
        self._fenced = counter("mesh_fence_lost", "Turns rolled back by the fence")
        self._unknown = counter("mesh_commits_unknown", "Commits without an answer")
        self._oldest = gauge(
            "mesh_oldest_unacknowledged_seconds", "Age of the oldest row not acked"
        )
        self._outbox = gauge("mesh_outbox_waiting", "Committed rows that the broker has not acked")
        self._parked = gauge("mesh_parked", "Parked messages, with what waits behind them")
        self._due = gauge("mesh_due_waiting", "Commands, timers and forwarded rows that are due")
        self._held = gauge("mesh_lanes", "Lanes by state at this instance", "state")

    def turned(self, *, messages: int, seconds: Mapping[Part, float]) -> None:
        """Tell a turn: how many messages, and the time of each part."""
        self._size.observe(messages)
        for part, took in seconds.items():
            self._parts[part].observe(took)

    def published(self, seconds: float) -> None:
        """Tell how long one pass of publishing took; it overlaps the next turn."""
        self._parts["publish"].observe(seconds)

    def committed(self, latencies: Iterable[float]) -> None:
        """Tell, for every record of a turn, seconds from its timestamp to our commit."""
        self._latency.add(latencies)

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Tell how many records of a partition are not heard yet."""
        self._lag_of(topic, partition).set(records)

    def forget_lag(self, topic: str, partition: int) -> None:
        """Say nothing more of a partition: another instance hears it now."""
        if self._lags.pop((topic, partition), None) is not None:
            self._lag.remove(topic, str(partition))

    def repeats(self, count: int = 1) -> None:
        """Tell records that were heard before."""
        self._repeats.inc(count)

    def ahead(self, count: int = 1) -> None:
        """Tell records whose number is ahead."""
        self._ahead.inc(count)

    def unheard(self, count: int = 1) -> None:
        """Tell records of types that this service does not hear."""
        self._unheard.inc(count)

    def took_lane(self) -> None:
        """Tell that a lane was taken."""
        self._takings.inc()

    def lost_lane(self) -> None:
        """Tell that a lane is not ours any more."""
        self._lost.inc()

    def fence_lost(self) -> None:
        """Tell that a turn was rolled back by the fence."""
        self._fenced.inc()

    def unknown_commit(self) -> None:
        """Tell that a commit had no answer."""
        self._unknown.inc()

    def unacknowledged(self, *, rows: int, oldest_s: float) -> None:
        """Tell what is committed and not acknowledged: rows, and the age of the oldest."""
        self._outbox.set(rows)
        self._oldest.set(oldest_s)

    def parked(self, count: int) -> None:
        """Tell how many messages are parked in the lanes held here."""
        self._parked.set(count)

    def due_waiting(self, count: int) -> None:
        """Tell how many rows are due and not heard yet."""
        self._due.set(count)

    def lanes(self, by_state: Mapping[str, int]) -> None:
        """Tell how many lanes are in each state; leave none of the states out."""
        for state, count in by_state.items():
            self._held.labels(state).set(count)

    def _lag_of(self, topic: str, partition: int) -> Gauge:
        lag = self._lags.get((topic, partition))
        if lag is None:
            lag = self._lags[topic, partition] = self._lag.labels(topic, str(partition))
        return lag


class _Latencies(Collector):
    """A histogram for hundreds of values at a time: the library's takes a lock for each."""

    def __init__(self) -> None:
        self._counts = [0] * (len(LATENCY_SECONDS) + 1)
        self._sum = 0.0

    def add(self, values: Iterable[float]) -> None:
        """Count values; a clock that is behind the broker's makes no negative ones."""
        counts = self._counts
        for value in values:
            counts[bisect_left(LATENCY_SECONDS, value)] += 1
            self._sum += max(value, 0.0)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give the cumulative buckets."""
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*LATENCY_SECONDS, float("inf")), self._counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), total))
        yield HistogramMetricFamily(
            "mesh_commit_latency_seconds",
            "From a record's timestamp to our commit",
            buckets=buckets,
            sum_value=self._sum,
        )
