"""The network between MQTT clients and their broker: a TCP proxy in this process.

Where clients speak TLS it does so both ways, in the broker's name, as it must read what passes. It
cuts the streams into packets and lets a `BadLine` decide about each; it cuts connections, and
leaves them half open: both ends believe in a connection on which nothing arrives any more.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from hub.web.listening import stop_listening
from simulators import mqtt_packets as mqtt
from simulators.bad_line import BadLine, LookAgain, Move

_READ_MAX_BYTES = 65_536


class Network:
    """A proxy before the broker on `broker_port`; use it as a context manager.

    `fates_of(line)` draws what befalls the messages of a line, which is a client's name and "up"
    or "down". `on_arrival(client, topic)` hears of each message that is passed up to the broker.
    `happened` counts what befell messages and connections. Clients meet `to_clients`, the broker
    `to_broker`, where they speak TLS.
    """

    def __init__(
        self,
        fates_of: Callable[[str], Iterator[tuple[str, int]]],
        broker_port: int,
        happened: Counter[str],
        on_arrival: Callable[[str, str], None] = lambda client, topic: None,
        *,
        to_clients: ssl.SSLContext | None = None,
        to_broker: ssl.SSLContext | None = None,
    ) -> None:
        self._new_fates = fates_of
        self._broker_port = broker_port
        self._happened = happened
        self._on_arrival = on_arrival
        self._to_clients, self._to_broker = to_clients, to_broker
        self._fates: dict[str, Iterator[tuple[str, int]]] = {}
        self._wires: dict[str, _Wire] = {}
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server
        self.port = 0

    async def __aenter__(self) -> "Network":
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, ssl=self._to_clients
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        await stop_listening(self._server)
        serving = dict(self._serving)
        for task, writer in serving.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*serving, return_exceptions=True)

    def cut(self, client: str) -> bool:
        """Reset the connection of `client`; return whether there was one."""
        wire = self._wires.get(client)
        if wire is None:
            return False
        wire.cut()
        self._happened["connections_cut"] += 1
        return True

    def leave_half_open(self, client: str) -> bool:
        """Let nothing pass on the connection of `client` any more; return whether it has one."""
        wire = self._wires.get(client)
        if wire is None:
            return False
        wire.is_dead = True
        self._happened["connections_half_open"] += 1
        return True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving[task] = writer
        task.add_done_callback(self._serving.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, mqtt.BadPacket):
                await self._join(reader, writer)
        finally:
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cutter = mqtt.PacketCutter()
        first: list[bytes] = []
        while not first:
            data = await reader.read(_READ_MAX_BYTES)
            if not data:
                return
            first = cutter.feed(data)
        name = mqtt.client_id(first[0])
        to_broker = await asyncio.open_connection(
            "127.0.0.1", self._broker_port, ssl=self._to_broker
        )
        line = BadLine(self._fates_of(f"{name} up"), self._fates_of(f"{name} down"), self._happened)
        wire = _Wire(line, to_broker[1], writer, lambda topic: self._on_arrival(name, topic))
        self._wires[name] = wire
        try:
            wire.take(first, up=True)
            async with asyncio.TaskGroup() as group:
                group.create_task(wire.pump(reader, cutter, up=True))
                group.create_task(wire.pump(to_broker[0], mqtt.PacketCutter(), up=False))
        except* (OSError, mqtt.BadPacket):
            pass  # whoever broke it off, the other end is about to hear of it
        finally:
            wire.cut()
            if self._wires.get(name) is wire:
                del self._wires[name]

    def _fates_of(self, name: str) -> Iterator[tuple[str, int]]:
        """Return the fates on a line, going on where its last connection ended."""
        return self._fates.setdefault(name, self._new_fates(name))


class _Wire:
    """One connection, both ways."""

    def __init__(
        self,
        line: BadLine,
        upper: asyncio.StreamWriter,
        lower: asyncio.StreamWriter,
        on_arrival: Callable[[str], None],
    ) -> None:
        self._line = line
        self._writers = {True: upper, False: lower}
        self._on_arrival = on_arrival
        self._loop = asyncio.get_running_loop()
        self.is_dead = False

    def cut(self) -> None:
        """Reset both sides."""
        self.is_dead = True
        for writer in self._writers.values():
            writer.transport.abort()

    async def pump(
        self, reader: asyncio.StreamReader, cutter: mqtt.PacketCutter, *, up: bool
    ) -> None:
        """Carry packets one way until that end is closed; then the other is told."""
        while data := await reader.read(_READ_MAX_BYTES):
            self.take(cutter.feed(data), up=up)
        raise ConnectionResetError("closed by its end")

    def take(self, packets: list[bytes], *, up: bool) -> None:
        """Let the line decide about `packets` that go one way."""
        for packet in packets:
            for item in self._line.take(packet, up=up):
                if isinstance(item, LookAgain):
                    self._loop.call_later(item.after_ms / 1000, self._look_again, up)
                else:
                    self._move(item, up)

    def _look_again(self, up: bool) -> None:
        for move in self._line.release(up=up):
            self._move(move, up)

    def _move(self, move: Move, up: bool) -> None:
        if move.after_ms:
            later = move._replace(after_ms=0)
            self._loop.call_later(move.after_ms / 1000, self._move, later, up)
            return
        way_up = up != move.is_back
        if self.is_dead or self._writers[way_up].is_closing():
            return
        self._writers[way_up].write(move.packet)
        if way_up and mqtt.kind(move.packet) == mqtt.PUBLISH:
            self._on_arrival(mqtt.topic(move.packet))
