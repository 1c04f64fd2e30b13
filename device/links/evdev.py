"""One input device of the Linux kernel (a scanner's keyboard, a touch screen), as its events.

Source: Linux Documentation/input/input.rst §1.4 (`struct input_event`), uapi/linux/input.h;
Documentation/input/event-codes.rst for events that are dropped.
"""

import asyncio
import errno
import fcntl
import os
import struct
from typing import NamedTuple

from device.errors import LinkBusy, LinkLost
from device.links.readable import until_readable

EV_SYN, EV_KEY, EV_ABS = 0, 1, 3
SYN_DROPPED = 3  # of EV_SYN: the queue ran over, and what was in it is lost

EVENT = struct.Struct("llHHi")  # native sizes: seconds, microseconds, type, code, value
EVENTS_AT_ONCE = 64
EVIOCGRAB = 0x40044590  # _IOW('E', 0x90, int)


class InputEvent(NamedTuple):
    """What the kernel reports: when (of the kernel's clock), what kind, which key or axis."""

    at_ms: int
    type: int
    code: int
    value: int


def input_events(data: bytes) -> list[InputEvent]:
    """Return the whole events in `data`; the kernel never hands out a part of one."""
    whole = len(data) - len(data) % EVENT.size
    return [
        InputEvent(seconds * 1000 + micros // 1000, kind, code, value)
        for seconds, micros, kind, code, value in EVENT.iter_unpack(data[:whole])
    ]


class InputDevice:
    """One /dev/input/event*; with `is_ours_alone` nobody else gets its events while it is open."""

    def __init__(self, path: str, *, is_ours_alone: bool = True) -> None:
        """Name the device; `open` opens it."""
        self._path = path
        self._is_ours_alone = is_ours_alone
        self._fd = -1

    async def open(self) -> None:
        """Open the device, and keep its keys from going to a console as well.

        Raises:
            LinkLost: there is no such device, or it cannot be had alone.
            LinkBusy: another program has it.
        """
        assert self._fd < 0
        try:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
            if self._is_ours_alone:
                fcntl.ioctl(self._fd, EVIOCGRAB, 1)
        except OSError as error:
            await self.close()
            if error.errno == errno.EBUSY:
                raise LinkBusy(f"{self._path} is used by another program") from error
            raise LinkLost(f"cannot open {self._path}: {error.strerror}") from error

    async def read(self) -> list[InputEvent]:
        """Return what happened, waiting for at least one event.

        Raises:
            LinkLost: the device went away.
        """
        while True:
            try:
                data = os.read(self._fd, EVENT.size * EVENTS_AT_ONCE)
            except BlockingIOError:
                await until_readable(self._fd)
                continue
            except OSError as error:
                raise LinkLost(f"{self._path} went away: {error}") from error
            if not data:
                raise LinkLost(f"{self._path} went away")
            return input_events(data)

    async def close(self) -> None:
        """Give the device back; closing twice does nothing."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
