"""A simulated PN532 on a pseudo terminal, for drivers and tools that expect a serial port."""

from pathlib import Path

from simulators.chips.chip import Chip
from simulators.pn532 import Pn532Chip, Sent
from simulators.pty_port import PtyPort

BAUD = 115200


class Pn532Port:
    """One PN532 on one pty, in the event loop that runs `start`; many of them can share a loop."""

    def __init__(
        self, chip: Pn532Chip | None = None, *, link: Path | None = None, timing: bool = False
    ) -> None:
        """Serve `chip`; `link` names the port, `timing` adds what UART and air would take."""
        self.chip = Pn532Chip() if chip is None else chip
        self.pty = PtyPort(self._on_bytes, link=link, baud=BAUD if timing else None)

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
        """Open the pty and return its path, or that of the symbolic link if one was asked for."""
        return self.pty.start()

    def stop(self) -> None:
        """Pull the plug: clients see their port hang up. Stopping twice does nothing."""
        self.pty.stop()

    def place(self, chip: Chip) -> None:
        """Put a card on the reader."""
        self._send(self.chip.place(chip), self.pty.now_s())

    def remove(self) -> None:
        """Take every card off the reader."""
        self.chip.remove()

    def _on_bytes(self, data: bytes, arrived_s: float) -> None:
        self._send(self.chip.feed(data), arrived_s)

    def _send(self, sent: list[Sent], at_s: float) -> None:
        for item in sent:
            if item.afresh:
                self.pty.forget_unsent()
            self.pty.send(item.data, at_s=at_s, after_s=item.after_s)
