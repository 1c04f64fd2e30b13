"""The embedded broker between devices and a bridge that listens at the end of its road."""

import asyncio
import queue
import select
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hub.broker.device_broker import PATIENCE, Patience
from hub.broker.device_connection import UNREAD_MAX_BYTES
from hub.broker.door import Door
from hub.broker.embedded import EmbeddedBroker
from hub.broker.passwords import password_digest
from hub.ledger.queries import DeviceLogin
from hub.posting.envelopes import Arrival, Reply
from loyalty import topics
from simulators.free_port import free_port
from tests.hub.mqtt_wire import WAIT_S, Wire

SALT = bytes(16)
CONNECT = b"\x10\x1a\x00\x04MQTT\x04\xc2\x00\x1e\x00\x02h1\x00\x02h1\x00\x02pw"
CONNECT_FOR_1_S = CONNECT.replace(b"\x00\x1e", b"\x00\x01")
SUBSCRIBE = b"\x82\x16\x00\x01\x00\x11loy/v1/s1/h1/rx/#\x01"
PUBLISH = b"\x30\xa4\x4e\x00\x12loy/v1/s1/h1/state" + bytes(10_000)  # few fill a buffer
PINGREQ = b"\xc0\x00"
LOGINS = {name: DeviceLogin("s1", SALT, password_digest(SALT, "pw")) for name in ("h1", "h2")}


class End:
    """Where the road ends: keeps what it is brought."""

    def __init__(self) -> None:
        self.arrivals: queue.Queue[Arrival] = queue.Queue()

    def connected(self) -> None:
        pass

    def lost(self) -> None:
        pass

    def received(self, topic: str, payload: bytes, acknowledge: Callable[[], None]) -> None:
        self.arrivals.put(Arrival(topic, payload))
        acknowledge()

    def upto_last(self) -> list[Arrival]:
        """Return all that came until a message says that it is the last."""
        found = [self.arrivals.get(timeout=WAIT_S)]
        while found[-1].payload != b"last":
            found.append(self.arrivals.get(timeout=WAIT_S))
        return found


class Shop:
    """A broker that knows h1 and h2."""

    def __init__(self, patience: Patience) -> None:
        self.port = free_port()
        self.broker = EmbeddedBroker("127.0.0.1", self.port, Door(LOGINS.get), patience)
        self.end = End()

    async def wire(self, device: str = "h1", password: str = "pw", reads: bool = True) -> Wire:
        wire = await asyncio.to_thread(Wire, self.port, device, password)
        if reads and not wire.refused:
            await asyncio.to_thread(wire.subscribe, topics.rx_filter("s1", device))
        return wire

    async def arrivals(self, wire: Wire) -> list[Arrival]:
        """Return all that has come, the last of it from `wire`."""
        last = topics.up("s1", wire.user, "batch")
        await asyncio.to_thread(wire.publish, last, b"last")
        return await asyncio.to_thread(self.end.upto_last)


@asynccontextmanager
async def a_shop(patience: Patience = PATIENCE) -> AsyncIterator[Shop]:
    shop = Shop(patience)
    await shop.broker.start()
    shop.broker.open(shop.end)
    try:
        yield shop
    finally:
        shop.broker.close()
        await shop.broker.stop()


def reply_to(device: str, payload: bytes, store: str = "s1") -> Reply:
    return Reply(topics.rx(store, device, "receipt"), payload)


async def heard_by(wire: Wire) -> bytes:
    return (await asyncio.to_thread(wire.messages.get, timeout=WAIT_S)).payload


def send_and_then_read(link: socket.socket) -> bytes:
    """Send until the other side has said its last word, and once more; read only then."""
    link.settimeout(WAIT_S)
    watch = select.poll()
    watch.register(link, select.POLLOUT | select.POLLRDHUP)
    is_over = False
    while not is_over:
        is_over = bool(watch.poll(WAIT_S * 1000)[0][1] & select.POLLRDHUP)
        link.sendall(PUBLISH)
    heard = b""
    while got := link.recv(65_536):
        heard += got
    link.shutdown(socket.SHUT_WR)
    return heard


async def close(*wires: Wire) -> None:
    for wire in wires:
        await asyncio.to_thread(wire.close)


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_message_is_brought_once_as_it_was_said(qos):
    async with a_shop() as shop:
        wire = await shop.wire()
        wire.client.publish(topics.up("s1", "h1", "ask"), b"\x00what?", qos=qos)

        arrivals = await shop.arrivals(wire)
        await close(wire)

    assert arrivals[:-1] == [Arrival(topics.up("s1", "h1", "ask"), b"\x00what?")]


@pytest.mark.parametrize(
    "topic",
    [
        topics.up("s1", "h2", "batch"),
        topics.up("s2", "h1", "batch"),
        topics.up("s1", "h1", "batch") + "/more",
        topics.rx("s1", "h1", "receipt"),
        topics.rx("s1", "h2", "receipt"),
        topics.state("s1", "h1"),  # it may; and nobody may ask
        topics.state("s1", "h2"),
        "$SYS/broker",
    ],
)
async def test_what_is_not_for_the_bridge_from_this_device_goes_nowhere(topic):
    async with a_shop() as shop:
        wire, other = await shop.wire("h1"), await shop.wire("h2")
        await asyncio.to_thread(wire.publish, topic, b"forged")

        arrivals = await shop.arrivals(wire)
        shop.broker.send([reply_to("h2", b"mark")])
        heard = await heard_by(other)
        await close(wire, other)

    assert [it.payload for it in arrivals] == [b"last"]
    assert heard == b"mark"


@pytest.mark.parametrize(
    ("topic_filter", "is_granted"),
    [
        (topics.rx_filter("s1", "h1"), True),
        (topics.rx("s1", "h1", "answer"), True),
        (topics.rx_filter("s1", "h2"), False),
        ("loy/v1/s1/+/rx/#", False),
        (topics.state("s1", "h1"), False),
        (topics.ALL_UP, False),
        ("#", False),
    ],
)
async def test_a_device_subscribes_to_its_own_downlink_only(topic_filter, is_granted):
    async with a_shop() as shop:
        wire = await shop.wire(reads=False)
        found = await asyncio.to_thread(wire.subscribe, topic_filter)
        await close(wire)

    assert found == is_granted


async def test_a_reply_reaches_the_device_that_it_is_for_and_no_other():
    async with a_shop() as shop:
        one, other = await shop.wire("h1"), await shop.wire("h2")
        shop.broker.send([reply_to("h1", b"1"), reply_to("h2", b"2"), reply_to("h1", b"3")])

        heard = [await heard_by(it) for it in (one, one, other)]
        is_all = one.messages.empty() and other.messages.empty()
        await close(one, other)

    assert (heard, is_all) == ([b"1", b"3", b"2"], True)


async def test_a_reply_for_who_is_away_or_does_not_listen_is_forgotten():
    async with a_shop() as shop:
        wire = await shop.wire(reads=False)
        await asyncio.to_thread(wire.subscribe, topics.rx("s1", "h1", "answer"))
        away = reply_to("h2", b"away"), reply_to("h1", b"moved", store="s2")
        unwanted, wanted = (Reply(topics.rx("s1", "h1", it), it.encode()) for it in topics.RX)
        shop.broker.send([*away, unwanted, wanted])

        heard = await heard_by(wire)
        later = await shop.wire("h2")
        shop.broker.send([reply_to("h2", b"here")])
        heard_later = await heard_by(later)
        await close(wire, later)

    assert (heard, heard_later) == (b"answer", b"here")


async def test_who_has_unsubscribed_hears_nothing_more():
    async with a_shop() as shop:
        wire = await shop.wire()
        done = threading.Event()
        wire.client.on_unsubscribe = lambda *_: done.set()
        wire.client.unsubscribe(topics.rx_filter("s1", "h1"))
        assert await asyncio.to_thread(done.wait, WAIT_S)
        shop.broker.send([reply_to("h1", b"unwanted")])
        await asyncio.to_thread(wire.subscribe, topics.rx_filter("s1", "h1"))
        shop.broker.send([reply_to("h1", b"wanted")])

        heard = await heard_by(wire)
        await close(wire)

    assert heard == b"wanted"


async def test_a_device_that_comes_again_takes_the_place_of_its_older_connection():
    async with a_shop() as shop:
        older = await shop.wire()
        newer = await shop.wire()
        is_cut = await asyncio.to_thread(older.lost.wait, WAIT_S)
        shop.broker.send([reply_to("h1", b"to the newer")])

        heard = await heard_by(newer)
        await close(older, newer)

    assert (is_cut, heard) == (True, b"to the newer")


async def test_a_stranger_who_takes_a_devices_name_takes_nothing_from_it():
    async with a_shop() as shop:
        device = await shop.wire()
        stranger = await shop.wire(password="guess")
        shop.broker.send([reply_to("h1", b"still here")])

        heard = await heard_by(device)
        is_lost = device.lost.is_set()
        await close(device, stranger)

    assert (stranger.refused, heard, is_lost) == (True, b"still here", False)


async def test_whose_login_is_gone_is_cut_and_others_stay():
    async with a_shop() as shop:
        revoked, other = await shop.wire("h1"), await shop.wire("h2")
        await shop.broker.keep({"h2": LOGINS["h2"]})

        is_cut = await asyncio.to_thread(revoked.lost.wait, WAIT_S)
        shop.broker.send([reply_to("h1", b"nobody"), reply_to("h2", b"still here")])
        heard = await heard_by(other)
        await close(revoked, other)

    assert (is_cut, heard) == (True, b"still here")


async def test_a_device_that_reads_nothing_is_not_sent_without_end():
    async with a_shop() as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port, limit=1)
        writer.write(CONNECT + SUBSCRIBE)
        await reader.readexactly(4 + 5)
        sent = 64 * [reply_to("h1", bytes(UNREAD_MAX_BYTES // 8))]
        shop.broker.send(sent)
        wire = await shop.wire("h2")  # the loop has had its turns
        shop.broker.send([reply_to("h2", b"served")])
        heard = await heard_by(wire)
        shop.broker.close()
        stopping = asyncio.create_task(shop.broker.stop())
        received = 0
        while block := await reader.read(UNREAD_MAX_BYTES):
            received += len(block)
        writer.close()
        await stopping
        await close(wire)

    assert heard == b"served"
    assert 0 < received < len(sent) * UNREAD_MAX_BYTES // 8


async def test_what_was_sent_before_the_broker_stops_arrives():
    async with a_shop(Patience(hang_up_s=WAIT_S)) as shop:
        wire = await shop.wire()
        shop.broker.send([reply_to("h1", b"%d" % number) for number in range(100)])
        shop.broker.close()
        await shop.broker.stop()

        heard = [await heard_by(wire) for _ in range(100)]
        await close(wire)

    assert heard == [b"%d" % number for number in range(100)]


async def test_what_was_sent_arrives_at_a_device_that_goes_on_sending():
    async with a_shop(Patience(hang_up_s=WAIT_S)) as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
        writer.write(CONNECT + SUBSCRIBE)
        await reader.readexactly(4 + 5)
        with writer.get_extra_info("socket").dup() as link:
            writer.transport.pause_reading()
            shop.broker.send([reply_to("h1", b"%02d" % number) for number in range(100)])
            shop.broker.close()
            device = asyncio.create_task(asyncio.to_thread(send_and_then_read, link))
            await shop.broker.stop()
            heard = await device
        writer.transport.abort()

    assert [int(it[2:4]) for it in heard.split(b"receipt")[1:]] == list(range(100))


async def test_what_comes_when_the_road_is_closed_is_not_brought():
    async with a_shop() as shop:
        wire = await shop.wire()
        shop.broker.close()
        await asyncio.to_thread(wire.publish, topics.up("s1", "h1", "batch"), b"too late")
        shop.broker.open(shop.end)

        arrivals = await shop.arrivals(wire)
        await close(wire)

    assert [it.payload for it in arrivals] == [b"last"]


async def test_who_knocks_and_says_nothing_is_sent_away():
    async with a_shop(Patience(connect_s=0.1)) as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)

        async with asyncio.timeout(WAIT_S):
            heard = await reader.read()
        writer.close()

    assert heard == b""


async def test_a_device_that_is_silent_for_longer_than_it_said_is_cut():
    async with a_shop() as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
        writer.write(CONNECT_FOR_1_S)

        async with asyncio.timeout(WAIT_S):
            heard = await reader.read()
        writer.close()

    assert len(heard) == 4  # its CONNACK


@pytest.mark.parametrize("turns", range(8))
async def test_it_stops_though_a_packet_arrives_at_that_very_moment(turns):
    async with a_shop(Patience(hang_up_s=0.0)) as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
        writer.write(CONNECT)
        await reader.readexactly(4)

        writer.write(PINGREQ)
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(WAIT_S):
            await shop.broker.stop()

        writer.transport.abort()
