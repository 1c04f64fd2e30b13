"""A TCP connection as a link: what a peer that is there and takes nothing may not hold up."""

import asyncio
import socket

import pytest

from device.errors import LinkLost
from device.links.tcp_link import TcpLink

MORE_THAN_BUFFERS_BYTES = 32_000_000


@pytest.fixture
def deaf_port():
    """Yield a port that takes connections and reads nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def test_a_peer_that_takes_no_bytes_does_not_keep_its_link_open(deaf_port):
    link = TcpLink("127.0.0.1", deaf_port, patience_s=0.05)
    await link.open()
    with pytest.raises(LinkLost, match="nothing was taken"):
        await link.write(bytes(MORE_THAN_BUFFERS_BYTES))

    async with asyncio.timeout(60.0):
        await link.close()


async def test_a_name_that_no_host_can_have_is_a_lost_link():
    link = TcpLink("printer..lan", 20007)

    with pytest.raises(LinkLost, match="no host is called so"):
        await link.open()


async def test_what_was_written_arrives_though_the_link_is_closed_at_once():
    arrived = asyncio.get_running_loop().create_future()

    async def take_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set_result(await reader.read())
        writer.close()

    async with await asyncio.start_server(take_all, "127.0.0.1", 0) as server:
        link = TcpLink("127.0.0.1", server.sockets[0].getsockname()[1])
        await link.open()
        await link.write(b"\x1b2" * 30_000)
        await link.close()

        assert await arrived == b"\x1b2" * 30_000
