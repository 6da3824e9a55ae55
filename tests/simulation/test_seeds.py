"""The whole mesh in the weather of all themes: 50 seeds, and those that were red once."""

from typing import Any

import pytest

from .conftest import SEEDS, Simulate
from .kept import kept


@pytest.mark.timeout(900)
def test_nothing_is_lost_doubled_or_reordered_in_any_weather(
    played: dict[int, dict[str, Any]],
) -> None:
    red = [row["told"] for row in played.values() if not row["is_green"]]
    assert not red, "\n".join(red)
    assert played.keys() >= {*range(SEEDS), *kept()}


@pytest.mark.timeout(900)
def test_a_seed_plays_the_same_each_time(
    played: dict[int, dict[str, Any]], simulate: Simulate
) -> None:
    again = {row["seed"]: row for row in simulate("--from", "4", "--seeds", "2")}

    assert again[5]["told"] == played[5]["told"]
