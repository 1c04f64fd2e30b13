"""What happens in the insert-to-eject cycle: answers to its requests, and news of the terminal.

The terminal brings SlotOpened, FaceCommitted (its ledger work is journalled; here is what the card
should show), ReturnChosen, Cancelled, FaceSeen, StaffCleared, and at boot Booted with what the
journal left open (its `attempt`: how often that face was started). The others answer requests:
`cycle_requests.py`.
"""

from dataclasses import dataclass

from device.display.printers.printer import Outcome, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A face to put on one card: `payload` is what its code must read, `face` its digest.

    `shown` is the digest of what the card shows now, if that is known. `rewrites` is how often the
    card was erased before, `erases` how often this face erases it. A printer that does not tell how
    a rewrite ended leaves it to a look at the card: `is_told` is False.
    """

    uid: str
    face: str
    payload: str
    shown: str = ""
    rewrites: int
    erases: int = 1
    attempt: int = 1
    is_told: bool = True


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
class CooledDown:
    """The heads had time to cool."""


@dataclass(frozen=True, slots=True)
class FaceSeen:
    """Somebody looked at the card: `is_good` if it shows the new face."""

    is_good: bool


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
    | CooledDown
    | FaceSeen
    | Ejected
    | EjectFailed
    | CardRemoved
    | NotRemoved
    | Retracted
    | StaffCleared
    | Booted
)
