"""What a device may state happened: one frozen dataclass per kind, integers for money and points.

A record is encoded once, when it happens (`lines.to_line`); those bytes are what the journal
stores, MQTT carries and the hub keeps. Field order is wire order: append new fields at the end
of a new version, never in the middle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

from loyalty.card_kinds import PROFILES
from loyalty.fields import (
    Choice,
    Count,
    Currency,
    Day,
    Flag,
    Hash,
    Id,
    Intended,
    MoneyMinor,
    OptionalId,
    Points,
    Rows,
    SignedPoints,
    TimeMs,
)
from loyalty.hub_records import (
    CardAllowed,
    CardStopped,
    EpochLost,
    ForkAdopted,
    LeaseLapsed,
    LeaseOffered,
    PointsAdjusted,
    StoreDayClosed,
)
from loyalty.lease_records import LeaseCarried, LeaseClosed, LeaseSpend
from loyalty.lines import read_kept_line, read_line
from loyalty.record import Record

_OLD_CARD_KINDS = ("ntag", "desfire")  # what lines said before kinds had their chips' names
SALE_ITEMS_MAX = 500

CardKind = Annotated[str, Choice((*PROFILES, *_OLD_CARD_KINDS))]


class SaleItem(NamedTuple):
    """One line of a receipt: what was paid for a product of a category, after discounts."""

    category: Id
    paid_minor: MoneyMinor
    special_price: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale(Record):
    """A basket was paid for; `till_ms` is the till's own timestamp, UTC."""

    kind: ClassVar[str] = "sale"
    row_types: ClassVar[Mapping[str, Any]] = {"items": SaleItem}

    till_ms: TimeMs
    receipt: Id
    currency: Currency
    items: Annotated[tuple[SaleItem, ...], Rows(SALE_ITEMS_MAX)]


def sale_key(store: str, receipt: str) -> str:
    """Return the business key of the sale with till receipt `receipt` of `store`."""
    return f"{store}:{receipt}:sale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption(Record):
    """Points were spent on an offer of the programme.

    `auth` is the hub's grant, given at `granted_ms` of hub time; both are empty and 0 offline.
    """

    kind: ClassVar[str] = "redemption"

    offer: Id
    points: Points
    value_minor: MoneyMinor
    currency: Currency
    auth: OptionalId
    granted_ms: TimeMs


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIssued(Record):
    """A card was personalised for a member, or a number became one of the member's cards."""

    kind: ClassVar[str] = "card_issued"

    card_kind: CardKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSuspected(Record):
    """A card was refused because somebody must have tampered with it.

    `rolled_back`: its record is older than its own one-way counter. `copied`: it states what is
    ours and is not the chip that it was written to.
    """

    kind: ClassVar[str] = "card_suspected"

    sign: Annotated[str, Choice(("rolled_back", "copied"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn(Record):
    """A member showed a card and nothing else happened."""

    kind: ClassVar[str] = "check_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceStarted(Record):
    """The erase of a card's face is about to begin: rewrite number `rewrite` is spent."""

    kind: ClassVar[str] = "face_started"

    face: Hash
    rewrite: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePrinted(Record):
    """How the rewrite of a face ended, and what it showed.

    `account_version`, `shown_points` and `as_of_ms` are the hub's signed view; `pending_points`
    is what this device had journalled and the hub had not folded.
    """

    kind: ClassVar[str] = "face_printed"

    face: Hash
    outcome: Annotated[str, Choice(("printed", "stale"))]
    account_version: Count
    shown_points: SignedPoints
    pending_points: SignedPoints
    as_of_ms: TimeMs


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchUnknown(Record):
    """A card write was begun and nobody knows how it ended; the next touch of the card tells.

    `intended` is the intent's `op`, `ctr_used` the counter it meant to write. It moves no value:
    its own `op` is empty, so that whoever keys the same sale again is no duplicate.
    """

    kind: ClassVar[str] = "touch_unknown"

    intended: Intended


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSignedIn(Record):
    """A member of staff took over this terminal."""

    kind: ClassVar[str] = "staff_signed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed(Record):
    """This device has no more facts for business day `day` (yyyymmdd)."""

    kind: ClassVar[str] = "day_closed"

    day: Day


_OF_HUB = (
    StoreDayClosed,
    EpochLost,
    ForkAdopted,
    LeaseOffered,
    LeaseLapsed,
    PointsAdjusted,
    CardStopped,
    CardAllowed,
)

KINDS: dict[str, type[Record]] = {
    it.kind: it
    for it in (
        Sale,
        Redemption,
        CardIssued,
        CardSuspected,
        CheckIn,
        FaceStarted,
        FacePrinted,
        TouchUnknown,
        StaffSignedIn,
        DayClosed,
        LeaseCarried,
        LeaseSpend,
        LeaseClosed,
        *_OF_HUB,
    )
}

HUB_KINDS = frozenset({it.kind for it in _OF_HUB})  # what only the hub may state

# What moves value and so has an `op` that counts once.
VALUE_KINDS = frozenset(
    {
        Sale.kind,
        Redemption.kind,
        LeaseOffered.kind,
        LeaseSpend.kind,
        LeaseClosed.kind,
        LeaseLapsed.kind,
        PointsAdjusted.kind,
    }
)


def from_line(line: bytes) -> Record:
    """Return the record that `line` states.

    Raises:
        UnknownLine: a kind or version this programme does not know; keep it and wait.
        WireError: anything else but a record's line.
    """
    return read_line(line, KINDS)


def from_kept_line(line: bytes) -> Record:
    """Return the record of a line that `from_line` read once, without looking it over again."""
    return read_kept_line(line, KINDS)
