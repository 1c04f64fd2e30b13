"""Time: the clock that parts are given, and the business day of a programme.

Wall time is milliseconds since 1970 UTC. A business day begins at the programme's cut-off hour in
the programme's zone, and is written yyyymmdd; windows are closed at their start and open at their
end.
"""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from loyalty.fields import TIME_MAX_MS

DAY_MS = 86_400_000


class Clock(Protocol):
    """What tells the time. Real parts use `SystemClock`; tests and replays move their own."""

    def now_ms(self) -> int:
        """Return wall time in UTC; it may jump."""

    def monotonic_ms(self) -> int:
        """Return milliseconds since some fixed moment; it never jumps."""

    async def sleep_ms(self, duration_ms: int) -> None:
        """Wait for `duration_ms`."""


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        return wall_ms(time.time_ns())

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    async def sleep_ms(self, duration_ms: int) -> None:
        await asyncio.sleep(duration_ms / 1000)


def wall_ms(epoch_ns: int) -> int:
    """Return the milliseconds of `epoch_ns`, as far as a line can tell them.

    A clock whose battery is empty may say anything, and is no reason to stop.
    """
    return min(max(0, epoch_ns // 1_000_000), TIME_MAX_MS)


def business_date(at_ms: int, zone: ZoneInfo, cutoff_hour: int) -> date:
    """Return the business date of the instant `at_ms`."""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    return (local - timedelta(hours=cutoff_hour)).date()


def start_of_day_ms(day: date, zone: ZoneInfo, cutoff_hour: int) -> int:
    """Return the first instant of business date `day`."""
    start = datetime(day.year, day.month, day.day, cutoff_hour, tzinfo=zone)
    return int(start.timestamp()) * 1000


def end_of_day_ms(day: date, zone: ZoneInfo, cutoff_hour: int) -> int:
    """Return the first instant after business date `day`."""
    return start_of_day_ms(day + timedelta(days=1), zone, cutoff_hour)
