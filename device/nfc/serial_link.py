"""A serial port as a stream of bytes: raw, 115200 baud, ours alone."""

import asyncio
import fcntl
import os
import termios
import tty

from device.errors import LinkBusy, LinkLost

_READ_MAX_BYTES = 4096


class SerialLink:
    """One serial port, or a pseudo terminal that stands for one."""

    def __init__(self, path: str) -> None:
        """Name the port; `open` opens it."""
        self._path = path
        self._fd = -1
        self._received = b""
        self._waiting: asyncio.Future[None] | None = None
        self._lost: LinkLost | None = None

    async def open(self) -> None:
        """Take the port for this program alone and forget what was left in its queues.

        A link that was open before, or was lost, is closed first.

        Raises:
            LinkLost: there is no such port.
            LinkBusy: another program has it.
        """
        await self.close()
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            _lock(self._fd, self._path)
            _make_raw(self._fd)
        except (OSError, termios.error) as error:
            self._shut()
            raise LinkLost(f"cannot open {self._path}: {error}") from error
        except LinkBusy:
            self._shut()
            raise
        self._received, self._lost = b"", None
        asyncio.get_running_loop().add_reader(self._fd, self._on_readable)

    async def read(self) -> bytes:
        """Return what has arrived, waiting for at least one byte.

        Raises:
            LinkLost: the port went away.
        """
        if not self._received:
            if self._lost is not None:
                raise self._lost
            assert self._waiting is None
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        data, self._received = self._received, b""
        return data

    def write(self, data: bytes) -> None:
        """Hand `data` to the port at once; a frame always fits its queue.

        Raises:
            LinkLost: the port went away, or has stopped taking bytes.
        """
        if self._lost is not None:
            raise self._lost
        try:
            taken = os.write(self._fd, data)
        except OSError as error:
            raise LinkLost(f"cannot write to {self._path}: {error}") from error
        if taken != len(data):
            raise LinkLost(f"{self._path} took {taken} of {len(data)} bytes")

    async def close(self) -> None:
        """Give the port back; closing twice does nothing."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
        self._shut()

    def _on_readable(self) -> None:
        try:
            data = os.read(self._fd, _READ_MAX_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(str(error))
            return
        if not data:
            self._lose("hung up")
            return
        self._received += data
        self._wake(None)

    def _lose(self, why: str) -> None:
        self._lost = LinkLost(f"{self._path} went away: {why}")
        asyncio.get_running_loop().remove_reader(self._fd)
        self._wake(self._lost)

    def _wake(self, error: LinkLost | None) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if error is None:
            self._waiting.set_result(None)
        else:
            self._waiting.set_exception(error)

    def _shut(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _lock(fd: int, path: str) -> None:
    # libnfc's own claim on a port (a bit in c_iflag) does not hold on Linux, so we lock the file.
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LinkBusy(f"{path} is used by another program") from error


def _make_raw(fd: int) -> None:
    tty.setraw(fd, termios.TCSANOW)
    settings = termios.tcgetattr(fd)
    settings[2] |= termios.CLOCAL | termios.CREAD
    settings[4] = settings[5] = termios.B115200
    termios.tcsetattr(fd, termios.TCSANOW, settings)
    termios.tcflush(fd, termios.TCIOFLUSH)
