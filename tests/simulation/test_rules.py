"""Each load-bearing rule of the lanes is taken out: its kept seed is red, by that rule's own harm.

With the rule the same seed is green. `make simulate MUTANTS=1` looks for such seeds from the first.
"""

from typing import Any

import pytest

from .conftest import PlayedAt
from .rules import HEAD, RULES, Shown


@pytest.mark.timeout(900)
def test_every_rule_was_taken_out(
    missed: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print("", HEAD, *(missed[name]["line"] for name in RULES), sep="\n")

    assert missed.keys() == RULES.keys()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", RULES)
def test_without_the_rule_its_seed_is_red_and_with_it_green(
    name: str, missed: dict[str, dict[str, Any]], played_at: PlayedAt
) -> None:
    row = missed[name]

    assert row["shown"], f"keep another seed: {row['line']}"
    shown = Shown(**row["shown"])
    assert shown.is_harm_of(RULES[name]), "\n".join(shown.differs)
    with_it = played_at(shown.seed)
    assert with_it["is_green"], with_it["told"]
