"""One connection to the broker: all that is said is heard, and its end is told once."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from device.mqtt.connection import Connection
from device.mqtt.events import Connected, Disconnected, Event, Received
from device.mqtt.identity import Broker, Identity
from hub.pairing.private_ca import new_root, new_server
from loyalty.chain import ENVELOPE_MAX_BYTES
from loyalty.clock import SystemClock
from loyalty.tls import TlsContext, client_context, server_context
from loyalty.topics import PACKET_MAX_BYTES
from simulators.free_port import free_port

IDENTITY = Identity(store="s1", device="h1", secrets={"k1": b"s" * 32})
LIMIT_S = 60.0


async def first_event(port: int, patience_s: float = LIMIT_S) -> tuple[Event, int]:
    """Return what a connection to `port` tells first, and how much more it tells until closed."""
    told: asyncio.Queue[Event] = asyncio.Queue()
    broker = Broker(host="127.0.0.1", port=port, password="")
    connection = Connection(broker, IDENTITY, told.put_nowait, welcome_timeout_s=patience_s)
    connection.open()
    async with asyncio.timeout(LIMIT_S):
        event = await told.get()
        await connection.close()
    await asyncio.sleep(0)
    return event, told.qsize()


def test_a_broker_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        event, more = asyncio.run(first_event(mute.getsockname()[1], patience_s=0.2))

    assert event == Disconnected("the broker does not answer")
    assert more == 0


def test_nobody_listening_is_told_once() -> None:
    event, more = asyncio.run(first_event(free_port()))

    assert event == Disconnected("cannot connect")
    assert more == 0


async def talk_nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    writer.close()


def test_something_that_is_no_broker_is_told_once() -> None:
    async def scenario() -> tuple[Event, int]:
        async with await asyncio.start_server(talk_nonsense, "127.0.0.1", 0) as server:
            return await first_event(server.sockets[0].getsockname()[1])

    event, more = asyncio.run(scenario())

    assert isinstance(event, Disconnected)
    assert not event.was_refused
    assert more == 0


KEEPALIVE_S = 600  # nothing goes only because it is time to look
WELCOME = b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x01"  # CONNACK, SUBACK
ENVELOPES = [b"one", b"two", b"three"]
LARGE = bytes(1_000_000)
LARGE_MESSAGES = 10  # together more than the kernel keeps between two sockets
LARGE_BYTES = LARGE_MESSAGES * len(LARGE)


class Dawdler:
    """A broker that says everything at once, and listens only once it `is_awake`."""

    def __init__(self, says: bytes, tls: TlsContext | None = None) -> None:
        self.is_awake = asyncio.Event()
        self.heard_bytes = 0
        self._says = says
        self._tls = tls
        self._heard_more = asyncio.Event()
        self._is_left = asyncio.Event()

    @asynccontextmanager
    async def met(self, trust: TlsContext | None = None) -> AsyncIterator[asyncio.Queue[Event]]:
        """Connect to it as a device does; yield what that tells, and leave."""
        told: asyncio.Queue[Event] = asyncio.Queue()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        async with asyncio.timeout(LIMIT_S), await serving as server:
            port = server.sockets[0].getsockname()[1]
            broker = Broker(
                host="127.0.0.1", port=port, password="", keepalive_s=KEEPALIVE_S, tls=trust
            )
            self.device = Connection(broker, IDENTITY, told.put_nowait)
            self.device.open()
            yield told
            await self.device.close()
            self.is_awake.set()
            await self._is_left.wait()

    async def hears(self, size_bytes: int) -> None:
        while self.heard_bytes < size_bytes:
            self._heard_more.clear()
            await self._heard_more.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._says)
        await self.is_awake.wait()
        with suppress(ConnectionError):
            while data := await reader.read(1_000_000):
                self.heard_bytes += len(data)
                self._heard_more.set()
            writer.close()
            await writer.wait_closed()
        self._is_left.set()


def message(envelope: bytes, *, first_byte: int = 0x30, mid: bytes = b"") -> bytes:
    """Return `envelope` as a PUBLISH that nobody acknowledges; source: MQTT 3.1.1 section 3.3."""
    body = b"\x00\x01t" + mid + envelope
    return bytes([first_byte]) + announced(len(body)) + body


def announced(length: int) -> bytes:
    """Return the length of a packet as it is announced; source: MQTT 3.1.1 section 2.2.3."""
    digits = bytearray()
    while length > 0x7F:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((*digits, length))


async def heard_of(says: bytes, events: int) -> list[Event]:
    """Return the first `events` of a device whose broker says this."""
    async with Dawdler(says).met() as told:
        return [await told.get() for _ in range(events)]


def test_what_one_record_of_tls_brings_is_all_heard(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    root = new_root(now_ms)
    server = new_server(root, ("127.0.0.1",), now_ms)
    for name, content in (
        ("ca.crt", root.certificate),
        ("server.crt", server.certificate),
        ("server.key", server.key),
    ):
        (tmp_path / name).write_bytes(content)
    tls = server_context(tmp_path / "server.crt", tmp_path / "server.key")
    says = WELCOME + b"".join(message(it) for it in ENVELOPES)

    async def scenario() -> list[Event]:
        async with Dawdler(says, tls).met(client_context(tmp_path / "ca.crt")) as told:
            return [await told.get() for _ in range(1 + len(ENVELOPES))]

    heard = asyncio.run(scenario())

    assert heard == [Connected(), *[Received(it) for it in ENVELOPES]]


def test_what_the_socket_has_no_room_for_goes_when_it_has() -> None:
    async def scenario() -> int:
        dawdler = Dawdler(WELCOME)
        async with dawdler.met() as told:
            await told.get()
            for _ in range(LARGE_MESSAGES):
                dawdler.device.publish("t", LARGE)
            dawdler.is_awake.set()
            await dawdler.hears(LARGE_BYTES)
        return dawdler.heard_bytes

    assert asyncio.run(scenario()) > LARGE_BYTES


def test_a_broker_that_listens_no_more_is_left_all_the_same() -> None:
    async def scenario() -> int:
        dawdler = Dawdler(WELCOME)
        async with dawdler.met() as told:
            await told.get()
            for _ in range(LARGE_MESSAGES):
                dawdler.device.publish("t", LARGE)
        return dawdler.heard_bytes

    assert asyncio.run(scenario()) < LARGE_BYTES


def test_the_longest_envelope_is_heard_whole() -> None:
    longest = bytes(ENVELOPE_MAX_BYTES)

    heard = asyncio.run(heard_of(WELCOME + message(longest), 2))

    assert heard == [Connected(), Received(longest)]


@pytest.mark.parametrize("length", [PACKET_MAX_BYTES + 1, 0x0FFFFFFF])
def test_a_broker_that_announces_more_than_any_envelope_is_left_unheard(length: int) -> None:
    heard = asyncio.run(heard_of(WELCOME + b"\x30" + announced(length), 2))

    assert heard == [
        Connected(),
        Disconnected(f"the broker sends {length} bytes at once, at most {PACKET_MAX_BYTES} wanted"),
    ]


def test_a_broker_that_would_have_messages_kept_until_it_says_more_is_left() -> None:
    exactly_once = message(b"one", first_byte=0x34, mid=b"\x00\x07")

    heard = asyncio.run(heard_of(WELCOME + exactly_once, 2))

    assert heard == [
        Connected(),
        Disconnected("the broker sends with QoS 2, at most 1 was asked for"),
    ]
