"""How numbers are read from the command line, and what memory is read from /proc."""

from argparse import ArgumentTypeError

import pytest
from bench.arguments import number_from, numbers_from
from bench.memory import mib_in


@pytest.mark.parametrize(("text", "numbers"), [("5000", (5_000,)), ("1, 2,4", (1, 2, 4))])
def test_numbers_stand_between_commas(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_from(1)(text) == numbers


@pytest.mark.parametrize("text", ["", "5,", "5,,6", "five", "-1", "1.5", "5,0", "²"])
def test_what_is_no_list_of_numbers_is_told(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="from 1 on is meant"):
        numbers_from(1)(text)


def test_a_number_that_stands_twice_is_told() -> None:
    with pytest.raises(ArgumentTypeError, match="twice in '5,6,5'"):
        numbers_from(1)("5,6,5")


def test_a_number_that_is_too_small_is_told_with_the_least() -> None:
    with pytest.raises(ArgumentTypeError, match="from 100 on is meant, not '99'"):
        number_from(100)("99")


STATUS = "Name:\tpython\nVmRSS:\t  102400 kB\nRssAnon:\t   51200 kB\n"


def test_a_size_is_read_in_mib() -> None:
    assert mib_in(STATUS, "VmRSS") == 100.0
    assert mib_in(STATUS, "RssAnon") == 50.0


def test_a_size_that_is_not_told_is_nothing() -> None:
    assert mib_in("Name:\tkthreadd\n", "VmRSS") == 0.0
