"""What happens to a terminal: the events that `step` takes, in the past tense.

`step(setting, state, event, now)` of `handheld.py` and `kiosk.py` turns them into the requests of
`requests.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from device.behaviour.card import Card, CardProblem, TouchOutcome
from device.behaviour.intent import Intent
from device.behaviour.offline_limits import Standing
from loyalty.receipts import Answer
from loyalty.records import SaleItem

FaceOutcome = Literal["printed", "unchanged", "stale", "unseen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSale:
    """A basket as the till rang it up."""

    store: str
    receipt: str
    till_ms: int
    currency: str
    items: tuple[SaleItem, ...]


@dataclass(frozen=True, slots=True)
class Booted:
    """The terminal starts: intents that a power cut left open, and its last operation's `op`."""

    open_intents: tuple[Intent, ...]
    last_op: str


@dataclass(frozen=True, slots=True)
class SaleKeyed:
    """Staff finished a basket."""

    sale: TillSale


@dataclass(frozen=True, slots=True)
class IssueKeyed:
    """Staff want a new card for a member."""

    member: str


@dataclass(frozen=True, slots=True)
class StaffSignedOn:
    """A member of staff took over this terminal."""

    staff: str


@dataclass(frozen=True, slots=True)
class DayEnded:
    """No more facts will be stated here for business day `day` (yyyymmdd).

    If it is over `by_calendar`, nobody asked for it and nobody is told.
    """

    day: int
    by_calendar: bool = False


@dataclass(frozen=True, slots=True)
class CardRead:
    """One of our cards was read."""

    card: Card


@dataclass(frozen=True, slots=True)
class CardRefused:
    """A card was shown that cannot be used, and why.

    `uid` is in hexadecimal, and empty where there was no chip; `kind` is empty where nobody knows.
    """

    uid: str
    problem: CardProblem
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PlaceShut:
    """No card can come to this terminal for now; a screen of its own says why, with `values`."""

    screen: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlaceOpened:
    """Cards can come again."""


@dataclass(frozen=True, slots=True)
class NumberKeyed:
    """Somebody typed their phone number; `text` is as they typed it, and never kept."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IntentSaved:
    """The intent is on disk: the card may be written."""


@dataclass(frozen=True, slots=True)
class CardWritten:
    """A card write ended; `counter` is what the card holds as far as is known.

    `is_spoiled` says that a blank card cannot be made one of ours any more.
    """

    outcome: TouchOutcome
    counter: int
    is_spoiled: bool = False


@dataclass(frozen=True, slots=True)
class RecordSaved:
    """A record is on disk: goods may be released."""


@dataclass(frozen=True, slots=True)
class RecordsSettled:
    """The hub holds every record of this device."""


@dataclass(frozen=True, slots=True)
class JournalFailed:
    """The journal takes no more; `reason` is `full` or `failed`. Nothing was half done."""

    reason: Literal["full", "failed"]


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What this terminal knows by itself about a card and its own giving."""

    standing: Standing


@dataclass(frozen=True, slots=True)
class HubAnswered:
    """The hub answered an ask."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class HubUnreached:
    """The hub did not answer, or did not settle, in time."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The person touched a choice of the screen."""

    choice: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The screen stood for as long as it may."""


@dataclass(frozen=True, slots=True)
class FaceEnded:
    """The face of the held card was dealt with."""

    outcome: FaceOutcome


@dataclass(frozen=True, slots=True)
class CardReturned:
    """The card left the slot."""


Event = (
    Booted
    | DayEnded
    | SaleKeyed
    | IssueKeyed
    | StaffSignedOn
    | CardRead
    | CardRefused
    | PlaceShut
    | PlaceOpened
    | NumberKeyed
    | IntentSaved
    | CardWritten
    | RecordSaved
    | RecordsSettled
    | JournalFailed
    | LookedUp
    | HubAnswered
    | HubUnreached
    | Chosen
    | TimedOut
    | FaceEnded
    | CardReturned
)
