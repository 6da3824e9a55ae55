"""Raw types and Python's own say the same."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from contracts.types import from_date, from_datetime, to_date, to_datetime
from hypothesis import given
from hypothesis import strategies as st


@given(st.dates())
def test_a_date_survives(day: date) -> None:
    assert to_date(from_date(day)) == day


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_to_the_microsecond(moment: datetime) -> None:
    assert to_datetime(from_datetime(moment)) == moment


def test_days_and_microseconds_count_from_1970() -> None:
    assert from_date(date(1970, 1, 2)) == 1
    assert from_datetime(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1_000_000


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    cairo = datetime(2024, 3, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    assert to_datetime(from_datetime(cairo)) == datetime(2024, 3, 1, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(AssertionError):
        from_datetime(datetime(2024, 3, 1))  # noqa: DTZ001
