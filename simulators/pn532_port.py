"""A simulated PN532 on a pseudo terminal, for drivers and tools that expect a serial port."""

import asyncio
import contextlib
import os
import pty
import tty
from collections import deque
from pathlib import Path

from simulators.cards import Chip
from simulators.pn532 import Pn532Chip, Sent

BAUD = 115200
QUEUE_MAX = 64

_BITS_PER_BYTE = 10  # Start bit, eight data bits, stop bit.
_READ_MAX_BYTES = 4096


class Pn532Port:
    """One PN532 on one pty, in the event loop that runs `start`; many of them can share a loop."""

    def __init__(
        self, chip: Pn532Chip | None = None, *, link: Path | None = None, timing: bool = False
    ) -> None:
        """Serve `chip`; `link` names the port, `timing` adds what UART and air would take."""
        self.chip = Pn532Chip() if chip is None else chip
        self.bytes_in = 0
        self.bytes_out = 0
        self.path = ""
        self._link = link
        self._timing = timing
        self._outer = self._inner = -1
        self._queue: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._line_free_at_s = 0.0

    def start(self) -> str:
        """Open the pty and return its path, or that of the symbolic link if one was asked for."""
        # We hold the inner end open too, or the outer one would fail whenever a client leaves.
        self._outer, self._inner = pty.openpty()
        tty.setraw(self._inner)
        os.set_blocking(self._outer, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._outer, self._on_readable)
        self.path = os.ttyname(self._inner)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)
            self.path = str(self._link)
        return self.path

    def stop(self) -> None:
        """Pull the plug: clients see their port hang up. Stopping twice does nothing."""
        if self._outer < 0:
            return
        self._forget_queue()
        self._loop.remove_reader(self._outer)
        os.close(self._inner)
        os.close(self._outer)
        self._outer = self._inner = -1
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def place(self, chip: Chip) -> None:
        """Put a card on the reader."""
        self._send(self.chip.place(chip), self._loop.time())

    def remove(self) -> None:
        """Take every card off the reader."""
        self.chip.remove()

    def _on_readable(self) -> None:
        try:
            data = os.read(self._outer, _READ_MAX_BYTES)
        except BlockingIOError:
            return
        self.bytes_in += len(data)
        arrived_s = max(self._loop.time(), self._line_free_at_s) + _line_s(data)
        self._send(self.chip.feed(data), arrived_s)

    def _send(self, sent: list[Sent], at_s: float) -> None:
        for item in sent:
            if item.afresh:
                self._forget_queue()
            if not self._timing:
                self._write(item.data)
                continue
            at_s = max(at_s, self._line_free_at_s) + item.after_s + _line_s(item.data)
            self._line_free_at_s = at_s
            if item.data and len(self._queue) < QUEUE_MAX:
                self._queue.append((at_s, item.data))
        self._set_timer()

    def _set_timer(self) -> None:
        if self._queue and self._timer is None:
            self._timer = self._loop.call_at(self._queue[0][0], self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now_s = self._loop.time()
        while self._queue and self._queue[0][0] <= now_s:
            self._write(self._queue.popleft()[1])
        self._set_timer()

    def _forget_queue(self) -> None:
        self._queue.clear()
        self._line_free_at_s = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write(self, data: bytes) -> None:
        # When nobody reads, the queue fills up; a UART would lose the bytes as well.
        with contextlib.suppress(BlockingIOError):
            self.bytes_out += os.write(self._outer, data)


def _line_s(data: bytes) -> float:
    return len(data) * _BITS_PER_BYTE / BAUD
