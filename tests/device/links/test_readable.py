"""Waiting for something to read: pipes stand for every descriptor."""

import asyncio
import os
from pathlib import Path

import pytest

from device.links.readable import until_readable

WITHIN_S = 60


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_it_waits_until_something_is_there(pipe):
    reading, writing = pipe

    async def wait():
        waiting = asyncio.create_task(until_readable(reading))
        await asyncio.sleep(0)
        waited_for_nothing = waiting.done()
        os.write(writing, b"x")
        await asyncio.wait_for(waiting, WITHIN_S)
        return waited_for_nothing

    assert asyncio.run(wait()) is False
    assert os.read(reading, 9) == b"x"  # what is there is left to the caller


def test_who_is_cancelled_no_longer_watches(pipe):
    reading, _ = pipe

    async def give_up():
        waiting = asyncio.create_task(until_readable(reading))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        return asyncio.get_running_loop().remove_reader(reading)

    assert asyncio.run(give_up()) is False


def test_a_file_is_not_watched():
    with Path(__file__).open() as file, pytest.raises(PermissionError):
        asyncio.run(until_readable(file.fileno()))
