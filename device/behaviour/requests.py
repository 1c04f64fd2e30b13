"""What a terminal asks of its shell: the requests that `step` gives, in the imperative.

`app.py` performs them and brings back the events of `events.py` that they promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from device.behaviour.card import Card, TouchOutcome
from device.behaviour.intent import Intent
from device.nfc.cards.card_lease import CardLease
from loyalty.asks import Ask
from loyalty.receipts import CardKeysGranted, LeaseGranted
from loyalty.record import Record

NO_REF = "-"  # of an ask; the shell numbers them


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Put a screen up: its name, the values it tells, the choices it offers.

    After `timeout_ms` (0: never) the shell brings `TimedOut`; a new `Show` ends the wait.
    """

    screen: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    timeout_ms: int = 0


@dataclass(frozen=True, slots=True)
class AwaitCard:
    """Watch for a card until one comes: `CardRead` or `CardRefused`.

    The card `but_not` (a UID in hexadecimal) was just refused and must leave first.
    """

    but_not: str = ""


@dataclass(frozen=True, slots=True)
class StopAwaitingCard:
    """Nobody is expected at the reader any more."""


@dataclass(frozen=True, slots=True)
class Identify:
    """Find out which card the typed phone number `text` is: `CardRead` or `CardRefused`."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaveIntent:
    """Make the intent durable: `IntentSaved` or `JournalFailed`."""

    intent: Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCard:
    """Write `card.next_counter` to the card on the reader: `CardWritten`.

    With `lease` that is what the card carries afterwards, where it was `granted` anew with the
    wrapped key that counts up what the card may spend.
    """

    card: Card
    op: str
    rewrites: int
    lease: CardLease | None = None
    granted: LeaseGranted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Personalise:
    """Make the blank card on the reader one of ours: `CardWritten`.

    A kind that may carry a lease takes the keys that the hub has `granted` for this card.
    """

    uid: str
    member: str
    op: str
    granted: CardKeysGranted | None = None


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """Make a record durable: `RecordSaved` or `JournalFailed`. `ends_op` closes that intent."""

    record: Record
    ends_op: str = ""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Find out how the card `uid` stands, without asking anybody: `LookedUp`."""

    uid: str


@dataclass(frozen=True, slots=True)
class AwaitSettled:
    """Wait for the hub's receipt of everything so far: `RecordsSettled` or `HubUnreached`."""


@dataclass(frozen=True, slots=True)
class AskHub:
    """Ask the hub: `HubAnswered` or `HubUnreached`. The shell fills in `ref`."""

    ask: Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceContent:
    """What a face shows: the hub's view, and apart from it what is still pending here.

    `check` is the hub's mark on member, version, points and time. The hub's other words about what
    is ahead are those of `AccountView`. `this_time_points` were moved in this visit and are in
    `points`; None where nothing was.
    """

    member: str
    tier: str
    points: int
    pending_points: int
    account_version: int
    as_of_ms: int
    check: str
    next_tier: str = ""
    next_tier_points: int = 0
    expiring_points: int = 0
    expires_ms: int = 0
    this_time_points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintFace:
    """Erase and print the held card: `FaceEnded`.

    `touch` tells how the write ended that raised the chip's rewrite count just before.
    """

    card: Card
    touch: TouchOutcome
    content: FaceContent


@dataclass(frozen=True, slots=True)
class JudgeFace:
    """Say what somebody saw on a card whose face ended "unseen": `FaceEnded`."""

    is_good: bool


@dataclass(frozen=True, slots=True)
class ReturnCard:
    """Push the held card out: `CardReturned`."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Make a sound that a person knows without looking."""

    name: Literal["accepted", "refused", "take_card"]


Request = (
    Show
    | AwaitCard
    | StopAwaitingCard
    | Identify
    | SaveIntent
    | WriteCard
    | Personalise
    | SaveRecord
    | LookUp
    | AwaitSettled
    | AskHub
    | PrintFace
    | JudgeFace
    | ReturnCard
    | Sound
)
