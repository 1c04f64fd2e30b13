"""What a printer's driver needs from the cable to it."""

from typing import Protocol


class Link(Protocol):
    """A stream of bytes to and from a printer; both methods raise `LinkLost`."""

    async def read(self) -> bytes:
        """Return what has arrived, waiting for at least one byte."""
        ...

    async def write(self, data: bytes) -> None:
        """Hand all of `data` over."""
        ...


class OpenableLink(Link, Protocol):
    """A link that is opened for one exchange and closed after it."""

    async def open(self) -> None:
        """Connect; raises `LinkLost`."""
        ...

    async def close(self) -> None:
        """Hang up; closing twice does nothing."""
        ...
