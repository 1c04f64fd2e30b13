"""A touch panel that is unplugged and comes back, before a terminal that runs for months."""

import asyncio

import pytest

from device.display.touch.contact import Contact
from device.display.touch.evdev import TouchMissing
from device.display.touch.lasting import RETRY_MS, LastingTouch
from simulators.script_clock import ScriptClock

TAP = Contact(400, 120, is_down=True)


class Plug:
    """A panel on a cable: it is touched once each time that it is opened, and then unplugged."""

    def __init__(self) -> None:
        self.is_in = True
        self.opened = self.closed = 0
        self._is_touched = False

    def open(self) -> "Plug":
        if not self.is_in:
            raise TouchMissing("cannot open /dev/input/event7")
        self.opened += 1
        self._is_touched = True
        return self

    async def next_contact(self) -> Contact:
        if not self._is_touched:
            raise EOFError("the touch panel is gone")
        self._is_touched = False
        return TAP

    def close(self) -> None:
        self.closed += 1


async def next_of(touch: LastingTouch, clock: ScriptClock, *, plug: Plug, vain_tries: int):
    """Return the next contact of a panel that is back after so many tries to open it."""
    coming = asyncio.ensure_future(touch.next_contact())
    for tries_left in range(vain_tries, -1, -1):
        await asyncio.sleep(0)
        plug.is_in = tries_left == 0
        clock.move_to(clock.now_ms() + RETRY_MS)
        await asyncio.sleep(0)
    return await coming


async def test_a_panel_that_was_unplugged_is_touched_again_once_it_is_back():
    plug, clock = Plug(), ScriptClock(0)
    touch = LastingTouch(plug.open, clock)
    assert await touch.next_contact() == TAP

    found = await next_of(touch, clock, plug=plug, vain_tries=3)

    assert found == TAP
    assert (plug.opened, plug.closed) == (2, 1)


async def test_a_lost_panel_may_be_closed():
    plug = Plug()
    touch = LastingTouch(plug.open, ScriptClock(0))

    touch.close()
    touch.close()

    assert plug.closed == 1


def test_a_panel_that_was_never_there_is_told_at_the_start():
    plug = Plug()
    plug.is_in = False

    with pytest.raises(TouchMissing, match="event7"):
        LastingTouch(plug.open, ScriptClock(0))
