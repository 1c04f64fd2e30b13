"""A serial port as a stream of bytes: raw, at a fixed speed, ours alone."""

import asyncio
import fcntl
import os
import termios
import tty
from collections.abc import Callable
from typing import Any

from device.errors import LinkBusy, LinkLost

_READ_MAX_BYTES = 4096
_WRITE_TIMEOUT_S = 10.0

_SPEEDS = {
    9600: termios.B9600,
    19200: termios.B19200,
    38400: termios.B38400,
    57600: termios.B57600,
    115200: termios.B115200,
    230400: termios.B230400,
    460800: termios.B460800,
    921600: termios.B921600,
}


class SerialLink:
    """One serial port, or a pseudo terminal that stands for one."""

    def __init__(self, path: str, baud: int = 115200) -> None:
        """Name the port and its speed; `open` opens it."""
        if baud not in _SPEEDS:
            raise ValueError(f"{baud} baud, one of {', '.join(map(str, _SPEEDS))} wanted")
        self._path = path
        self._baud = baud
        self._fd = -1

    async def open(self) -> None:
        """Take the port for this program alone and forget what was left in its queues.

        Raises:
            LinkLost: there is no such port.
            LinkBusy: another program has it.
        """
        assert self._fd < 0
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _make_raw(self._fd, _SPEEDS[self._baud])
        except BlockingIOError as error:
            await self.close()
            raise LinkBusy(f"{self._path} is used by another program") from error
        except (OSError, termios.error) as error:
            await self.close()
            raise LinkLost(f"cannot open {self._path}: {error}") from error

    async def read(self) -> bytes:
        """Return what has arrived, waiting for at least one byte.

        Raises:
            LinkLost: the port went away.
        """
        while True:
            try:
                data = os.read(self._fd, _READ_MAX_BYTES)
            except BlockingIOError:
                await self._until(asyncio.get_running_loop().add_reader, self._no_reader)
                continue
            except OSError as error:
                raise LinkLost(f"{self._path} went away: {error}") from error
            if not data:
                raise LinkLost(f"{self._path} hung up")
            return data

    async def write(self, data: bytes) -> None:
        """Hand all of `data` to the port, waiting while its queue is full.

        Raises:
            LinkLost: the port went away, or has stopped taking bytes.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:
                try:
                    async with asyncio.timeout(_WRITE_TIMEOUT_S):
                        await self._until(asyncio.get_running_loop().add_writer, self._no_writer)
                except TimeoutError as error:
                    raise LinkLost(f"{self._path} has stopped taking bytes") from error
            except OSError as error:
                raise LinkLost(f"cannot write to {self._path}: {error}") from error

    async def close(self) -> None:
        """Give the port back; closing twice does nothing."""
        if self._fd >= 0:
            self._no_reader()
            self._no_writer()
            os.close(self._fd)
            self._fd = -1

    async def _until(self, watch: Callable[..., Any], unwatch: Callable[[], None]) -> None:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        watch(self._fd, _settle, ready)
        try:
            await ready
        finally:
            unwatch()

    def _no_reader(self) -> None:
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)

    def _no_writer(self) -> None:
        if self._fd >= 0:
            asyncio.get_running_loop().remove_writer(self._fd)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _make_raw(fd: int, speed: int) -> None:
    tty.setraw(fd, termios.TCSANOW)
    settings = termios.tcgetattr(fd)
    settings[2] |= termios.CLOCAL | termios.CREAD
    settings[4] = settings[5] = speed
    termios.tcsetattr(fd, termios.TCSANOW, settings)
    termios.tcflush(fd, termios.TCIOFLUSH)
