"""What the hub may answer: receipts for lines, and answers to asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

from loyalty.chain import LINES_MAX
from loyalty.fields import (
    Base64,
    Choice,
    Count,
    Counter,
    Flag,
    Hash,
    Id,
    MoneyMinor,
    OptionalId,
    Points,
    Rows,
    Signature,
    SignedPoints,
    TimeMs,
    Wrapped,
)
from loyalty.lines import Line, read_line

Status = Annotated[str, Choice(("posted", "held", "rejected", "duplicate"))]
Reason = Annotated[
    str,
    Choice(
        (
            "unknown_card",
            "unknown_offer",
            "not_enough_points",
            "card_blocked",
            "card_replayed",
            "card_unproven",
            "card_not_accepted",
            "card_may_not_spend",
            "too_many_asks",
            "unknown_grant",
            "no_lease",
            "unknown_document",
            "try_later",
        )
    ),
]


class LineStatus(NamedTuple):
    """A line that did not simply post, and why; `code` is a word of the case or the first op."""

    seq: Count
    status: Status
    code: OptionalId


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Line):
    """Anything the hub says to one device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Answer):
    """The hub holds every line up to `upto_seq`, whose head is `head` (hexadecimal).

    Together with the envelope this binds incarnation, kid, device, epoch, N and head(N).
    `exceptions` lists the lines of the batch just taken that did not simply post. Lines
    `want_first` to `want_last` are missing (both 0: none are). The answer to a Hello repeats its
    `ref`: so a device knows that no hub of yesterday has made it.
    """

    kind: ClassVar[str] = "receipt"
    row_types: ClassVar[Mapping[str, Any]] = {"exceptions": LineStatus}

    incarnation: Id
    upto_seq: Count
    head: Hash
    hub_ms: TimeMs
    want_first: Count
    want_last: Count
    exceptions: Annotated[tuple[LineStatus, ...], Rows(LINES_MAX)]
    ref: OptionalId = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView(Answer):
    """What a member has, as the hub knew it at `as_of_ms`.

    `points` is the balance, `available_points` the balance less what is reserved. `check` is the
    hub's mark on account, version, points and time, and on nothing else. `next_tier_points` more
    points earned reach `next_tier`, which is empty at the top. From `expires_ms` on,
    `expiring_points` of the balance are gone, the first to go; both are 0 where none ever are.

    It `is_provisional` if the card's counter tells of visits that no line has told the hub of yet.
    """

    kind: ClassVar[str] = "account_view"

    ref: Id
    account: Id
    version: Count
    tier: Id
    points: SignedPoints
    available_points: SignedPoints
    as_of_ms: TimeMs
    check: Id
    next_tier: OptionalId = ""
    next_tier_points: Points = 0
    expiring_points: Points = 0
    expires_ms: TimeMs = 0
    is_provisional: Flag = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemGranted(Answer):
    """Yes: `points` are reserved under `auth` until `expires_ms` of hub time."""

    kind: ClassVar[str] = "redeem_granted"

    ref: Id
    auth: Id
    offer: Id
    points: Points
    value_minor: MoneyMinor
    granted_ms: TimeMs
    expires_ms: TimeMs


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Answer):
    """What grant `auth` reserved is free again."""

    kind: ClassVar[str] = "released"

    ref: Id
    auth: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Answer):
    """No, and why."""

    kind: ClassVar[str] = "refusal"

    ref: Id
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseGranted(Answer):
    """Yes: the card may carry this lease, which `signature` of the hub's key vouches for.

    `expires_s` are seconds since 1970, `counter` is the card's as it was asked for. `credit_key` is
    the card's own key that counts its value up, wrapped for the device that asked.
    """

    kind: ClassVar[str] = "lease_granted"

    ref: Id
    lease: Id
    points: Points
    expires_s: Count
    counter: Counter
    signature: Signature
    credit_key: Wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKeysGranted(Answer):
    """The keys of one card that terminals do not have, wrapped for the device that asked."""

    kind: ClassVar[str] = "card_keys_granted"

    ref: Id
    card: Id
    master_key: Wrapped
    credit_key: Wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPart(Answer):
    """Part `part` of `parts` of a newer version of a document, which `signature` vouches for."""

    kind: ClassVar[str] = "document_part"

    ref: Id
    name: Id
    version: Count
    part: Count
    parts: Count
    text: Base64
    signature: Signature
    as_of_ms: TimeMs


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIsCurrent(Answer):
    """At `as_of_ms` nothing newer than `version` is there."""

    kind: ClassVar[str] = "document_is_current"

    ref: Id
    name: Id
    version: Count
    as_of_ms: TimeMs


KINDS: dict[str, type[Answer]] = {
    it.kind: it
    for it in (
        Receipt,
        AccountView,
        RedeemGranted,
        Released,
        Refusal,
        LeaseGranted,
        CardKeysGranted,
        DocumentPart,
        DocumentIsCurrent,
    )
}


def from_line(line: bytes) -> Answer:
    """Return the answer that `line` holds.

    Raises:
        UnknownLine: a kind or version this programme does not know.
        WireError: anything else but an answer's line.
    """
    return read_line(line, KINDS)
