"""What the kiosk needs from a printer of rewritable cards, whoever made it.

Fault codes follow the extended errors of UnifiedPOS `PointCardRW`; HEAD_TEMP, LEFT_BEHIND, BAD_DATA
and COMMS are ours.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from device.display.cards.profile import Profile
from device.display.cards.raster import Raster
from device.errors import DeviceError


class Outcome(Enum):
    """How a rewrite ended, as far as the printer says."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"  # it may have erased, printed, both or neither


class FaultCode(Enum):
    """What is wrong."""

    NO_CARD = "no-card"
    JAM = "jam"
    COVER = "cover"
    MOTOR = "motor"
    HEAD_TEMP = "head-temperature"
    PRINTER = "printer"
    READ = "read"
    WRITE = "write"
    RELEASE = "release"
    LEFT_BEHIND = "left-behind"  # nothing is wrong with it, but with a card in it nobody is served
    BAD_DATA = "bad-data"
    COMMS = "communication"


class Rank(Enum):
    """Who can put it right."""

    SERVICE = "A"
    OPERATOR = "B"
    MINOR = "C"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault the printer reported, or that we met in talking to it."""

    code: FaultCode
    rank: Rank
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where the card is and what is wrong, just now."""

    card_held: bool
    card_at_gate: bool
    cover_open: bool
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a printer is made for, and what it can say.

    Faces are drawn for `profile`. `erases` is how often it heats the film for one rewrite, and so
    what a rewrite costs the card. A printer that does not tell how a rewrite ended says UNKNOWN
    every time; only a look at the card can tell.
    """

    profile: Profile
    erases: int = 1
    reads_uids: bool = False
    tells_outcome: bool = True


class PrinterTrouble(DeviceError):
    """The printer did not do as asked; `fault` says why. Ask it for its status."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"printer: {fault.code.value} (rank {fault.rank.value}): {fault.detail}")
        self.fault = fault


class CardPrinter(Protocol):
    """A printer that takes a card in, holds it, rewrites its face and gives it back.

    Every method but `status` and `rewrite` raises `PrinterTrouble`; all raise `LinkLost`, except
    `rewrite`, which says UNKNOWN.
    """

    @property
    def traits(self) -> Traits:
        """What does not change while the program runs."""
        ...

    async def status(self) -> Status:
        """Return what the printer's sensors say; a printer that is silent has a COMMS fault."""
        ...

    async def take_card(self, timeout_s: float) -> bool:
        """Wait for a card and hold it; False if none came or `cancel` was called."""
        ...

    async def cancel(self) -> None:
        """End a `take_card` that is under way in another task."""
        ...

    async def read_uid(self) -> bytes:
        """Return the UID of the held card as the printer's own reader has it; `reads_uids`."""
        ...

    async def load(self, raster: Raster) -> None:
        """Put the whole picture into the printer's memory; the card is not touched."""
        ...

    async def rewrite(self) -> Outcome:
        """Erase the held card, print what is loaded, and go on holding it."""
        ...

    async def eject(self) -> None:
        """Push the card out to the gate, for the customer to take."""
        ...

    async def retract(self) -> None:
        """Take a card that nobody took back in."""
        ...

    async def wants_cleaning(self) -> bool:
        """Return whether it is due for a cleaning card, as far as it counts."""
        ...

    async def reset(self) -> None:
        """Start the mechanism afresh; memory is cleared and a card inside comes out."""
        ...
