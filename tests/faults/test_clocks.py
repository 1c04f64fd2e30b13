"""The clocks of a replay with faults: one that another process reads, one that is wrong, one that
hurries."""

import asyncio
import time

from simulators.quick_clock import QuickClock
from simulators.script_clock import OffsetClock, ScriptClock
from simulators.shared_clock import ClockFile, SharedClock

NOON_MS = 1_488_369_600_000


def test_what_is_written_into_a_clock_file_is_read_by_whoever_opens_it(tmp_path):
    written = ClockFile(tmp_path / "clock", create=True)
    written.write(NOON_MS)
    read = ClockFile(tmp_path / "clock")
    clock = SharedClock(read)

    written.write(NOON_MS + 5)

    assert (clock.now_ms(), clock.monotonic_ms()) == (NOON_MS + 5, 5)
    written.close()
    read.close()


async def test_whoever_sleeps_by_a_shared_clock_wakes_when_it_is_moved(tmp_path):
    file = ClockFile(tmp_path / "clock", create=True)
    sleeping = asyncio.create_task(SharedClock(file).sleep_ms(1_000))
    await asyncio.sleep(0)

    file.write(1_000)
    async with asyncio.timeout(60.0):
        await sleeping

    file.close()


def test_a_wrong_clock_is_wrong_about_the_time_of_day_only():
    clock = OffsetClock(ScriptClock(NOON_MS))

    clock.offset_ms = -3_600_000

    assert (clock.now_ms(), clock.monotonic_ms()) == (NOON_MS - 3_600_000, 0)


def test_who_wants_to_know_hears_of_every_move():
    clock, heard = ScriptClock(NOON_MS), []
    clock.on_moved = heard.append

    clock.move_to(NOON_MS + 1)
    clock.move_to(NOON_MS)

    assert heard == [NOON_MS + 1, NOON_MS + 1]


async def test_a_quick_clock_waits_a_part_of_the_time():
    clock = QuickClock(1_000)

    before_ms, began_s = clock.monotonic_ms(), time.monotonic()
    await clock.sleep_ms(10_000)

    assert clock.monotonic_ms() - before_ms >= 10_000
    assert time.monotonic() - began_s < 10.0
