"""A serial port as a stream of bytes: raw, at a fixed speed, ours alone."""

import asyncio
import fcntl
import os
import termios
import tty

from device.errors import LinkBusy, LinkLost

_READ_MAX_BYTES = 4096
ARRIVED_MAX_BYTES = 65_536  # What nobody takes beyond that waits in the kernel.
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
    """One serial port, or a pseudo terminal that stands for one; used in the loop that opened it.

    The loop watches the port as long as it is open. To begin and end that with each read took a
    fifth of the processor's time of a tap.
    """

    def __init__(self, path: str, baud: int = 115200) -> None:
        """Name the port and its speed; `open` opens it."""
        if baud not in _SPEEDS:
            raise ValueError(f"{baud} baud, one of {', '.join(map(str, _SPEEDS))} wanted")
        self._path = path
        self._baud = baud
        self._fd = -1
        self._arrived = bytearray()
        self._lost = f"{path} is not open"  # Why nothing more can arrive, if so.
        self._news = asyncio.Event()  # Something has arrived, or nothing more can.
        self._news.set()

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
            self._begin()
        except BlockingIOError as error:
            await self.close()
            raise LinkBusy(f"{self._path} is used by another program") from error
        except OSError as error:
            await self.close()
            raise LinkLost(f"cannot open {self._path}: {error.strerror}") from error
        except termios.error as error:
            await self.close()
            raise LinkLost(f"cannot open {self._path}: {error.args[-1]}") from error

    async def read(self) -> bytes:
        """Return what has arrived, waiting for at least one byte.

        Raises:
            LinkLost: the port went away.
        """
        await self._news.wait()
        if not self._arrived:
            raise LinkLost(self._lost)
        if len(self._arrived) >= ARRIVED_MAX_BYTES and not self._lost:
            self._watch()
        data = bytes(self._arrived)
        self._arrived.clear()
        if not self._lost:
            self._news.clear()
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
                        await self._until_writable()
                except TimeoutError as error:
                    raise LinkLost(f"{self._path} has stopped taking bytes") from error
            except OSError as error:
                raise LinkLost(f"cannot write to {self._path}: {error}") from error

    async def close(self) -> None:
        """Give the port back; closing twice does nothing."""
        if self._fd >= 0:
            self._unwatch()
            self._no_writer()
            os.close(self._fd)
            self._fd = -1
            self._arrived.clear()
            self._lost = f"{self._path} is not open"
            self._news.set()

    def _begin(self) -> None:
        self._lost = ""
        self._news = asyncio.Event()
        self._watch()

    def _watch(self) -> None:
        asyncio.get_running_loop().add_reader(self._fd, self._receive)

    def _unwatch(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)

    def _receive(self) -> None:
        """Take what has arrived; if that is too much, or the port is lost, watch no longer."""
        try:
            data = os.read(self._fd, _READ_MAX_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost = f"{self._path} went away: {error}"
        else:
            self._arrived += data
            self._lost = "" if data else f"{self._path} hung up"
        if self._lost or len(self._arrived) >= ARRIVED_MAX_BYTES:
            self._unwatch()
        self._news.set()

    async def _until_writable(self) -> None:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_writer(self._fd, _settle, ready)
        try:
            await ready
        finally:
            self._no_writer()

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
