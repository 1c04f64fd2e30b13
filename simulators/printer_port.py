"""A simulated printer on a pseudo terminal or a TCP port, for drivers that expect either."""

import asyncio
from pathlib import Path
from typing import Generic, TypeVar

from simulators.mechanism import Mechanism
from simulators.plastic import PlasticCard
from simulators.pty_port import PtyPort

CLIENTS_MAX = 4

_READ_MAX_BYTES = 4096

P = TypeVar("P", bound=Mechanism)


class PrinterPort(Generic[P]):
    """One printer on one pty, in the event loop that runs `start`; many can share a loop."""

    def __init__(self, printer: P, *, link: Path | None = None, baud: int | None = None) -> None:
        """Serve `printer`; `link` names the port, `baud` makes bytes take their time."""
        self.printer = printer
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


class PrinterServer(Generic[P]):
    """One printer on a TCP port of this machine."""

    def __init__(self, printer: P) -> None:
        """Serve `printer`."""
        self.printer = printer
        self.bytes_in = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> int:
        """Listen on `port` of 127.0.0.1, or on a free one; return which."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Pull the plug. Stopping twice does nothing."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self.hang_up()
            await server.wait_closed()

    def hang_up(self) -> None:
        """End every connection; new ones are taken."""
        for writer in self._writers:
            writer.transport.abort()

    def insert(self, card: PlasticCard) -> None:
        """Put a card into the slot."""
        said = self.printer.insert(card)
        for writer in self._writers:
            writer.write(said)

    def pull(self) -> PlasticCard | None:
        """Take away the card at the gate, if there is one."""
        return self.printer.pull()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= CLIENTS_MAX:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            while data := await reader.read(_READ_MAX_BYTES):
                self.bytes_in += len(data)
                writer.write(self.printer.feed(data))
                await writer.drain()
        except ConnectionError:
            pass  # It hung up; the next one may call.
        finally:
            self._writers.discard(writer)
            writer.close()
