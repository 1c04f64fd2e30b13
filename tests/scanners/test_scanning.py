"""From a scanner's port or keyboard to the terminal, through unplugging."""

import asyncio
import os
import struct
from collections import deque
from contextlib import asynccontextmanager, suppress

from device.behaviour.events import CardRead, CardRefused
from device.behaviour.identify import Identifier
from device.links.evdev import EV_KEY, InputDevice
from device.links.serial_link import SerialLink
from device.scanners.scanner import KeyboardScanner, SerialScanner, scanner_at
from device.scanners.scanner_url import parse_scanner_url
from device.scanning import take_scanned
from tests.device.terminal_world import START_MS, HastyClock

IDENTIFIER = Identifier(bytes(32))
WITHIN_S = 60


class Plug:
    """A scanner's cable: a pseudo terminal under a name that stays."""

    def __init__(self, path):
        self.path = path
        self.plug_in()

    def plug_in(self):
        self.scanner, self._terminal = os.openpty()
        self.path.symlink_to(os.ttyname(self._terminal))

    def unplug(self):
        self.path.unlink()
        os.close(self._terminal)
        os.close(self.scanner)


class Noted:
    """Where events go."""

    def __init__(self):
        self.events = asyncio.Queue()

    async def put(self, event):
        await self.events.put(event)


@asynccontextmanager
async def taking_from(scanner):
    noted = Noted()
    clock = HastyClock(START_MS)
    running = asyncio.create_task(take_scanned(scanner, IDENTIFIER, noted, clock))
    try:
        async with asyncio.timeout(WITHIN_S):
            yield noted.events
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def scan_until_heard(plug, events, code):
    """Scan again and again, as people do, until the terminal is there to hear it."""
    while events.empty():
        os.write(plug.scanner, code)
        await asyncio.sleep(0.01)
    return await events.get()


def test_codes_of_a_serial_scanner_become_cards(tmp_path):
    plug = Plug(tmp_path / "scanner")

    async def scan():
        scanner = scanner_at(parse_scanner_url(f"serial://{plug.path}"))
        assert isinstance(scanner, SerialScanner)
        async with taking_from(scanner) as events:
            return await scan_until_heard(plug, events, b"6291041500213\r")

    assert asyncio.run(scan()) == IDENTIFIER.scanned("6291041500213")
    plug.unplug()


def test_a_scanner_that_was_unplugged_is_found_again(tmp_path):
    plug = Plug(tmp_path / "scanner")

    async def scan():
        async with taking_from(scanner_at(parse_scanner_url(f"serial://{plug.path}"))) as events:
            before = await scan_until_heard(plug, events, b"M-1001\r")
            plug.unplug()
            plug.plug_in()
            while (after := await scan_until_heard(plug, events, b"M-2002\r")) == before:
                continue  # scanned more than once before it was heard
            return after

    assert asyncio.run(scan()) == IDENTIFIER.scanned("M-2002")
    plug.unplug()


def test_half_a_code_is_told_as_none_and_the_next_one_is_heard(tmp_path):
    plug = Plug(tmp_path / "scanner")

    async def scan():
        scanner = SerialScanner(SerialLink(str(plug.path)), pause_s=0.2)
        async with taking_from(scanner) as events:
            await scan_until_heard(plug, events, b"M-1001\r")
            os.write(plug.scanner, b"M-10")
            while isinstance(half := await events.get(), CardRead):
                continue  # scanned more than once before it was heard
            os.write(plug.scanner, b"M-2002\r")
            return half, await events.get()

    half, whole = asyncio.run(scan())

    assert half == CardRefused("", "unreadable_code")
    assert whole == IDENTIFIER.scanned("M-2002")
    plug.unplug()


class BusyLink:
    """A port of which nothing is heard at one read: this program is too busy to be told in time."""

    def __init__(self, *arrived):
        self._arrived = deque(arrived)

    async def read(self):
        data = self._arrived.popleft()
        return data or await asyncio.Event().wait()


def test_a_code_whose_end_came_while_nobody_had_time_to_read_is_whole():
    async def scan():
        scanner = SerialScanner(BusyLink(b"M-10", b"", b"01\r"), pause_s=0.01)
        return await scanner.read() + await scanner.read()

    assert asyncio.run(scan()) == ["M-1001"]


def test_a_scanner_that_types_is_heard_as_one_that_sends(tmp_path):
    path = tmp_path / "event0"
    os.mkfifo(path)
    kernel = os.open(path, os.O_RDWR)
    digits = {str((number + 1) % 10): number + 2 for number in range(10)}
    presses = [*(digits[it] for it in "6291041500213"), 28]

    async def scan():
        # A pipe cannot be had alone, as a device of the kernel can.
        scanner = KeyboardScanner(InputDevice(str(path), is_ours_alone=False))
        async with taking_from(scanner) as events:
            for place, code in enumerate(presses):
                for value in (1, 0):
                    os.write(kernel, struct.pack("llHHi", 1, 4000 * place, EV_KEY, code, value))
            return await events.get()

    assert asyncio.run(scan()) == IDENTIFIER.scanned("6291041500213")
    os.close(kernel)


def test_the_two_ways_to_a_scanner_are_told_apart():
    assert isinstance(scanner_at(parse_scanner_url("keyboard:///dev/x")), KeyboardScanner)
    assert isinstance(IDENTIFIER.scanned("6291041500213"), CardRead)
    assert isinstance(IDENTIFIER.scanned("6291041500214"), CardRefused)
