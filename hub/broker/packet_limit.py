"""A connection's stream, of which no packet longer than any message is read.

amqtt 0.12.1 reads whatever length a packet announces, up to 256 MiB, before it looks at it.
"""

import asyncio

from loyalty.topics import PACKET_MAX_BYTES


class ShortPackets:
    """What amqtt needs of an `asyncio.StreamReader`: `reader`, whose other half is `writer`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        return await self._reader.read(size)

    async def readexactly(self, size: int) -> bytes:
        """Return `size` bytes.

        Raises:
            ConnectionResetError: no packet of ours is that long; the connection has ended.
        """
        if size > PACKET_MAX_BYTES:
            # amqtt would go on behind the length, and take what follows for packets.
            self._writer.transport.abort()
            raise ConnectionResetError(f"{size} bytes of a packet, at most {PACKET_MAX_BYTES}")
        return await self._reader.readexactly(size)

    def feed_eof(self) -> None:
        """Have whoever waits see the end."""
        self._reader.feed_eof()
