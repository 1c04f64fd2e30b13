"""One connection to the broker: its end is told once, whatever the other side does."""

import asyncio
import socket

from device.mqtt.connection import Connection
from device.mqtt.events import Disconnected, Event
from device.mqtt.identity import Broker, Identity

IDENTITY = Identity(store="s1", device="h1", secrets={"k1": b"s" * 32})
LIMIT_S = 20.0


async def first_event(port: int) -> tuple[Event, int]:
    """Return what a connection to `port` tells first, and how much more it tells until closed."""
    told: asyncio.Queue[Event] = asyncio.Queue()
    broker = Broker(host="127.0.0.1", port=port, password="")
    connection = Connection(broker, IDENTITY, told.put_nowait, welcome_timeout_s=0.2)
    connection.open()
    async with asyncio.timeout(LIMIT_S):
        event = await told.get()
        await connection.close()
    await asyncio.sleep(0)
    return event, told.qsize()


def test_a_broker_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        event, more = asyncio.run(first_event(mute.getsockname()[1]))

    assert event == Disconnected("the broker does not answer")
    assert more == 0


def test_nobody_listening_is_told_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    event, more = asyncio.run(first_event(port))

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
