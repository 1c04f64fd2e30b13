"""What the insert-to-eject cycle speaks of: events that happened, and requests to its shell.

The shell performs each request in order and brings the event it promises:

    request              brings                     by way of
    TakeCard             CardTaken | CardNotTaken   printer.take_card
    CancelTake           (TakeCard ends early)      printer.cancel
    ReadUid              UidRead | UidNotRead       the reader at the hold position
    LoadFace             FaceLoaded | LoadFailed    draw, pack, read_code, printer.load
    JournalFaceStarted   FaceStartedJournalled      the journal, after fsync | JournalRefused
    Rewrite              RewriteEnded               printer.rewrite
    Probe                Probed                     printer.status and, if held, the reader
    Eject                Ejected | EjectFailed      printer.eject
    AwaitRemoval         CardRemoved | NotRemoved   printer.status, polled
    Retract              Retracted | EjectFailed    printer.retract
    JournalFaceOutcome   nothing                    the journal
    ShowX                nothing                    the screen

The terminal brings SlotOpened, FaceCommitted (its ledger work is journalled; here is what the card
should show), ReturnChosen, Cancelled, StaffCleared, and at boot Booted with what the journal left
open (its `attempt`: how often that face was started). The cycle ends in `Done` or `Stale` (the face
is owed: the next touch prints it); both take SlotOpened again. Jammed and Abandoned wait for
StaffCleared.
"""

from dataclasses import dataclass
from typing import Literal

from device.display.printers.printer import Outcome, Status

FaceOutcome = Literal["printed", "stale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A face to put on one card: `payload` is what its code must read, `face` its digest.

    `shown` is the digest of what the card shows now, if that is known. `rewrites` is how often the
    card was erased before.
    """

    uid: str
    face: str
    payload: str
    shown: str = ""
    rewrites: int
    attempt: int = 1


# Events.


@dataclass(frozen=True, slots=True)
class SlotOpened:
    """A member is expected within `timeout_s`."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The member, or the terminal, changed their mind."""


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The printer holds a card."""


@dataclass(frozen=True, slots=True)
class CardNotTaken:
    """No card came, or the wait was cancelled."""


@dataclass(frozen=True, slots=True)
class UidRead:
    """The reader at the hold position saw this card."""

    uid: str


@dataclass(frozen=True, slots=True)
class UidNotRead:
    """The reader saw no card, or could not read it."""


@dataclass(frozen=True, slots=True)
class FaceCommitted:
    """What the card must show is settled and journalled."""

    job: Job


@dataclass(frozen=True, slots=True)
class ReturnChosen:
    """The terminal is through with this card and its face stays as it is."""


@dataclass(frozen=True, slots=True)
class FaceLoaded:
    """A raster is in the printer; `face` is its face, `read_back` what our decoder read in it."""

    face: str
    read_back: str | None


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """The face could not be drawn or the printer did not take it; the card is as it was."""


@dataclass(frozen=True, slots=True)
class FaceStartedJournalled:
    """The record that this face was begun is on disk."""


@dataclass(frozen=True, slots=True)
class JournalRefused:
    """The journal takes no more records; nothing was erased."""


@dataclass(frozen=True, slots=True)
class RewriteEnded:
    """The printer said how it went, or did not."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Probed:
    """Where the card is; `uid` is None if none is held or it could not be read."""

    status: Status
    uid: str | None


@dataclass(frozen=True, slots=True)
class Ejected:
    """The card waits at the gate."""


@dataclass(frozen=True, slots=True)
class EjectFailed:
    """The card did not move."""


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The member took the card."""


@dataclass(frozen=True, slots=True)
class NotRemoved:
    """Nobody took the card in time."""


@dataclass(frozen=True, slots=True)
class Retracted:
    """The forgotten card is safe inside."""


@dataclass(frozen=True, slots=True)
class StaffCleared:
    """Staff freed the printer and it is empty."""


@dataclass(frozen=True, slots=True)
class Booted:
    """The terminal starts; `open_job` is a face that was begun and has no outcome."""

    open_job: Job | None


Event = (
    SlotOpened
    | Cancelled
    | CardTaken
    | CardNotTaken
    | UidRead
    | UidNotRead
    | FaceCommitted
    | ReturnChosen
    | FaceLoaded
    | LoadFailed
    | FaceStartedJournalled
    | JournalRefused
    | RewriteEnded
    | Probed
    | Ejected
    | EjectFailed
    | CardRemoved
    | NotRemoved
    | Retracted
    | StaffCleared
    | Booted
)


# Requests.


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

    reason: Literal["stuck", "left-behind"]


Request = (
    TakeCard
    | CancelTake
    | ReadUid
    | LoadFace
    | JournalFaceStarted
    | Rewrite
    | Probe
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
