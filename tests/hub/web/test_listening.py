"""A server that closes leaves no connection behind that it had just accepted."""

import asyncio
import socket

import pytest

from hub.web.listening import stop_listening

PATIENCE_S = 60  # only a client whom nobody serves waits for as long


class Visitors:
    """A server on a free port that closes each connection, and clients that knock all at once."""

    def __init__(self):
        self.served = 0
        self.troubles = []

    async def serve(self, reader, writer):
        self.served += 1
        writer.close()

    async def knock(self, count):
        """Connect `count` clients, and return in the turn in which they were accepted."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, trouble: self.troubles.append(trouble))
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        address = self.server.sockets[0].getsockname()
        clients = [socket.create_connection(address, timeout=PATIENCE_S) for _ in range(count)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return clients


async def close_on(visitors, count):
    """Have `count` clients accepted just as the server closes; return what each then receives."""
    clients = await visitors.knock(count)
    await stop_listening(visitors.server)
    received = [await asyncio.to_thread(client.recv, 1) for client in clients]
    for client in clients:
        client.close()
    return received


@pytest.mark.parametrize("count", [1, 7])
def test_whoever_was_accepted_just_before_the_close_is_served(count):
    visitors = Visitors()

    received = asyncio.run(close_on(visitors, count))

    assert received == [b""] * count
    assert visitors.served == count
    assert visitors.troubles == []


def test_nobody_is_accepted_after_it():
    async def knock_late():
        visitors = Visitors()
        (client,) = await visitors.knock(1)
        address = visitors.server.sockets[0].getsockname()
        await stop_listening(visitors.server)
        client.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)

    asyncio.run(knock_late())
