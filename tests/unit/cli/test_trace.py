"""A case is told with causes before their effects."""

from writeoff.logs import Raw
from writeoff.verbs.trace import Said, ordered


def said(event_id: str, cause: str | None, *, ms: int, offset: int = 0) -> Said:
    return Said(Raw("t", 0, offset, ms, b"k", b""), event_id, event_id, cause, {})


def names(*given: Said) -> list[str]:
    return [each.record for each in ordered(given)]


def test_a_cause_comes_before_its_effect_whatever_their_clocks_say() -> None:
    assert names(said("effect", "cause", ms=1), said("cause", None, ms=2)) == ["cause", "effect"]


def test_what_neither_caused_the_other_goes_by_time_and_then_by_place() -> None:
    late = said("late", None, ms=3)
    second = said("second", None, ms=1, offset=2)
    first = said("first", None, ms=1, offset=1)

    assert names(late, second, first) == ["first", "second", "late"]


def test_a_cause_that_is_not_there_holds_nothing_up() -> None:
    assert names(said("b", "a command", ms=2), said("a", None, ms=1)) == ["a", "b"]


def test_what_was_said_twice_is_told_twice_and_its_effect_follows_the_first() -> None:
    again = (said("a", None, ms=5, offset=2), said("a", None, ms=1, offset=1))

    assert names(*again, said("b", "a", ms=2)) == ["a", "b", "a"]
