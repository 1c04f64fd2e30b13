"""A link to a device that may be unplugged: after it was lost, the next write opens it again."""

from typing import Protocol

from device.errors import LinkBusy, LinkLost


class OpenableLink(Protocol):
    """A stream of bytes that can be opened and closed."""

    async def open(self) -> None: ...
    async def read(self) -> bytes: ...
    async def write(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


class ReopenedLink:
    """Speaks over `link`; every failure is `LinkLost`, and none is for ever."""

    def __init__(self, link: OpenableLink) -> None:
        self._link = link
        self._is_open = False

    async def open(self) -> None:
        """Open the link now, so that a mistake in its name is found at the start.

        Raises:
            LinkLost: there is no such port.
            LinkBusy: another program has it.
        """
        await self._link.open()
        self._is_open = True

    async def read(self) -> bytes:
        """Return what has arrived, waiting for at least one byte."""
        if not self._is_open:
            raise LinkLost("the link was lost; the next write opens it again")
        try:
            return await self._link.read()
        except LinkLost:
            await self.close()
            raise

    async def write(self, data: bytes) -> None:
        """Hand all of `data` to the port, which is opened again if it was lost."""
        try:
            if not self._is_open:
                await self.open()
            await self._link.write(data)
        except LinkBusy as error:
            raise LinkLost(str(error)) from error
        except LinkLost:
            await self.close()
            raise

    async def close(self) -> None:
        """Give the port back; closing twice does nothing."""
        self._is_open = False
        await self._link.close()
