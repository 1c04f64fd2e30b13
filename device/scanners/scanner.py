"""A scanner, on a serial port or as a keyboard of its own: whatever it reads, as text."""

import asyncio
from typing import Protocol

from device.links.evdev import InputDevice
from device.links.serial_link import SerialLink
from device.scanners.scan_lines import ScanLines
from device.scanners.scanner_url import ScannerPlace
from device.scanners.wedge import Wedge

# A scanner sends a whole code without a stop: 256 characters in 0.27 s at 9600 baud. No person
# scans two codes so soon one after the other.
PAUSE_S = 0.5


class Scanner(Protocol):
    """Something that reads codes or stripes."""

    async def open(self) -> None:
        """Take the scanner for this program alone, and forget what it had half read.

        Raises:
            LinkLost: there is no such scanner.
            LinkBusy: another program has it.
        """
        ...

    async def read(self) -> list[str]:
        """Return what was read, waiting for something; it may be nothing whole yet.

        Raises:
            LinkLost: the scanner went away.
        """
        ...

    async def close(self) -> None:
        """Give the scanner back; closing twice does nothing."""
        ...


class SerialScanner:
    """A scanner that sends its codes over a port; a code ends with its line, or is none."""

    def __init__(self, link: SerialLink, *, pause_s: float = PAUSE_S) -> None:
        """Read from `link`; `open` opens it. After `pause_s` a code that has not ended is none."""
        self._link = link
        self._pause_s = pause_s
        self._lines = ScanLines()

    async def open(self) -> None:
        """See `Scanner.open`."""
        self._lines = ScanLines()
        await self._link.open()

    async def read(self) -> list[str]:
        """See `Scanner.read`."""
        if not self._lines.is_amid_a_code:
            return self._lines.feed(await self._link.read())
        # The second look finds what came while this program had no time to read.
        for timeout_s in (self._pause_s, 0.0):
            try:
                async with asyncio.timeout(timeout_s):
                    return self._lines.feed(await self._link.read())
            except TimeoutError:
                continue
        return self._lines.pause()

    async def close(self) -> None:
        """See `Scanner.close`."""
        await self._link.close()


class KeyboardScanner:
    """A scanner that types its codes."""

    def __init__(self, device: InputDevice) -> None:
        """Read from `device`; `open` opens it."""
        self._device = device
        self._wedge = Wedge()

    async def open(self) -> None:
        """See `Scanner.open`."""
        self._wedge = Wedge()
        await self._device.open()

    async def read(self) -> list[str]:
        """See `Scanner.read`."""
        typed = [self._wedge.feed(it) for it in await self._device.read()]
        return [it for it in typed if it is not None]

    async def close(self) -> None:
        """See `Scanner.close`."""
        await self._device.close()


def scanner_at(place: ScannerPlace) -> Scanner:
    """Return the scanner at `place`, not opened yet."""
    if place.how == "serial":
        return SerialScanner(SerialLink(place.path, place.baud))
    return KeyboardScanner(InputDevice(place.path))
