"""A simulated Star TCP300II on a pseudo terminal, for drivers that expect a serial port."""

from pathlib import Path

from simulators.plastic import PlasticCard
from simulators.pty_port import PtyPort
from simulators.star import StarSimulator


class StarPort:
    """One printer on one pty, in the event loop that runs `start`; many can share a loop."""

    def __init__(
        self,
        printer: StarSimulator | None = None,
        *,
        link: Path | None = None,
        baud: int | None = None,
    ) -> None:
        """Serve `printer`; `link` names the port, `baud` makes bytes take their time."""
        self.printer = StarSimulator() if printer is None else printer
        self._pty = PtyPort(self._on_bytes, link=link, baud=baud)

    @property
    def bytes_in(self) -> int:
        """How many bytes the host sent."""
        return self._pty.bytes_in

    @property
    def bytes_out(self) -> int:
        """How many bytes went to the host."""
        return self._pty.bytes_out

    def start(self) -> str:
        """Open the pty and return its path, or that of the symbolic link if one was asked for."""
        return self._pty.start()

    def stop(self) -> None:
        """Pull the plug: clients see their port hang up. Stopping twice does nothing."""
        self._pty.stop()

    def insert(self, card: PlasticCard) -> None:
        """Put a card into the slot."""
        self._pty.send(self.printer.insert(card), at_s=self._pty.now_s())

    def pull(self) -> PlasticCard | None:
        """Take away the card at the gate, if there is one."""
        return self.printer.pull()

    def _on_bytes(self, data: bytes, arrived_s: float) -> None:
        self._pty.send(self.printer.feed(data), at_s=arrived_s)
