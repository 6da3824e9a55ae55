"""Recovery is told as it was measured."""

from .closings import Closing
from .recovery import times


def test_times_run_from_the_end_of_the_fault_to_what_was_asked_for_after_it() -> None:
    asked = {"before": 90.0, "during": 99.0, "new": 101.0, "late": 102.0}
    closings = [
        Closing("before", "1", 0, 91.0),
        Closing("during", "2", 1, 104.5),
        Closing("new", "3", 0, 103.0),
        Closing("late", "4", 1, 105.0),
    ]

    assert times(closings, asked=asked, ended=100.0) == (3.0, 5.0, 4.5)
