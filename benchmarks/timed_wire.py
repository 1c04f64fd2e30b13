"""A simulated PN532 in simulated time: no kernel between, and nobody waits.

Bytes take what a UART takes and cards what the air takes, by the clock of a loop that jumps from
one timer to the next; so hours are over in minutes, and what is measured is the protocol alone.
"""

import asyncio
import selectors

from device.errors import LinkLost
from simulators.chips.chip import Chip
from simulators.pn532 import BAUD, Pn532Chip, Sent

BITS_PER_BYTE = 10


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self.skipped_s += timeout
            timeout = 0
        return super().select(timeout)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only between its timers; what is computed takes none."""

    def __init__(self) -> None:
        self._jumps = _JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.skipped_s


class TimedWire:
    """A PN532 at the end of a UART; a `Link`, and the field of its reader."""

    def __init__(self) -> None:
        self.chip = Pn532Chip()
        self.uart_bytes = 0
        self.air_s = 0.0
        self._is_plugged_in = True
        self._arrived = bytearray()
        self._news = asyncio.Event()
        self._to_chip_free_s = self._to_host_free_s = 0.0
        self._unsent: list[asyncio.TimerHandle] = []
        self._patience: asyncio.TimerHandle | None = None

    def place(self, chip: Chip) -> None:
        """Put a card on the reader."""
        self._send(self.chip.place(chip))

    def remove(self) -> None:
        """Take every card off the reader."""
        self.chip.remove()

    def unplug(self) -> None:
        """Cut power and line."""
        self._is_plugged_in = False
        self.chip.reset()
        self._drop_unsent()
        self._news.set()

    def plug_in(self) -> None:
        """Give power and line back."""
        self._is_plugged_in = True

    async def open(self) -> None:
        """Begin with an empty line."""
        self._check()
        self._arrived.clear()

    async def close(self) -> None:
        """Do nothing."""

    async def read(self) -> bytes:
        """Return what has arrived, waiting for at least one byte."""
        while not self._arrived:
            self._check()
            self._news.clear()
            await self._news.wait()
        data = bytes(self._arrived)
        self._arrived.clear()
        return data

    async def write(self, data: bytes) -> None:
        """Hand `data` to the line."""
        self._check()
        loop = asyncio.get_running_loop()
        self._to_chip_free_s = max(loop.time(), self._to_chip_free_s) + self._line_s(data)
        loop.call_at(self._to_chip_free_s, lambda: self._send(self.chip.feed(data)))

    def _send(self, sent: list[Sent]) -> None:
        loop = asyncio.get_running_loop()
        for item in sent:
            if item.afresh:
                self._drop_unsent()
            begins_s = max(loop.time(), self._to_host_free_s) + item.after_s
            self._to_host_free_s = begins_s + self._line_s(item.data)
            self.air_s += item.after_s
            if item.data:
                self._unsent.append(loop.call_at(self._to_host_free_s, self._arrive, item.data))
        self._unsent = [it for it in self._unsent if it.when() > loop.time()]
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None
        if self.chip.patience_s is not None:
            give_up = lambda: self._send(self.chip.give_up())  # noqa: E731  # short and local
            self._patience = loop.call_later(self.chip.patience_s, give_up)

    def _arrive(self, data: bytes) -> None:
        self._arrived += data
        self._news.set()

    def _drop_unsent(self) -> None:
        for timer in self._unsent:
            timer.cancel()
        self._unsent.clear()
        self._to_host_free_s = 0.0

    def _line_s(self, data: bytes) -> float:
        self.uart_bytes += len(data)
        return len(data) * BITS_PER_BYTE / BAUD

    def _check(self) -> None:
        if not self._is_plugged_in:
            raise LinkLost("the reader is unplugged")
