"""A simulated PN532 on a pseudo terminal, for drivers and tools that expect a serial port."""

import asyncio
from pathlib import Path

from simulators.chips.chip import Chip
from simulators.line_noise import LineNoise
from simulators.pn532 import BAUD, Pn532Chip, Sent
from simulators.pty_port import PtyPort


class Pn532Port:
    """One PN532 on one pty, in the event loop that runs `start`; many of them can share a loop.

    Set `noise` for a bad line and `silent` for one that is cut on the way to the host.
    """

    def __init__(
        self,
        chip: Pn532Chip | None = None,
        *,
        link: Path | None = None,
        timing: bool = False,
        check_baud: bool = False,
    ) -> None:
        """Serve `chip`; `link` names the port, `timing` adds what UART and air would take.

        With `check_baud` the chip hears nothing from a host that has set another speed.
        """
        self.chip = Pn532Chip() if chip is None else chip
        self.pty = PtyPort(self._on_bytes, link=link, baud=BAUD if timing else None)
        self.noise: LineNoise | None = None
        self.silent = False
        self._timing = timing
        self._check_baud = check_baud
        self._held_in_reset = False
        self._bytes_until_removal: int | None = None
        self._patience: asyncio.TimerHandle | None = None

    @property
    def path(self) -> str:
        """Where the port is, once it is started."""
        return self.pty.path

    @property
    def bytes_in(self) -> int:
        """How many bytes the host sent."""
        return self.pty.bytes_in

    @property
    def bytes_out(self) -> int:
        """How many bytes went to the host."""
        return self.pty.bytes_out

    def start(self) -> str:
        """Plug it in: open the pty and return its path, or that of the symbolic link."""
        return self.pty.start()

    def stop(self) -> None:
        """Pull the plug: clients see their port hang up, the chip has no power. Twice is once."""
        self._wait_no_more()
        self.pty.stop()
        self.chip.reset()

    def set_reset_line(self, *, low: bool) -> None:
        """Hold the chip in reset with RSTPDN `low`, and let it start anew with it high."""
        self._held_in_reset = low
        self._wait_no_more()
        self.pty.forget_unsent()
        self.chip.reset()

    def place(self, chip: Chip) -> None:
        """Put a card on the reader."""
        self._send(self.chip.place(chip), self.pty.now_s())

    def remove(self, chip: Chip | None = None) -> None:
        """Take `chip` off the reader, or every card."""
        self.chip.remove(chip)

    def remove_after(self, host_bytes: int) -> None:
        """Take every card off once the host has sent that many more bytes."""
        self._bytes_until_removal = host_bytes

    def _on_bytes(self, data: bytes, arrived_s: float) -> None:
        if self._held_in_reset or (self._check_baud and not self.chip.hears(self.pty.host_baud())):
            return
        if self.noise is not None:
            data = self.noise.spoil(data)
        until = self._bytes_until_removal
        if until is not None and until <= len(data):
            self._bytes_until_removal = None
            self._send(self.chip.feed(data[:until]), arrived_s)
            self.chip.remove()
            data = data[until:]
        elif until is not None:
            self._bytes_until_removal = until - len(data)
        self._send(self.chip.feed(data), arrived_s)

    def _send(self, sent: list[Sent], at_s: float) -> None:
        for item in sent:
            if item.afresh:
                self.pty.forget_unsent()
            data = item.data if self.noise is None else self.noise.spoil(item.data)
            self.pty.send(b"" if self.silent else data, at_s=at_s, after_s=item.after_s)
        if self._timing:
            self.pty.baud = self.chip.baud
        self._watch_patience()

    def _watch_patience(self) -> None:
        """Be there when the chip itself gives up a search."""
        self._wait_no_more()
        if self.chip.patience_s is not None:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self.chip.patience_s, self._give_up)

    def _give_up(self) -> None:
        self._send(self.chip.give_up(), self.pty.now_s())

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
