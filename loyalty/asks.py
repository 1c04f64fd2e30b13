"""What a device may ask of the hub while it is online. Asks state nothing: they are never filed.

`ref` is the device's name for the question; the answer repeats it, and asking twice with one
`ref` is asking once.
"""

from dataclasses import dataclass
from typing import ClassVar

from loyalty.fields import Count, Counter, Id, MemberToken, OptionalId, Points, TimeMs
from loyalty.lines import Line, read_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Line):
    """A question with its reference."""

    ref: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello(Ask):
    """A device is here: the last line it journalled, the last it settled, its documents.

    It had that line when it last heard the hub's time, `hub_ms`, or later (0: not yet).
    """

    kind: ClassVar[str] = "hello"

    last_seq: Count
    settled_seq: Count
    incarnation: OptionalId
    rules: Count
    hub_ms: TimeMs = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAccount(Ask):
    """What does this card's member have? `proof` is what the card said for it (`loyalty.sun`).

    A card that can carry a lease says which one it carries, empty for none, and what is left of it.
    """

    kind: ClassVar[str] = "ask_account"

    card: Id
    member: MemberToken
    ctr_seen: Counter
    proof: OptionalId = ""
    lease: OptionalId = ""
    lease_left_points: Points = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRedeem(Ask):
    """May this card's member have this offer? A yes reserves the points until it expires.

    A proof is good once: where the account was asked for with it, here it is left out.
    """

    kind: ClassVar[str] = "ask_redeem"

    card: Id
    member: MemberToken
    ctr_seen: Counter
    offer: Id
    proof: OptionalId = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRedeem(Ask):
    """The member changed their mind: release what grant `auth` reserved."""

    kind: ClassVar[str] = "cancel_redeem"

    auth: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class AskLease(Ask):
    """May this card, which carries none, have a lease to spend from while the hub is away?"""

    kind: ClassVar[str] = "ask_lease"

    card: Id
    member: MemberToken
    ctr_seen: Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCardKeys(Ask):
    """With which keys is this blank card, which can carry leases, made one of ours?"""

    kind: ClassVar[str] = "ask_card_keys"

    card: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDocument(Ask):
    """Is there a newer version of document `name` than `version`? If so, part `part` of it.

    Parts are counted from 0.
    """

    kind: ClassVar[str] = "ask_document"

    name: Id
    version: Count
    part: Count


KINDS: dict[str, type[Ask]] = {
    it.kind: it
    for it in (Hello, AskAccount, AskRedeem, CancelRedeem, AskLease, AskCardKeys, AskDocument)
}


def from_line(line: bytes) -> Ask:
    """Return the ask that `line` holds.

    Raises:
        UnknownLine: a kind or version this programme does not know.
        WireError: anything else but an ask's line.
    """
    return read_line(line, KINDS)
