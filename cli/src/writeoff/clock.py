"""What day it is, as the services count days."""

from datetime import UTC, date, datetime


def today_utc() -> date:
    """Return today's date in UTC."""
    return datetime.now(UTC).date()
