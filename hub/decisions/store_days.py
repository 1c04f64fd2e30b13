"""The business days of stores, as the programme in force on each of them counts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from hub.errors import HubError
from loyalty.clock import business_date, end_of_day_ms
from loyalty.programme import Programme, in_force


def date_of(day: int) -> date:
    """Return the date that is written `day` (yyyymmdd).

    Raises:
        HubError: it is none.
    """
    try:
        return datetime.strptime(str(day), "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise HubError(f"day {day}, one such as 20170301 wanted") from error


def number_of(day: date) -> int:
    """Return how `day` is written as a number: yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_at(at_ms: int, programmes: Sequence[Programme]) -> date:
    """Return the business date of the instant `at_ms`."""
    programme = in_force(programmes, at_ms)
    return business_date(at_ms, programme.zone, programme.cutoff_hour)


def next_opens_ms(day: date, programmes: Sequence[Programme]) -> int:
    """Return the first instant after business date `day`."""
    noon_ms = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * 1000
    programme = in_force(programmes, noon_ms)
    return end_of_day_ms(day, programme.zone, programme.cutoff_hour)
