"""The terminal's calendar: a business day that is over is stated once, by itself.

Also when the terminal was off at the cut-off hour; of several days that went by meanwhile only the
last is stated, which tells the hub that nothing more comes of those before.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from device.behaviour.events import DayEnded
from device.behaviour.setting import Now
from device.parts import EventTaker
from loyalty.clock import Clock, business_date
from loyalty.fold import resolved_ms
from loyalty.programme import Programme

LOOK_EVERY_MS = 300_000


class Closed(Protocol):
    """What knows which day was stated to be over last."""

    def closed_day(self) -> int:
        """Return it as a number (yyyymmdd), 0 for none."""
        ...


def day_to_close(now: Now, programme: Programme, closed_day: int) -> int | None:
    """Return the business day (yyyymmdd) whose end is to be stated now, None for none.

    It is the day before today by the device's clock, as far as the hub's time bears it out.
    `closed_day` was stated last; one that has not begun yet is a wrong clock's and counts for
    nothing.
    """
    at_ms = resolved_ms(now.at_ms, now.mono_ms, now.hub_ms)
    today = business_date(at_ms, programme.zone, programme.cutoff_hour)
    over = today - timedelta(days=1)
    if over < programme.valid_from:
        return None  # no programme, no day: or a clock that was never set
    ended, begun = (int(it.strftime("%Y%m%d")) for it in (over, today))
    return None if ended <= closed_day <= begun else ended


class DayWatch:
    """Tells a terminal that a day is over, until its journal says so."""

    def __init__(
        self, programme: Programme, journal: Closed, now: Callable[[], Now], clock: Clock
    ) -> None:
        self._programme = programme
        self._journal = journal
        self._now = now
        self._clock = clock

    def follow(self, programme: Programme) -> None:
        """Let days end as `programme` says from now on."""
        self._programme = programme

    async def watch(self, app: EventTaker) -> None:
        """Watch the calendar until cancelled; a terminal that is busy is told again later."""
        while True:
            day = day_to_close(self._now(), self._programme, self._journal.closed_day())
            if day is not None:
                await app.put(DayEnded(day, by_calendar=True))
            await self._clock.sleep_ms(LOOK_EVERY_MS)
