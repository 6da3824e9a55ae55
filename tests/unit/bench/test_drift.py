"""What drifts, and what only trembles."""

import pytest
from bench.drift import LIMITS, READINGS_MIN, Limit, series, trend, trends
from hypothesis import given
from hypothesis import strategies as st

from .soaking import ROW_BYTES, a_minute

LIMIT = Limit(share_per_h=0.10, nothing=1.0, unit="MiB")


def line(begin: float, per_h: float, *, minutes: int = 30) -> list[tuple[float, float]]:
    return [(float(minute), begin + per_h * minute / 60) for minute in range(1, minutes + 1)]


@given(st.floats(1, 1e6), st.floats(-1e4, 1e4), st.integers(READINGS_MIN, 60))
def test_a_straight_line_is_found_again(begin: float, per_h: float, minutes: int) -> None:
    found = trend(line(begin, per_h, minutes=minutes), LIMIT)

    assert found is not None
    assert found.per_h == pytest.approx(per_h, rel=1e-6, abs=1e-4)
    assert found.begin == pytest.approx(begin + per_h / 60, rel=1e-6, abs=1e-4)
    assert found.error_per_h == pytest.approx(0, abs=1e-2)


def test_a_steep_rise_drifts() -> None:
    found = trend(line(100, 20), LIMIT)

    assert found is not None
    assert found.drifts
    assert found.share_per_h == pytest.approx(20 / found.mean)


@pytest.mark.parametrize(
    ("begin", "per_h"),
    [(100, 9), (100, -50), (1, 1.5), (0, 0)],
    ids=["slower than the limit", "falling", "by what is nothing", "nothing at all"],
)
def test_what_does_not_rise_enough_is_flat(begin: float, per_h: float) -> None:
    found = trend(line(begin, per_h), LIMIT)

    assert found is not None
    assert not found.drifts


def test_a_slope_that_noise_can_explain_is_flat() -> None:
    calm = line(100, 20)
    noisy = [
        (minute, value + (40 if place % 2 else -40)) for place, (minute, value) in enumerate(calm)
    ]

    found = trend(noisy, LIMIT)

    assert found is not None
    assert found.per_h > LIMIT.share_per_h * found.mean
    assert not found.drifts


def test_a_saw_that_vacuum_cuts_down_again_is_flat() -> None:
    saw = [(float(minute), 1_000.0 * (minute % 4)) for minute in range(1, 31)]

    found = trend(saw, LIMIT)

    assert found is not None
    assert not found.drifts


def test_too_few_readings_have_no_trend() -> None:
    assert trend(line(100, 500, minutes=READINGS_MIN - 1), LIMIT) is None


def test_the_first_minutes_are_not_judged() -> None:
    long = series([a_minute(number) for number in range(1, 31)])
    short = series([a_minute(number) for number in range(1, 9)])

    assert long["p50", "cases"][0][0] == 6
    assert short["p50", "cases"][0][0] == 3


def test_moving_tables_are_judged_by_size_and_growing_ones_by_what_a_new_row_takes() -> None:
    found = series([a_minute(1), a_minute(2)])

    assert found["size", "case.mesh.lane"] == [(1, 1.0), (2, 1.0)]
    assert ("row", "case.mesh.lane") not in found
    assert found["row", "case.public.wcase"] == [(2, ROW_BYTES)]
    assert ("row", "case.public.few") not in found
    assert found["dead", "case.public.few"] == [(1, 3.0), (2, 3.0)]


def test_every_series_has_a_limit() -> None:
    kinds = {kind for kind, _ in series([a_minute(1), a_minute(2)])}

    assert kinds == LIMITS.keys()


def test_memory_that_leaks_drifts_and_nothing_else_does() -> None:
    minutes = [
        a_minute(number, memory_mib={"case-1": 100.0 + 2 * number}) for number in range(1, 31)
    ]

    assert [name for name, each in trends(minutes).items() if each.drifts] == [("memory", "case-1")]
