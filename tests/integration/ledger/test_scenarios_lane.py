"""Scenario tenants of a running mesh: files hold in the lanes, and a crowd on a loan is counted."""

import json
from collections import Counter
from pathlib import Path

import pytest
from ledger.domain.policy import Book
from ledger.scenario.file import Step, parse, read
from ledger.scenario.lane import LaneDesk, lane_desk
from ledger.scenario.place import NoPlace, Place
from ledger.scenario.running import run

from ...stack_fixture import Stack  # noqa: TID252 - tests are no package

pytestmark = pytest.mark.stack

SPEC = Path(__file__).parents[2] / "golden" / "spec"
FILES = (
    "03_back_dated_and_reversed", "07_allowance", "09_pay_off_and_refinance",
    "10_routing_and_approval",
)  # fmt: skip
"""Those that need a history, an allowance, another lane, ids."""

CROWD = """
currency = { code = "EUR", decimals = 2 }

[policy]
method = "allowance"
non_accrual = "NEVER"
day_count = "ACT/365"
rounding = "HALF_UP"

[policy.waterfall]
BNK = ["penalties", "fees", "tax", "interest", "principal"]
CO = ["penalties", "fees", "tax", "interest", "principal"]
CUST = ["penalties", "fees", "tax", "interest", "principal"]

[[loan]]
id = "L1"
opened = 2024-01-01
BNK = { principal = "300.00" }
CUST = { principal = "300.00" }
"""

STEP = """
[[step]]
date = 2024-02-01
command = "charge_off"
amount = "1.00"
"""


@pytest.fixture
def place(services: Stack) -> Place:
    return Place(json.loads((services.directory / "env.json").read_text()))


@pytest.mark.parametrize("name", FILES)
async def test_a_scenario_holds_in_the_lanes(place: Place, name: str) -> None:
    scenario = read(SPEC / f"{name}.toml")

    async with lane_desk(scenario, place) as desk:
        lines = [line async for line in run(scenario, desk)]

    assert lines == []


async def test_five_hundred_charge_offs_of_one_on_a_loan_of_three_hundred(place: Place) -> None:
    scenario = parse(CROWD + 500 * STEP)

    async with lane_desk(scenario, place) as desk:
        codes = await ask_at_once(desk, scenario.steps)
        loan = await desk.view("L1")
        allowance_minor = await desk.allowance()

    assert codes == Counter({None: 300, "ALREADY_CHARGED_OFF": 200})
    assert loan is not None
    assert (loan.charged_off, loan.outstanding_minor) == ("FULL", 0)
    assert loan.books[Book.CO].principal == loan.books[Book.CUST].principal == 300_00
    assert loan.amounts["totals.charged_off"] == 300_00
    assert allowance_minor == -300_00


async def ask_at_once(desk: LaneDesk, steps: tuple[Step, ...]) -> Counter[str | None]:
    replies = await desk.put([desk.put_of(step, "L1") for step in steps])
    return Counter(reply["code"] for reply in replies)


async def test_an_id_that_came_twice_at_once_is_answered_once(place: Place) -> None:
    same = STEP + 'id = "once"\n'
    scenario = parse(CROWD + 5 * same + STEP.replace("1.00", "2.00") + 'id = "once"\n')

    async with lane_desk(scenario, place) as desk:
        replies = await desk.put([desk.put_of(step, "L1") for step in scenario.steps])
        loan = await desk.view("L1")

    told = Counter((reply["result"], reply["code"]) for reply in replies)
    assert told == {("posted", None): 1, ("repeated", None): 4, ("repeated", "ID_REUSED"): 1}
    assert loan is not None
    assert loan.outstanding_minor == 299_00


async def test_an_ordinary_tenant_is_no_scenario(place: Place, tenant: str) -> None:
    scenario = parse(CROWD)

    async with lane_desk(scenario, place) as desk:
        desk.session.headers["X-Tenant-ID"] = tenant
        with pytest.raises(NoPlace, match=f"{tenant} is no scenario"):
            await desk.view("L1")
