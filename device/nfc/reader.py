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
    "DriverMissing",
    "LinkBusy",
    "LinkLost",
    "Reader",
    "ReaderSilent",
]


class ReaderSilent(DeviceError):
    """The link is there but the reader does not answer sensibly; open it again or reset it."""


class DriverMissing(DeviceError):
    """What drives the configured reader is not installed; the message says what to install."""


class CardGone(DeviceError):
    """The card left the field, or lost its session; select it again."""


class CardRefused(DeviceError):
    """The card is there and said no: it does not know this, or its access rights forbid it."""


class AuthenticationFailed(CardRefused):
    """The key does not open this part of the card, which must perhaps be selected again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen:
    """A card that the reader has selected; `atqa` has its high byte first.

    `ats` is the answer to select of a card that speaks ISO/IEC 14443-4, empty for the others.
    """

    uid: bytes
    atqa: bytes
    sak: int
    ats: bytes = b""


class Reader(Protocol):
    """Somewhere a member can tap a card; what is said to the card is for `device.nfc.cards`.

    Every method but `close` may raise LinkLost or ReaderSilent; what touches a selected card may
    also raise CardGone and CardRefused. Cancelling any of them leaves the reader usable.
    """

    async def open(self) -> None:
        """Prepare the reader, whatever state it was left in; also the way back after a failure.

        Raises:
            LinkBusy: another program has it.
        """
        ...

    async def close(self) -> None:
        """Let go of the reader; closing twice does nothing."""
        ...

    async def wait_for_card(self, timeout_s: float) -> CardSeen | None:
        """Return the card that is in the field within `timeout_s`, selected, or None.

        With 0 the reader looks once, and None says that it is sure there is none.

        Raises:
            LinkBusy, CardRefused: there is one, and another program has it or it cannot be read.
        """
        ...

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        ...

    async def exchange(self, data: bytes) -> bytes:
        """Return the card's answer to a MIFARE command, or to an APDU if it speaks 14443-4.

        The reader adds what the air needs: Crypto1, blocks of ISO/IEC 14443-4, both halves of a
        MIFARE write. MIFARE commands are written as the PN532 takes them (`device.nfc.classic`).
        """
        ...

    async def exchange_raw(self, frame: bytes, *, once: bool = False) -> bytes:
        """Return the card's answer to a frame of ISO/IEC 14443-3 that goes out as it is, with CRC.

        A card that answers with four bits, as a refusal or an acknowledgement, raises CardRefused.
        On a bad line a frame may reach the card twice, unless it is to go out only `once`.
        """
        ...

    async def release(self) -> None:
        """Halt the card and forget it; the next search finds another one, if there is one."""
        ...
