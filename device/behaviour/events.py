"""What terminals speak of: events that happened, and requests to the shell that performs them.

`step(setting, state, event, now)` of `handheld.py` and `kiosk.py` turns events into requests;
`app.py` performs them and brings back the events they promise. Events are in the past tense,
requests in the imperative.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from device.behaviour.intent import Intent
from device.behaviour.offline_limits import Standing
from device.nfc.cards.card_lease import CardLease
from loyalty.asks import Ask
from loyalty.card_kinds import PROFILES, CardProfile
from loyalty.programme_cards import EVERY_CARD, CardTerms
from loyalty.programme_offline import NOTHING_OFFLINE, OfflineTerms
from loyalty.receipts import Answer, CardKeysGranted, LeaseGranted
from loyalty.record import Record
from loyalty.records import SaleItem

TouchOutcome = Literal["done", "torn", "unknown"]
CardProblem = Literal[
    "blank",
    "foreign",
    "wrong_key",
    "bad_seal",
    "rolled_back",
    "copied",
    "worn_out",
    "not_accepted",
    "unreadable_code",
    "unreadable_stripe",
    "bank_card",
    "no_phone_number",
]
FaceOutcome = Literal["printed", "unchanged", "stale", "unseen"]

NO_REF = "-"  # of an ask; the shell numbers them


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What the clocks said when an event was taken: the stamp of every record.

    `trusted_ms` is the hub's time as far as it can be known now, 0 where it cannot; the hub was
    heard `silent_ms` ago.
    """

    at_ms: int
    mono_ms: int
    boot: int
    hub_ms: int
    trusted_ms: int = 0
    silent_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a terminal is told and keeps through a visit: where it stands and what it offers.

    `offers` maps an offer's id to its price in points, cheapest first, `worth_minor` to what it is
    worth to the member. `cards` says what each kind of card is good for, `offline` what may be
    spent while the hub is out of reach. `hub_key` checks what the hub has signed; a terminal
    without it neither gives nor takes leases. After `idle_ms` without a touch a member is asked
    whether they are still there.
    """

    store: str
    rules: int
    currency: str
    offers: Mapping[str, int] = field(default_factory=dict)
    worth_minor: Mapping[str, int] = field(default_factory=dict)
    cards: CardTerms = EVERY_CARD
    offline: OfflineTerms = NOTHING_OFFLINE
    hub_key: bytes = b""
    idle_ms: int = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A member's card as read and verified: `uid` in hexadecimal, `op_digest` of its last write.

    `next_counter` is the number that the next write takes. A card that keeps no record of ours has
    no counters (-1) and no member, unless a code on it says whose it is; one without a chip has the
    id of its number for a UID (`loyalty.card_numbers`). `proof` is what it says for itself to the
    hub (`loyalty.sun`), which hears it once. `lease` is what it carries; None where it cannot, or
    where nobody has looked.
    """

    uid: str
    kind: str
    member: str
    counter: int
    next_counter: int
    rewrites: int
    op_digest: bytes
    proof: str = ""
    lease: CardLease | None = None

    @property
    def profile(self) -> CardProfile:
        """What is known of its kind."""
        return PROFILES[self.kind]


def card_without_record(uid: str, kind: str, member: str = "", proof: str = "") -> Card:
    """Return a card of `kind` that only identifies."""
    return Card(
        uid=uid,
        kind=kind,
        member=member,
        counter=-1,
        next_counter=-1,
        rewrites=0,
        op_digest=b"",
        proof=proof,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSale:
    """A basket as the till rang it up."""

    store: str
    receipt: str
    till_ms: int
    currency: str
    items: tuple[SaleItem, ...]


# Events.


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


# Requests.


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
