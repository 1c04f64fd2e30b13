"""Calls of a library that blocks: each has its time, and one that hangs is left behind."""

import asyncio
import threading
from contextlib import contextmanager

import pytest

from device.display.printers.sdk_thread import SdkThread
from device.errors import LinkLost

LONG_S = 60.0
SHORT_S = 0.01


@contextmanager
def library():
    """Give a thread, and a call of its library that hangs until the event is set."""
    thread, answered = SdkThread("the SDK"), threading.Event()
    try:
        yield thread, answered
    finally:
        answered.set()
        thread.end()


async def until_it_answers(thread):
    """Call again and again, as a terminal does, until the library is there."""
    async with asyncio.timeout(LONG_S):
        while True:
            try:
                return await thread.call(lambda: "there", timeout_s=LONG_S)
            except LinkLost:
                await asyncio.sleep(SHORT_S)


def raise_fault():
    raise OSError("no such printer")


async def test_a_call_gives_what_it_returned_or_raised():
    with library() as (thread, _):
        returned = await thread.call(lambda: 7, timeout_s=LONG_S)
        with pytest.raises(OSError, match="no such printer"):
            await thread.call(raise_fault, timeout_s=LONG_S)

        assert returned == 7


async def test_nothing_runs_into_a_call_that_hangs_until_it_has_ended():
    with library() as (thread, answered):
        with pytest.raises(LinkLost, match="the SDK has not ended in its time"):
            await thread.call(answered.wait, timeout_s=SHORT_S)
        ran = []
        with pytest.raises(LinkLost):
            await thread.call(lambda: ran.append("into it"), timeout_s=LONG_S)

        answered.set()

        assert await until_it_answers(thread) == "there"
        assert ran == []


async def test_who_calls_after_a_caller_that_left_waits_for_the_call_it_left():
    with library() as (thread, answered):
        left = asyncio.create_task(thread.call(answered.wait, timeout_s=LONG_S))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait([left])
        waiting = asyncio.create_task(thread.call(lambda: "mine", timeout_s=LONG_S))
        await asyncio.sleep(0)
        has_waited = not waiting.done()

        answered.set()

        assert has_waited
        assert await waiting == "mine"


async def test_a_call_that_hangs_keeps_no_program_alive():
    with library() as (thread, _):
        is_daemon = await thread.call(lambda: threading.current_thread().daemon, timeout_s=LONG_S)

        assert is_daemon
