"""What a terminal needs of a card reader, and what can go wrong with one."""

from dataclasses import dataclass
from typing import Protocol

from device.errors import DeviceError, LinkBusy, LinkLost

__all__ = [
    "AuthenticationFailed",
    "CardGone",
    "CardRefused",
    "CardSeen",
    "DeviceError",
    "LinkBusy",
    "LinkLost",
    "Reader",
    "ReaderSilent",
]


class ReaderSilent(DeviceError):
    """The link is there but the reader does not answer sensibly; open it again or reset it."""


class CardGone(DeviceError):
    """The card left the field, or lost its session; select it again."""


class AuthenticationFailed(DeviceError):
    """The key does not open this sector; the card has halted and must be selected again."""


class CardRefused(DeviceError):
    """The card is there and said no: its access bits forbid this, or the block does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen:
    """A card that the reader has selected; `atqa` has its high byte first."""

    uid: bytes
    atqa: bytes
    sak: int


class Reader(Protocol):
    """Somewhere a member can tap a card.

    Every method may raise LinkLost or ReaderSilent; what touches a selected card may also raise
    CardGone. Cancelling any of them leaves the reader usable.
    """

    async def wait_for_card(self, timeout_s: float) -> CardSeen | None:
        """Return the card that is in the field within `timeout_s`, selected, or None."""
        ...

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        ...

    async def authenticate(self, block: int, key: bytes, *, key_b: bool = False) -> None:
        """Open the sector of `block`, or raise AuthenticationFailed."""
        ...

    async def read_block(self, block: int) -> bytes:
        """Return the 16 bytes of a block in the open sector."""
        ...

    async def write_block(self, block: int, data: bytes) -> None:
        """Replace the 16 bytes of a block in the open sector."""
        ...

    async def is_present(self) -> bool:
        """Return whether the selected card has stayed in the field."""
        ...

    async def release(self) -> None:
        """Let go of the card."""
        ...
