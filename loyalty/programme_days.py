"""The business days of a programme: which one an instant falls in, and when lots end.

Asking is quick: the days around an instant are worked out once and remembered.
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalty.clock import DAY_MS, business_date, end_of_day_ms
from loyalty.fields import COUNT_MAX
from loyalty.programme_terms import Expiry

NEVER_MS = COUNT_MAX
DAYS_REMEMBERED = 4096


class Day(NamedTuple):
    """A business day: its date, the first instant after it, and when lots earned on it expire."""

    date: date
    ends_ms: int
    lots_expire_ms: int


class Days:
    """The business days of `zone` from `cutoff_hour` to `cutoff_hour`, and `expiry` from each.

    It is a pure function of its arguments; what it remembers only makes it quick.
    """

    def __init__(self, zone: ZoneInfo, cutoff_hour: int, expiry: Expiry | None) -> None:
        self._zone = zone
        self._cutoff_hour = cutoff_hour
        self._expiry = expiry
        self._by_utc_day: dict[int, tuple[Day, ...]] = {}

    def at(self, at_ms: int) -> Day:
        """Return the business day of the instant `at_ms`."""
        utc_day = at_ms // DAY_MS
        days = self._by_utc_day.get(utc_day)
        if days is None:
            days = self._remember(utc_day)
        for day in days:
            if at_ms < day.ends_ms:
                return day
        raise AssertionError(f"no business day covers {at_ms}")

    def _remember(self, utc_day: int) -> tuple[Day, ...]:
        if len(self._by_utc_day) >= DAYS_REMEMBERED:
            self._by_utc_day.clear()
        days = [self._day(business_date(utc_day * DAY_MS, self._zone, self._cutoff_hour))]
        while days[-1].ends_ms < (utc_day + 1) * DAY_MS:
            days.append(self._day(days[-1].date + timedelta(days=1)))
        self._by_utc_day[utc_day] = tuple(days)
        return tuple(days)

    def _day(self, day: date) -> Day:
        ends_ms = end_of_day_ms(day, self._zone, self._cutoff_hour)
        if self._expiry is None:
            return Day(day, ends_ms, NEVER_MS)
        last = last_day(day, self._expiry)
        return Day(day, ends_ms, end_of_day_ms(last, self._zone, self._cutoff_hour))


def last_day(earned: date, expiry: Expiry) -> date:
    """Return the last business date on which points earned on `earned` may be spent (L12).

    A month that lacks the day gives its last day: 31 January and one month is 28 February.
    """
    if expiry.unit == "days":
        last = earned + timedelta(days=expiry.count)
    else:
        last = _months_later(earned, expiry.count * (12 if expiry.unit == "years" else 1))
    if expiry.round_to == "year":
        return date(last.year, 12, 31)
    if expiry.round_to == "month":
        return last.replace(day=monthrange(last.year, last.month)[1])
    return last


def _months_later(day: date, months: int) -> date:
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    days_in_month = monthrange(year, month_index + 1)[1]
    return date(year, month_index + 1, min(day.day, days_in_month))
