"""Where one card is on its way from the open slot back into a hand."""

from dataclasses import dataclass
from typing import Literal

from device.display.cycle_events import Job
from device.display.printers.printer import Outcome


@dataclass(frozen=True, slots=True)
class Idle:
    """The slot is closed and empty."""


@dataclass(frozen=True, slots=True)
class Armed:
    """The slot is open."""


@dataclass(frozen=True, slots=True)
class Held:
    """A card is held and being read."""

    reads: int


@dataclass(frozen=True, slots=True)
class Identified:
    """The held card is known; the terminal does its business with the member."""

    uid: str


@dataclass(frozen=True, slots=True)
class Loading:
    """The face is being drawn, read back and sent."""

    job: Job


@dataclass(frozen=True, slots=True)
class Checking:
    """The face is in the printer; is it still the same card?"""

    job: Job
    reads: int


@dataclass(frozen=True, slots=True)
class Starting:
    """FaceStarted is on its way to the disk."""

    job: Job


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The printer erases and prints."""

    job: Job


@dataclass(frozen=True, slots=True)
class Probing:
    """The printer has spoken, or fallen silent; what is true? `job` is None for a found card."""

    job: Job | None
    said: Outcome


@dataclass(frozen=True, slots=True)
class Cooling:
    """The heads were too hot to begin; then it is tried again."""

    job: Job


@dataclass(frozen=True, slots=True)
class Looking:
    """The printer cannot tell; somebody looks whether the card shows the new face."""

    job: Job


@dataclass(frozen=True, slots=True)
class Done:
    """The card is back with its face as it should be, or as it was."""

    uid: str
    face: Literal["printed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Stale:
    """The card is away and its face is owed."""

    uid: str


Ending = Done | Stale


@dataclass(frozen=True, slots=True)
class Ejecting:
    """The card is on its way out."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class AwaitingRemoval:
    """The card is at the gate."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Retracting:
    """Nobody took the card; it is on its way in, or was taken at the last moment."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A forgotten card is inside until staff takes it."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class Jammed:
    """A card may be stuck; nothing moves until staff has cleared it."""

    ending: Ending


State = (
    Idle
    | Armed
    | Held
    | Identified
    | Loading
    | Checking
    | Starting
    | Rewriting
    | Probing
    | Cooling
    | Looking
    | Ejecting
    | AwaitingRemoval
    | Retracting
    | Abandoned
    | Jammed
    | Done
    | Stale
)
