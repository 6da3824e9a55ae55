"""What is made of measurements, without measuring."""

import json

import pytest
from bench.figures import (
    PARTS,
    ROWS,
    Books,
    Floors,
    Load,
    Pace,
    Rest,
    between_tenths,
    per_case,
    percentile,
    result,
    sheet,
)
from hypothesis import given
from hypothesis import strategies as st

LOAD = Load(
    cases=1_000,
    seconds=2.0,
    steady_per_s=550.0,
    others_cores=0.1,
    cpu_ms={part: 100.0 * place for place, part in enumerate(PARTS, start=1)},
)
PACE = Pace(took_ms=[20.0, 30.0, 40.0, 90.0], cpu_ms=dict.fromkeys(PARTS, 8.0))
FLOORS = Floors(kafka_rtt_ms=1.0, pg_commit_ms=0.5, asyncpg_cases_per_s=200.0, asyncpg_p50_ms=4.0)
REST = Rest(mails_per_s=321.0, idle_percent=3.5)
BOOKS = Books(lane_per_s=3_000.0, saved_per_s=12_000.0, copied_per_s=40_000.0, lines=6.0)


@pytest.mark.parametrize(
    ("share", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)], ids=lambda share: f"{share}"
)
def test_a_percentile_is_the_least_value_that_enough_do_not_pass(share: int, value: int) -> None:
    assert percentile(range(100, 0, -1), share) == value


def test_the_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 50) == percentile([7.0], 99) == 7.0


@given(st.lists(st.floats(0, 1e9), min_size=1), st.integers(1, 100))
def test_a_percentile_is_one_of_the_values(values: list[float], share: int) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) * 100 >= share * len(values)


def test_the_rate_between_the_tenths_ignores_a_slow_start_and_a_slow_end() -> None:
    steady = [10_000.0 + 10 * n for n in range(80)]
    moments = [*range(0, 10_000, 1_000), *steady, *range(20_000, 30_000, 1_000)]

    assert between_tenths(moments[:10] + steady + [10_800.0] * 10) == pytest.approx(100.0)
    assert between_tenths(moments) < 100.0


def test_too_few_moments_have_no_rate() -> None:
    assert between_tenths([]) == between_tenths([5.0]) == 0.0


def test_moments_in_any_order_have_the_same_rate() -> None:
    moments = [float(n * n) for n in range(100)]

    assert between_tenths(moments[::-1]) == between_tenths(moments)


def test_a_result_has_the_keys_that_were_promised() -> None:
    found = result(LOAD, PACE, FLOORS, REST, BOOKS)

    keys = {group: set(found[group]) for group in found if group not in ("notes", "run")}
    assert keys == {
        "throughput": {"cases_per_s"},
        "latency": {"p50_ms", "p99_ms"},
        "cpu_ms_per_case": {*PARTS, "total"},
        "paced_cpu_ms_per_case": {*PARTS, "total"},
        "floors": {"kafka_rtt_ms", "pg_commit_ms", "asyncpg_cases_per_s", "asyncpg_p50_ms"},
        "ratios": {"throughput_vs_asyncpg", "p50_vs_floor"},
        "mail": {"per_s"},
        "idle": {"cpu_percent"},
        "ledger": {
            *("journals_per_s", "lines_per_s", "save_vs_copy", "lane_vs_copy"),
            *("saved_per_s", "copied_per_s"),
        },
    }


def test_a_result_says_what_each_figure_is_worth() -> None:
    found = result(LOAD, PACE, FLOORS, REST, BOOKS)

    assert found["throughput"]["cases_per_s"] == 500.0
    assert found["latency"] == {"p50_ms": 30.0, "p99_ms": 90.0}
    assert found["cpu_ms_per_case"]["case"] == 0.1
    assert found["cpu_ms_per_case"]["total"] == pytest.approx(2.8)
    assert found["ratios"] == {"throughput_vs_asyncpg": 2.5, "p50_vs_floor": 3.0}
    assert found["paced_cpu_ms_per_case"]["total"] == 14.0
    assert found["idle"]["cpu_percent"] == 3.5
    assert found["ledger"]["journals_per_s"] == 3_000.0
    assert found["ledger"]["lines_per_s"] == 18_000.0
    assert found["ledger"]["save_vs_copy"] == 0.3
    assert found["ledger"]["lane_vs_copy"] == 0.075


def test_a_result_is_json() -> None:
    found = result(LOAD, PACE, FLOORS, REST, BOOKS)

    assert json.loads(json.dumps(found)) == found


def test_the_table_has_a_row_for_every_figure_it_names() -> None:
    shown = sheet(result(LOAD, PACE, FLOORS, REST, BOOKS))

    assert [row[0] for row in shown.rows] == [path for path, _ in ROWS]


def test_a_case_has_its_share_of_the_cpu_time_of_every_part() -> None:
    shares = per_case(dict.fromkeys(PARTS, 50.0), 100)

    assert shares == {**dict.fromkeys(PARTS, 0.5), "total": 0.5 * len(PARTS)}
