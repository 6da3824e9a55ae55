"""An upstream that asks in a thread of its own: it ends when told to, and tells its troubles."""

import threading
from collections.abc import Iterable
from itertools import count

import pytest
from bench.load import Asking
from bench.loans import chunks, name_loans
from bench.own_stack import Failed

SECONDS = 30.0


class Listed:
    """An upstream whose broker is a list."""

    def __init__(self, *, room: int | None = None) -> None:
        self.asked: list[str] = []
        self.has_begun = threading.Event()
        self.has_ended = False
        self._room = room

    def ask(self, loans: Iterable[str], *, per_s: float) -> None:
        assert per_s == 20
        for loan in loans:
            if len(self.asked) == self._room:
                raise Failed("no room")
            self.asked.append(loan)
            self.has_begun.set()
        self.has_ended = True


def endless() -> Iterable[str]:
    return (f"B-{number}" for number in count(1))


def test_it_asks_until_all_is_asked() -> None:
    upstream = Listed()

    with Asking(upstream, name_loans(3), per_s=20) as asking:
        asking.until_asked()

    assert upstream.asked == ["B-00000001", "B-00000002", "B-00000003"]


def test_it_stops_when_it_is_told_to() -> None:
    upstream = Listed()

    with Asking(upstream, endless(), per_s=20) as asking:
        assert upstream.has_begun.wait(SECONDS)
        asking.stop()

        assert upstream.has_ended


def break_off(upstream: Listed) -> None:
    with Asking(upstream, endless(), per_s=20):
        assert upstream.has_begun.wait(SECONDS)
        raise ZeroDivisionError


def test_it_ends_when_what_is_beside_it_fails() -> None:
    upstream = Listed()

    with pytest.raises(ZeroDivisionError):
        break_off(upstream)

    assert upstream.has_ended


def test_its_trouble_is_told() -> None:
    with Asking(Listed(room=1), endless(), per_s=20) as asking:
        with pytest.raises(Failed, match="no room"):
            asking.until_asked()
        with pytest.raises(Failed, match="no room"):
            asking.check()


def test_loans_are_named_on_from_a_number() -> None:
    assert name_loans(2, first=9) == ["B-00000009", "B-00000010"]


def test_chunks_hold_everything_in_order() -> None:
    assert list(chunks(["a", "b", "c", "d", "e"], 2)) == [["a", "b"], ["c", "d"], ["e"]]
