"""Where a handheld's work can stand: one phase at a time, with what is known by then."""

from dataclasses import dataclass

from device.behaviour.card import Card
from device.behaviour.events import PlaceShut, TillSale
from device.behaviour.requests import Request, Show, Sound
from loyalty.receipts import CardKeysGranted


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is under way."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The calendar says that the day is over; the record of that is on its way to the disk."""


@dataclass(frozen=True, slots=True)
class AwaitingCard:
    """A basket waits for the member's card, or for the number that is being keyed."""

    sale: TillSale
    is_keying: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A basket waits for the hub to say whose card this is, which keeps no record."""

    sale: TillSale
    card: Card


@dataclass(frozen=True, slots=True)
class WritingSale:
    """The intent is being saved, then the card written."""

    sale: TillSale
    card: Card


@dataclass(frozen=True, slots=True)
class AwaitingBlank:
    """A member waits for a new card, or for the number that is being keyed."""

    member: str
    is_keying: bool = False


@dataclass(frozen=True, slots=True)
class AskingForKeys:
    """The hub was asked for the keys of this blank card, which no terminal has."""

    member: str
    uid: str
    kind: str


@dataclass(frozen=True, slots=True)
class Issuing:
    """The intent is being saved, then the blank card personalised."""

    member: str
    uid: str
    kind: str
    granted: CardKeysGranted | None = None


@dataclass(frozen=True, slots=True)
class Linking:
    """The hub was asked whether this card, which keeps no record, is anybody's yet."""

    member: str
    card: Card


@dataclass(frozen=True, slots=True)
class Saving:
    """A record is on its way to the disk; `then` is what the screen says once it is there."""

    then: Show
    sound: Sound


Phase = (
    Idle
    | Closing
    | AwaitingCard
    | Finding
    | WritingSale
    | AwaitingBlank
    | AskingForKeys
    | Issuing
    | Linking
    | Saving
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Who is signed on, what is under way, and whether the reader is `shut` meanwhile."""

    staff: str = ""
    phase: Phase = Idle()
    shut: PlaceShut | None = None


Step = tuple[State, list[Request]]
