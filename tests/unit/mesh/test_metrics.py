import pytest
from mesh.metrics import Metrics
from prometheus_client import CollectorRegistry, generate_latest


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics(registry)


def test_a_turn_tells_its_size_and_the_time_of_its_parts(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.turned(messages=40, seconds={"load": 0.25, "commit": 0.5})
    metrics.published(0.125)

    assert registry.get_sample_value("mesh_turn_messages_sum") == 40
    assert registry.get_sample_value("mesh_turn_seconds_sum", {"part": "commit"}) == 0.5
    assert registry.get_sample_value("mesh_turn_seconds_sum", {"part": "publish"}) == 0.125
    assert registry.get_sample_value("mesh_turn_seconds_count", {"part": "gather"}) == 0


def test_latencies_fall_into_cumulative_buckets(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.committed([0.005, 0.006, 7200.0, -0.5])

    def bucket(le: str) -> float | None:
        return registry.get_sample_value("mesh_commit_latency_seconds_bucket", {"le": le})

    assert bucket("0.005") == 2, "a bound is within its bucket; a clock behind counts as zero"
    assert bucket("0.01") == 3
    assert bucket("3600.0") == 3
    assert bucket("+Inf") == registry.get_sample_value("mesh_commit_latency_seconds_count") == 4
    assert registry.get_sample_value("mesh_commit_latency_seconds_sum") == pytest.approx(7200.011)


def test_the_lag_of_a_partition_heard_elsewhere_is_not_told(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    place = {"topic": "writeoff.case.v1", "partition": "4"}
    metrics.lag("writeoff.case.v1", 4, 12)
    metrics.lag("writeoff.case.v1", 4, 7)
    assert registry.get_sample_value("mesh_lag_records", place) == 7

    metrics.forget_lag("writeoff.case.v1", 4)
    metrics.forget_lag("writeoff.case.v1", 4)

    assert registry.get_sample_value("mesh_lag_records", place) is None


def test_everything_fed_can_be_scraped(metrics: Metrics, registry: CollectorRegistry) -> None:
    metrics.repeats(2)
    metrics.ahead()
    metrics.unheard()
    metrics.took_lane()
    metrics.lost_lane()
    metrics.fence_lost()
    metrics.unknown_commit()
    metrics.unacknowledged(rows=3, oldest_s=1.5)
    metrics.parked(1)
    metrics.due_waiting(4)
    metrics.lanes({"running": 5, "stopped": 1})

    scraped = generate_latest(registry).decode()

    for line in (
        "mesh_repeats_skipped_total 2.0",
        "mesh_ahead_total 1.0",
        "mesh_unheard_total 1.0",
        "mesh_lane_takings_total 1.0",
        "mesh_lanes_lost_total 1.0",
        "mesh_fence_lost_total 1.0",
        "mesh_commits_unknown_total 1.0",
        "mesh_outbox_waiting 3.0",
        "mesh_oldest_unacknowledged_seconds 1.5",
        "mesh_parked 1.0",
        "mesh_due_waiting 4.0",
        'mesh_lanes{state="running"} 5.0',
    ):
        assert f"\n{line}\n" in scraped
