"""What the insert-to-eject cycle asks of its shell.

The shell performs each request in order and brings the event it promises:

    request              brings                     by way of
    TakeCard             CardTaken | CardNotTaken   printer.take_card
    CancelTake           (TakeCard ends early)      printer.cancel
    ReadUid              UidRead | UidNotRead       the readers at the hold position
    LoadFace             FaceLoaded | LoadFailed    draw, pack, read_code, printer.load
    JournalFaceStarted   FaceStartedJournalled      the journal, after fsync | JournalRefused
    Rewrite              RewriteEnded               printer.rewrite
    Probe                Probed                     printer.status and, if held, the readers
    CoolDown             CooledDown                 the clock
    AskWhetherGood       FaceSeen                   whoever holds the card
    Eject                Ejected | EjectFailed      printer.eject
    AwaitRemoval         CardRemoved | NotRemoved   printer.status, polled
    Retract              Retracted | EjectFailed    printer.retract
    JournalFaceOutcome   nothing                    the journal
    ShowX                nothing                    the screen
"""

from dataclasses import dataclass
from typing import Literal

from device.display.cycle_events import Job
from device.display.printers.printer import FaultCode

FaceOutcome = Literal["printed", "stale"]


@dataclass(frozen=True, slots=True)
class TakeCard:
    """Open the slot for `timeout_s` and hold the card that comes."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class CancelTake:
    """Close the slot again."""


@dataclass(frozen=True, slots=True)
class ReadUid:
    """Read which card is at the hold position."""


@dataclass(frozen=True, slots=True)
class LoadFace:
    """Draw this face, pack it, read it back, and put it into the printer's memory."""

    job: Job


@dataclass(frozen=True, slots=True)
class JournalFaceStarted:
    """Make durable that this card is about to be erased for the `rewrite_no`-th time."""

    job: Job
    rewrite_no: int


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Erase the held card, print what is loaded, hold it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Find out where the card is, and which."""


@dataclass(frozen=True, slots=True)
class CoolDown:
    """Give the heads `duration_s` to cool."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class AskWhetherGood:
    """Have somebody look whether the card shows the new face."""


@dataclass(frozen=True, slots=True)
class JournalFaceOutcome:
    """State how the face of `uid` ended; a stale one is owed."""

    uid: str
    face: str
    outcome: FaceOutcome


@dataclass(frozen=True, slots=True)
class Eject:
    """Push the card out."""


@dataclass(frozen=True, slots=True)
class AwaitRemoval:
    """Watch the gate until the card is taken, for `timeout_s`."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Retract:
    """Take the forgotten card back in."""


@dataclass(frozen=True, slots=True)
class ShowInsertCard:
    """Ask for the card."""


@dataclass(frozen=True, slots=True)
class ShowTakeCard:
    """Ask the member to take the card."""


@dataclass(frozen=True, slots=True)
class ShowFaceOwed:
    """Say that points are safe, the face is not up to date, and the next visit prints it."""


@dataclass(frozen=True, slots=True)
class ShowCardWorn:
    """Say that the card's face is wearing out."""

    rewrites: int


@dataclass(frozen=True, slots=True)
class ShowOfferNewCard:
    """Offer a new card for the worn one."""

    rewrites: int


@dataclass(frozen=True, slots=True)
class ShowCallStaff:
    """Say that staff is needed at the printer, and for what."""

    code: FaultCode


Request = (
    TakeCard
    | CancelTake
    | ReadUid
    | LoadFace
    | JournalFaceStarted
    | Rewrite
    | Probe
    | CoolDown
    | AskWhetherGood
    | JournalFaceOutcome
    | Eject
    | AwaitRemoval
    | Retract
    | ShowInsertCard
    | ShowTakeCard
    | ShowFaceOwed
    | ShowCardWorn
    | ShowOfferNewCard
    | ShowCallStaff
)
