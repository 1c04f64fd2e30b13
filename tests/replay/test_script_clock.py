"""A clock that stands still until the script moves it."""

import asyncio

from simulators.script_clock import ScriptClock

START_MS = 1_488_326_400_000


def test_it_stands_still_until_it_is_moved():
    clock = ScriptClock(START_MS)

    clock.move_to(START_MS + 500)

    assert (clock.now_ms(), clock.monotonic_ms()) == (START_MS + 500, 500)


def test_it_never_goes_back():
    clock = ScriptClock(START_MS)

    clock.move_to(START_MS - 1)

    assert clock.now_ms() == START_MS


async def test_sleepers_wake_in_the_order_of_their_time_and_not_before():
    clock = ScriptClock(START_MS)
    woken: list[int] = []

    async def sleep(duration_ms: int) -> None:
        await clock.sleep_ms(duration_ms)
        woken.append(duration_ms)

    async with asyncio.TaskGroup() as group:
        for duration_ms in (300, 100, 200):
            group.create_task(sleep(duration_ms))
        await asyncio.sleep(0)
        clock.move_to(START_MS + 200)
        for _ in range(3):
            await asyncio.sleep(0)
        in_time = list(woken)
        clock.move_to(START_MS + 300)

    assert in_time == [100, 200]
    assert woken == [100, 200, 300]


async def test_a_sleeper_that_was_cancelled_is_forgotten():
    clock = ScriptClock(START_MS)
    task = asyncio.create_task(clock.sleep_ms(10))
    await asyncio.sleep(0)
    task.cancel()

    clock.move_to(START_MS + 10)

    assert await asyncio.gather(task, return_exceptions=True) != [None]
