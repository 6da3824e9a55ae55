"""What tables say of results."""

from pathlib import Path
from typing import Any

import pytest
from bench.own_stack import Failed, Shape
from bench.report import TABLES, filled
from bench.sheets import Sheet, figure, markdown, shown
from bench.soak import pace_of

from bench import flood_sheet, growth_sheet, soak_sheet

from .soaking import a_minute

SHEET = Sheet(
    title="two",
    columns=("what", "how | much"),
    rows=[("a", "1"), ("b", "2")],
    remarks=["It is so."],
)


def a_row(part: str = "waiting", value: int = 5_000, **changed: Any) -> dict[str, Any]:
    """Make a row of growth in which all is well."""
    return {
        "part": part,
        "value": value,
        "cases": 5_000,
        "steady_cases_per_s": 800.0,
        "cpu_ms_per_case": {"total": 1.25},
        "memory_mib": {"case-1": [90.0, 95.0], "kafka": [500.0, 510.0], "postgres": [80.0, 81.0]},
        "others_cores": 0.02,
    } | changed


# --- tables -------------------------------------------------------------------------------------


def test_a_sheet_becomes_markdown() -> None:
    assert markdown(SHEET) == (
        "| what | how \\| much |\n| --- | --: |\n| a | 1 |\n| b | 2 |\n\nIt is so.\n"
    )


def test_a_sheet_becomes_a_table() -> None:
    table = shown(SHEET)

    assert (len(table.columns), table.row_count) == (2, 2)


def test_a_row_that_does_not_fill_its_columns_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        Sheet(title="", columns=("one", "two"), rows=[("one",)])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.126, "0.13"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12_345.6, "12,346"),
        (-150, "-150"),
    ],
)
def test_a_figure_shows_what_matters_of_it(value: float | None, text: str) -> None:
    assert figure(value) == text


# --- growth -------------------------------------------------------------------------------------


def test_every_value_of_every_part_is_a_variant_and_nothing_else() -> None:
    found = growth_sheet.variants({"waiting": (5, 6), "instances": (2,), "loans": (9,)}, cases=7)

    assert [(each.part, each.value, each.cases) for each in found] == [
        ("waiting", 5, 5),
        ("waiting", 6, 6),
        ("instances", 2, 7),
        ("loans", 9, 7),
    ]
    assert [each.shape.instances for each in found] == [1, 1, 2, 1]
    assert found[-1].loans == 9


def test_a_variant_of_lanes_is_a_stack_of_so_many() -> None:
    [found] = growth_sheet.variants({"lanes": (48,)}, cases=7)

    assert found.shape.lanes == 48
    assert "lanes = 48\n" in found.shape.world()


def test_rows_of_a_later_run_stand_in_for_earlier_ones() -> None:
    old = [a_row(value=5), a_row("lanes", 12)]
    new = [a_row(value=5, cases=1), a_row(value=6)]

    found = growth_sheet.merged(old, new)

    assert [(row["part"], row["value"], row["cases"]) for row in found] == [
        ("waiting", 5, 1),
        ("waiting", 6, 5_000),
        ("lanes", 12, 5_000),
    ]


@pytest.mark.parametrize(
    ("begin", "end", "flat"),
    [(100, 116, True), (100, 116.5, False), (1_000, 1_100, True), (90, 50, True)],
)
def test_memory_is_flat_within_a_tenth_or_what_is_nothing(
    begin: float, end: float, flat: bool
) -> None:
    assert growth_sheet.is_flat(begin, end) is flat


def test_the_spread_is_that_of_the_waiting_cases_alone() -> None:
    rows = [a_row(steady_cases_per_s=800.0), a_row(value=6, steady_cases_per_s=600.0)]

    assert growth_sheet.spread([*rows, a_row("lanes", 48, steady_cases_per_s=1.0)]) == 0.25
    assert growth_sheet.spread(rows[:1]) is None


@pytest.mark.parametrize(("rate", "told"), [(700.0, ": kept."), (500.0, ": not kept.")])
def test_the_table_says_whether_speed_stays(rate: float, told: str) -> None:
    sheet = growth_sheet.sheet([a_row(), a_row(value=6, steady_cases_per_s=rate)])

    assert sheet.remarks[-1].endswith(told)


def test_the_table_names_the_process_that_grew_most() -> None:
    memory = {"case-1": [90.0, 140.0], "kafka": [500.0, 510.0], "postgres": [80.0, 81.0]}

    [row] = growth_sheet.sheet([a_row(memory_mib=memory)]).rows

    assert "case-1 +50.0 MiB" in row
    assert "grows" in row


def test_the_table_says_how_fast_loans_came_in() -> None:
    sheet = growth_sheet.sheet([a_row(), a_row("loans", 1_000_000, imported_per_s=2_345.6)])

    assert sheet.remarks[-1] == "1,000,000 loans came in by the import door at 2,346 a second."


# --- flood --------------------------------------------------------------------------------------


def test_a_flood_is_compared_with_the_quiet() -> None:
    quiet = flood_sheet.calm([10.0] * 99 + [20.0])

    found = flood_sheet.flooded([30.0] * 50 + [250.0] * 50, quiet, sent=7, seconds=3.21)

    assert quiet == {"asked": 100, "p50_ms": 10.0, "p99_ms": 10.0}
    assert found == {
        **{"sent": 7, "seconds": 3.2, "asked": 100},
        **{"p50_ms": 30.0, "p99_ms": 250.0, "ratio_p99": 25.0},
    }


@pytest.mark.parametrize(("worst_ms", "told"), [(99.0, ": kept"), (101.0, ": not kept")])
def test_the_table_says_whether_the_neighbour_was_left_alone(worst_ms: float, told: str) -> None:
    quiet = flood_sheet.calm([10.0])
    floods = {
        "requests": flood_sheet.flooded([20.0], quiet, sent=1, seconds=1),
        "garbage": flood_sheet.flooded([worst_ms], quiet, sent=1, seconds=1),
    }

    sheet = flood_sheet.sheet({"quiet": quiet, "floods": floods})

    assert [row[0] for row in sheet.rows] == ["quiet", "requests", "garbage"]
    assert told in sheet.remarks[-1]


# --- soak ---------------------------------------------------------------------------------------


def a_soak(minutes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"run": {"per_s": 400.0, "why": "half of the throughput"}, "minutes": minutes}


def test_a_soak_in_which_all_is_well_is_flat() -> None:
    found = a_soak([a_minute(number) for number in range(1, 31)])

    assert soak_sheet.drifting(found) == []
    assert {row[-1] for row in soak_sheet.trends_sheet(found).rows} == {"flat"}
    assert soak_sheet.trends_sheet(found).remarks[-1] == "Nothing drifts."
    assert len(soak_sheet.minutes_sheet(found).rows) == 30


def test_a_soak_names_what_drifts() -> None:
    found = a_soak([a_minute(number, p99_ms=60.0 + 2 * number) for number in range(1, 31)])

    assert soak_sheet.drifting(found) == ["p99 cases"]
    assert [row[0] for row in soak_sheet.trends_sheet(found).rows if row[-1] == "drifts"] == [
        "p99 cases"
    ]


def test_a_soak_that_is_too_short_says_so() -> None:
    sheet = soak_sheet.trends_sheet(a_soak([a_minute(1)]))

    assert "Too few minutes" in sheet.remarks[-1]


@pytest.mark.parametrize(("mails", "per_s"), [(600.0, 400.0), (300.0, 240.0)])
def test_a_soak_goes_at_half_speed_or_as_mails_can_follow(mails: float, per_s: float) -> None:
    pace = pace_of({"throughput": {"cases_per_s": 800.0}, "mail": {"per_s": mails}})

    assert pace.per_s == pytest.approx(per_s)


# --- the page -----------------------------------------------------------------------------------

PAGE = "Before.\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nAfter.\n"


def test_a_table_of_the_page_is_replaced_and_nothing_else() -> None:
    page = filled(PAGE, "one", "new\n")

    assert page == "Before.\n<!-- bench:one -->\nnew\n<!-- /bench:one -->\nAfter.\n"
    assert filled(page, "one", "old\n") == PAGE


@pytest.mark.parametrize("page", ["", "<!-- bench:one -->\n", PAGE.replace("one", "two")])
def test_a_page_without_the_table_is_refused(page: str) -> None:
    with pytest.raises(Failed, match="the page has no table one"):
        filled(page, "one", "new\n")


def test_the_page_of_the_project_has_every_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "performance.md").read_text()

    assert all("new\n" in filled(page, name, "new\n") for name in TABLES)


# --- the world ----------------------------------------------------------------------------------


def test_each_tenant_of_a_world_has_its_own_source() -> None:
    world = Shape(lanes=12, instances=2, tenants={"rush": "rushing", "calm": "calmly"}).world()

    assert 'tenants = ["rush", "calm"]' in world
    assert '[sources.calmly]\ntenants = ["calm"]\npartitions = 12\n' in world
    assert "ledger = 2\n" in world
