"""A touch panel at /dev/input/event…, read without any library."""

import fcntl
import os
import struct
from collections import deque
from pathlib import Path

from device.display.touch.contact import Calibration, Contact
from device.display.touch.evdev_events import (
    ABS_MT_POSITION_X,
    ABS_MT_POSITION_Y,
    ABS_X,
    ABS_Y,
    TouchReader,
)
from device.links.evdev import EVENT, EVENTS_AT_ONCE, EVIOCGRAB
from device.links.readable import until_readable

CONTACTS_MAX = 64

_ABSINFO = struct.Struct("=6i")  # value, minimum, maximum, fuzz, flat, resolution
_READ = 2  # of the kernel's _IOC; linux/input.h, EVIOCGABS


class TouchMissing(OSError):
    """There is no such touch panel, or we may not read it."""


class EvdevTouch:
    """A touch panel; nobody else hears of its events while it is open."""

    def __init__(
        self, path: Path, *, width_px: int, height_px: int, calibration: Calibration
    ) -> None:
        """Open the panel at `path`.

        Raises:
            TouchMissing: it cannot be opened, or has no axes.
        """
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise TouchMissing(f"cannot open {path}: {error.strerror}") from error
        try:
            x_range, y_range = _axes(self._descriptor)
            fcntl.ioctl(self._descriptor, EVIOCGRAB, 1)
        except OSError as error:
            os.close(self._descriptor)
            raise TouchMissing(f"{path} is no touch panel: {error.strerror}") from error
        reader = TouchReader(
            width_px=width_px,
            height_px=height_px,
            x_range=x_range,
            y_range=y_range,
            calibration=calibration,
        )
        self._stream = ContactStream(self._descriptor, reader)

    async def next_contact(self) -> Contact:
        """Return the next time a finger came down or left."""
        return await self._stream.next_contact()

    def close(self) -> None:
        """Let the panel go."""
        os.close(self._descriptor)


class ContactStream:
    """Contacts from a descriptor that does not block."""

    def __init__(self, descriptor: int, reader: TouchReader) -> None:
        self._descriptor = descriptor
        self._reader = reader
        self._found: deque[Contact] = deque(maxlen=CONTACTS_MAX)

    async def next_contact(self) -> Contact:
        """Return the next contact.

        Raises:
            EOFError: the panel is gone.
        """
        while not self._found:
            await until_readable(self._descriptor)
            try:
                data = os.read(self._descriptor, EVENTS_AT_ONCE * EVENT.size)
            except BlockingIOError:
                continue
            except OSError as error:
                raise EOFError(f"the touch panel is gone: {error.strerror}") from error
            if not data:
                raise EOFError("the touch panel is gone")
            self._found.extend(self._reader.feed(data))
        return self._found.popleft()


def _axes(descriptor: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the ranges of the multi-touch axes, else of the plain ones."""
    x_range, y_range = (_range(descriptor, it) for it in (ABS_MT_POSITION_X, ABS_MT_POSITION_Y))
    if x_range[0] == x_range[1]:
        x_range, y_range = (_range(descriptor, it) for it in (ABS_X, ABS_Y))
    return x_range, y_range


def _range(descriptor: int, axis: int) -> tuple[int, int]:
    request = _READ << 30 | _ABSINFO.size << 16 | ord("E") << 8 | (0x40 + axis)
    _, least, most, *_ = _ABSINFO.unpack(fcntl.ioctl(descriptor, request, bytes(_ABSINFO.size)))
    return least, most
