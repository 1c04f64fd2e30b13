"""A pseudo terminal with a simulator behind it, for programs that expect a serial port."""

import asyncio
import contextlib
import os
import pty
import termios
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path

QUEUE_MAX = 64

_BITS_PER_BYTE = 10  # Start bit, eight data bits, stop bit.
_READ_MAX_BYTES = 4096
_BAUDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
}


class PtyPort:
    """One pty, in the event loop that runs `start`; many of them can share a loop."""

    def __init__(
        self, on_bytes: Callable[[bytes, float], None], *, link: Path | None, baud: int | None
    ) -> None:
        """Hand what arrives to `on_bytes`, with the loop time at which its last bit is there.

        `link` names the port; `baud` makes bytes take their time, None makes them take none.
        """
        self.bytes_in = 0
        self.bytes_out = 0
        self.path = self._port = ""
        self.baud = baud
        self._on_bytes = on_bytes
        self._link = link
        self._outer = self._inner = -1
        self._queue: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._line_free_at_s = 0.0

    def start(self) -> str:
        """Open the pty and return its path, or that of the symbolic link if one was asked for.

        Raises:
            FileExistsError: something that is no symbolic link has that name; it stays.
            OSError: the link cannot be made there.
        """
        # We hold the inner end open too, or the outer one would fail whenever a client leaves.
        self._outer, self._inner = pty.openpty()
        tty.setraw(self._inner)
        os.set_blocking(self._outer, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._outer, self._on_readable)
        self.path = self._port = os.ttyname(self._inner)
        if self._link is not None:
            if self._link.is_symlink():
                self._link.unlink()  # of one that was killed
            self._link.symlink_to(self.path)
            self.path = str(self._link)
        return self.path

    def stop(self) -> None:
        """Pull the plug: clients see their port hang up. Stopping twice does nothing."""
        if self._outer < 0:
            return
        self.forget_unsent()
        self._loop.remove_reader(self._outer)
        os.close(self._inner)
        os.close(self._outer)
        self._outer = self._inner = -1
        # What stands there by now may be a file of the user's, or the link of another simulator.
        is_link = self._link is not None and self._link.is_symlink()
        if self._link is not None and is_link and os.readlink(self._link) == self._port:
            self._link.unlink()

    def host_baud(self) -> int:
        """Return the speed that the host has set, 0 if it is none that a UART here has."""
        return _BAUDS.get(termios.tcgetattr(self._inner)[5], 0)

    def now_s(self) -> float:
        """Return the loop's time, by which bytes arrive and leave."""
        return self._loop.time()

    def send(self, data: bytes, *, at_s: float, after_s: float = 0.0) -> None:
        """Send `data`, `after_s` behind what was sent before but not before loop time `at_s`."""
        if self.baud is None:
            self._write(data)
            return
        self._line_free_at_s = max(at_s, self._line_free_at_s) + after_s + self._line_s(data)
        if data and len(self._queue) < QUEUE_MAX:
            self._queue.append((self._line_free_at_s, data))
        self._set_timer()

    def forget_unsent(self) -> None:
        """Drop what is not out yet."""
        self._queue.clear()
        self._line_free_at_s = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_readable(self) -> None:
        try:
            data = os.read(self._outer, _READ_MAX_BYTES)
        except BlockingIOError:
            return
        self.bytes_in += len(data)
        self._on_bytes(data, self.now_s() + self._line_s(data))

    def _set_timer(self) -> None:
        if self._queue and self._timer is None:
            self._timer = self._loop.call_at(self._queue[0][0], self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now_s = self.now_s()
        while self._queue and self._queue[0][0] <= now_s:
            self._write(self._queue.popleft()[1])
        self._set_timer()

    def _write(self, data: bytes) -> None:
        # When nobody reads, the queue fills up; a UART would lose the bytes as well.
        with contextlib.suppress(BlockingIOError):
            self.bytes_out += os.write(self._outer, data) if data else 0

    def _line_s(self, data: bytes) -> float:
        return len(data) * _BITS_PER_BYTE / self.baud if self.baud else 0.0
