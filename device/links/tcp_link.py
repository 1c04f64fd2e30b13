"""A TCP connection as a stream of bytes."""

import asyncio
from contextlib import suppress

from device.errors import LinkLost

CONNECT_TIMEOUT_S = 5.0

_READ_MAX_BYTES = 4096
PATIENCE_S = 10.0  # for each piece; a peer that takes none for so long is gone
_PIECE_BYTES = 16_384


class TcpLink:
    """A connection to one host and port, which is given `patience_s` to take what is sent."""

    def __init__(self, host: str, port: int, *, patience_s: float = PATIENCE_S) -> None:
        """Name the peer; `open` connects."""
        self._host = host
        self._port = port
        self._patience_s = patience_s
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            LinkLost: nobody answers there.
        """
        assert self._writer is None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:  # TimeoutError is one
            why = error.strerror or f"no answer within {CONNECT_TIMEOUT_S:g} s"
            raise LinkLost(f"cannot connect to {self._name}: {why}") from error
        except UnicodeError as error:
            raise LinkLost(f"cannot connect to {self._name}: no host is called so") from error

    async def read(self) -> bytes:
        """Return what has arrived, waiting for at least one byte.

        Raises:
            LinkLost: the connection ended.
        """
        assert self._reader is not None
        try:
            data = await self._reader.read(_READ_MAX_BYTES)
        except OSError as error:
            raise LinkLost(f"{self._name} went away: {error}") from error
        if not data:
            raise LinkLost(f"{self._name} hung up")
        return data

    async def write(self, data: bytes) -> None:
        """Hand all of `data` over, waiting while the peer is slow.

        Raises:
            LinkLost: the connection ended, or the peer has stopped taking bytes.
        """
        assert self._writer is not None
        try:
            for at in range(0, len(data), _PIECE_BYTES):
                self._writer.write(data[at : at + _PIECE_BYTES])
                async with asyncio.timeout(self._patience_s):
                    await self._writer.drain()
        except OSError as error:
            why = str(error) or f"nothing was taken for {self._patience_s:g} s"
            raise LinkLost(f"cannot write to {self._name}: {why}") from error

    async def close(self) -> None:
        """Hang up, with what is left to send if the peer takes it; closing twice does nothing."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        writer.close()
        try:
            with suppress(OSError):
                async with asyncio.timeout(self._patience_s):
                    await writer.wait_closed()
        finally:
            writer.transport.abort()  # else a peer that takes nothing keeps the socket open

    @property
    def _name(self) -> str:
        return f"{self._host}:{self._port}"
