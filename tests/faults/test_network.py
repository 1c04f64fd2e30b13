"""The network carries packets between both ends, breaks off when told to, and falls dead."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from simulators import mqtt_packets as mqtt
from simulators.faults import DROPPED, PASSED
from simulators.free_port import free_port
from simulators.network import Network
from tests.faults.test_mqtt_packets import CONNECT, PINGREQ, PUBACK, PUBLISH

WITHIN_S = 60.0


class Ends:
    """A client and a broker who talk through a network, and what the network told."""

    def __init__(self, network: Network, happened: Counter[str]) -> None:
        self.network = network
        self.happened = happened
        self.arrived: list[tuple[str, str]] = []
        self.client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
        self.broker: tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def read(end: tuple[asyncio.StreamReader, asyncio.StreamWriter], count: int) -> bytes:
    async with asyncio.timeout(WITHIN_S):
        return await end[0].readexactly(count)


async def is_broken_off(end: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await end[0].read(1) == b""
    except ConnectionResetError:
        return True


@asynccontextmanager
async def ends(fate: str = PASSED) -> AsyncIterator[Ends]:
    """Both ends of a connection of client `kiosk-1`, whose messages all meet `fate`."""
    happened: Counter[str] = Counter()
    accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    port = free_port()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accepted.put((reader, writer))

    told: list[tuple[str, str]] = []
    async with (
        await asyncio.start_server(accept, "127.0.0.1", port),
        Network(
            lambda line: repeat((fate, 1)),
            port,
            happened,
            lambda client, topic: told.append((client, topic)),
        ) as network,
    ):
        both = Ends(network, happened)
        both.arrived = told
        both.client = await asyncio.open_connection("127.0.0.1", network.port)
        both.client[1].write(CONNECT)
        both.broker = await accepted.get()
        assert await read(both.broker, len(CONNECT)) == CONNECT
        try:
            yield both
        finally:
            both.client[1].transport.abort()
            both.broker[1].transport.abort()


async def test_packets_pass_both_ways():
    async with ends() as both:
        both.client[1].write(PUBLISH + PINGREQ)
        both.broker[1].write(PUBACK)

        assert await read(both.broker, len(PUBLISH + PINGREQ)) == PUBLISH + PINGREQ
        assert await read(both.client, len(PUBACK)) == PUBACK


async def test_a_packet_in_pieces_arrives_whole():
    async with ends() as both:
        for byte in PUBLISH:
            both.client[1].write(bytes((byte,)))
            await both.client[1].drain()

        assert await read(both.broker, len(PUBLISH)) == PUBLISH


async def test_what_reaches_the_broker_is_told():
    async with ends() as both:
        both.client[1].write(PUBLISH)

        await read(both.broker, len(PUBLISH))
        assert both.arrived == [("kiosk-1", "a/b")]


async def test_a_dropped_message_is_answered_by_the_network():
    async with ends(DROPPED) as both:
        both.client[1].write(PUBLISH + PINGREQ)

        assert await read(both.client, len(PUBACK)) == PUBACK
        assert await read(both.broker, len(PINGREQ)) == PINGREQ
        assert both.happened == {DROPPED: 1}


async def test_a_connection_that_is_cut_is_broken_off_at_both_ends():
    async with ends() as both:
        assert both.network.cut("kiosk-1")

        assert await is_broken_off(both.client)
        assert await is_broken_off(both.broker)
        assert both.happened == {"connections_cut": 1}


async def test_one_end_that_leaves_takes_the_other_with_it():
    async with ends() as both:
        both.broker[1].transport.abort()

        assert await is_broken_off(both.client)


async def test_on_a_half_open_connection_nothing_arrives_and_nobody_is_told():
    async with ends() as both:
        assert both.network.leave_half_open("kiosk-1")
        both.client[1].write(PUBLISH)
        both.broker[1].write(PUBLISH)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.wait(
                    [asyncio.ensure_future(it[0].read(1)) for it in (both.client, both.broker)],
                    return_when=asyncio.FIRST_COMPLETED,
                )


async def test_a_client_that_is_not_there_cannot_be_cut():
    async with ends() as both:
        assert not both.network.cut("kiosk-2")
        assert not both.network.leave_half_open("kiosk-2")


async def test_what_is_not_mqtt_is_broken_off():
    async with ends() as both:
        both.client[1].write(b"\x30" + b"\xff" * 4)

        assert await is_broken_off(both.client)


def test_a_packet_is_at_most_as_long_as_the_cutter_allows():
    assert mqtt.PACKET_MAX_BYTES > 64 * 1024
