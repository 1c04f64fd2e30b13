"""Input devices of the kernel: a pipe stands for /dev/input/event*, with the kernel's own bytes."""

import asyncio
import os
import struct

import pytest

from device.errors import LinkLost
from device.links.evdev import EV_KEY, InputDevice, InputEvent, input_events

KEY_A = struct.pack("llHHi", 1_488_360_000, 250_900, EV_KEY, 30, 1)  # pressed
KEY_A_UP = struct.pack("llHHi", 1_488_360_000, 301_000, EV_KEY, 30, 0)


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "event0"
    os.mkfifo(path)
    kernel = os.open(path, os.O_RDWR)
    yield path, kernel
    os.close(kernel)


def test_an_event_says_when_and_which_key():
    assert input_events(KEY_A) == [InputEvent(1_488_360_000_250, EV_KEY, 30, 1)]


def test_half_an_event_is_none():
    assert input_events(KEY_A + KEY_A_UP[:-1]) == input_events(KEY_A)


async def read_from(path, kernel):
    device = InputDevice(str(path), is_ours_alone=False)
    await device.open()
    waiting = asyncio.create_task(device.read())
    await asyncio.sleep(0)
    os.write(kernel, KEY_A + KEY_A_UP)
    try:
        return await asyncio.wait_for(waiting, 60)
    finally:
        await device.close()


def test_a_reader_waits_for_what_comes_next(pipe):
    found = asyncio.run(read_from(*pipe))

    assert found == input_events(KEY_A + KEY_A_UP)


def test_a_device_that_cannot_be_had_alone_is_not_taken(pipe):
    path, _ = pipe

    with pytest.raises(LinkLost, match="cannot open"):
        asyncio.run(InputDevice(str(path)).open())


def test_a_device_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LinkLost, match="event7"):
        asyncio.run(InputDevice(str(tmp_path / "event7")).open())
