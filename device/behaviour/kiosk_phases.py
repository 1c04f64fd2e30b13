"""Where a kiosk's visit can stand: one phase at a time, with what is known by then."""

from collections.abc import Mapping
from dataclasses import dataclass

from device.behaviour.card import Card
from device.behaviour.events import DayEnded, PlaceShut
from device.behaviour.offline_limits import Limit
from device.behaviour.requests import FaceContent, Request
from loyalty.leases import Lease
from loyalty.receipts import AccountView, LeaseGranted, RedeemGranted

Values = Mapping[str, str | int]
NOTHING_SPENT: Values = {}


@dataclass(frozen=True, slots=True)
class Waiting:
    """The slot is open for the next member."""


@dataclass(frozen=True, slots=True)
class Keying:
    """Somebody without a card types their phone number; the slot is open all the same."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The day's last record is on its way to the disk; of the calendar's nobody is told."""

    by_calendar: bool = False


@dataclass(frozen=True, slots=True)
class Reporting:
    """A card that was tampered with is stated to the hub; then it goes back with `screen`."""

    screen: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The hub was asked what the member of this card has."""

    card: Card


@dataclass(frozen=True, slots=True)
class Choosing:
    """The member sees the account and chooses."""

    card: Card
    view: AccountView


@dataclass(frozen=True, slots=True)
class Confirming:
    """The member sees what an offer costs and leaves, and says yes or goes back."""

    card: Card
    view: AccountView
    offer: str


@dataclass(frozen=True, slots=True)
class Reserving:
    """The hub was asked to reserve an offer's points."""

    card: Card
    view: AccountView
    offer: str


@dataclass(frozen=True, slots=True)
class Spending:
    """The points are reserved; the intent is being saved, the card written, the record saved."""

    card: Card
    view: AccountView
    grant: RedeemGranted


@dataclass(frozen=True, slots=True)
class Settling:
    """The points are spent for good; the hub is to fold them so that the face shows the rest."""

    card: Card
    view: AccountView
    moved_points: int
    spent: Values


# A lease: taken back at the beginning of a visit online, given at its end.


@dataclass(frozen=True, slots=True)
class TakingBack:
    """The lease goes off the card: intent, card, record; with `is_off` the card has let it go."""

    card: Card
    view: AccountView
    lease: Lease
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The lease is off the card; the hub is to fold that, and to say what the member has now."""

    card: Card
    view: AccountView


@dataclass(frozen=True, slots=True)
class FaceToCome:
    """The visit ends with a new face."""

    content: FaceContent
    spent: Values


@dataclass(frozen=True, slots=True)
class NothingToCome:
    """The visit ends as it is."""


Ending = FaceToCome | NothingToCome


@dataclass(frozen=True, slots=True)
class Giving:
    """The hub was asked for a lease; once it is `granted`: intent, card, record."""

    card: Card
    ending: Ending
    granted: LeaseGranted | None = None


# A visit while the hub is out of reach.


@dataclass(frozen=True, slots=True)
class LookingUp:
    """What may be spent is being found out; with `offer`, once more before it is."""

    card: Card
    offer: str = ""


@dataclass(frozen=True, slots=True)
class ChoosingOffline:
    """The member sees what may be spent now and chooses."""

    card: Card
    limit: Limit


@dataclass(frozen=True, slots=True)
class ConfirmingOffline:
    """The member sees what an offer costs and says yes or goes back."""

    card: Card
    limit: Limit
    offer: str


@dataclass(frozen=True, slots=True)
class SpendingOffline:
    """The intent is being saved, the card written, the record saved.

    With `is_given` the value is the member's once the record is safe.
    """

    card: Card
    limit: Limit
    offer: str
    op: str
    is_given: bool = False


# The end.


@dataclass(frozen=True, slots=True)
class Marking:
    """The chip's count of rewrites goes up before the face is erased."""

    card: Card
    content: FaceContent
    spent: Values


@dataclass(frozen=True, slots=True)
class Printing:
    """The printer has the card."""

    spent: Values


@dataclass(frozen=True, slots=True)
class Looking:
    """The printer could not tell; the member is asked whether the face is on the card."""

    spent: Values


@dataclass(frozen=True, slots=True)
class Returning:
    """The card is on its way out."""


Before = Choosing | Confirming | ChoosingOffline | ConfirmingOffline


@dataclass(frozen=True, slots=True)
class Wondering:
    """Nobody touched anything for long; the member is asked whether they need more time."""

    before: Before


Phase = (
    Waiting
    | Keying
    | Closing
    | Reporting
    | Asking
    | Choosing
    | Confirming
    | Wondering
    | Reserving
    | Spending
    | Settling
    | TakingBack
    | TakenBack
    | Giving
    | LookingUp
    | ChoosingOffline
    | ConfirmingOffline
    | SpendingOffline
    | Marking
    | Printing
    | Looking
    | Returning
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is under way; if the slot is `shut` meanwhile; a `day` that ends once it is over."""

    phase: Phase = Waiting()
    shut: PlaceShut | None = None
    day: DayEnded | None = None


Step = tuple[State, list[Request]]
