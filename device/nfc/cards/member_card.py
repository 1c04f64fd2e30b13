"""What a card on the reader turned out to be: one of ours, or why it cannot be used."""

from dataclasses import dataclass, field
from enum import Enum

from device.nfc.cards.card_lease import CardLease
from loyalty import card as layout

# How far a chip's own counter may be behind its slot: a torn write uses one number up, and the one
# after it may be pulled away before it counts.
STEPS_OF_A_TEAR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCard:
    """What one of our cards states.

    `kind` is a key of `loyalty.card_kinds.PROFILES`; `slot` is where on the card the current state
    stands. `torn` says that an unfinished write lies beside it. `proof` is what the card said at
    this read for the hub to check (`loyalty.sun`), empty for a kind that says nothing of the sort.
    `lease` is what it carries, None where that was not read or it never can carry any.
    """

    uid: bytes
    kind: str
    member: str
    counter: int
    slot: int
    rewrites: int
    op_digest: bytes
    torn: bool
    proof: str = field(default="", compare=False)
    lease: CardLease | None = None


@dataclass(frozen=True, slots=True)
class Blank:
    """A card as its factory made it: nobody's yet, or its personalisation did not finish."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class Foreign:
    """A card of a kind that we never hand out, or that somebody else uses for something else."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class Bare:
    """A card on which our record has no place: its UID is all that it says."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class WrongKey:
    """A card of our kind that neither our keys nor factory keys open: locked for us."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class BadSeal:
    """A card that our keys open and on which nothing carries our seal: altered, or misprinted."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A card whose one-way counter is ahead of its record: somebody wrote an old state back."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class Copied:
    """A card that states what is ours and does not behave like the chip we wrote it to."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class Worn:
    """A card whose memory does not keep any more what is written to it."""

    uid: bytes


Refusal = Blank | Foreign | Bare | WrongKey | BadSeal | RolledBack | Copied | Worn


class Outcome(Enum):
    """How a write ended: seen on the card, seen not to be on it, or not seen."""

    DONE = "done"
    TORN = "torn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The outcome of a write, and what the card states now where that was seen."""

    outcome: Outcome
    card: MemberCard | None


def member_card(
    uid: bytes, kind: str, slot: layout.Slot, number: int, *, torn: bool, proof: str = ""
) -> MemberCard:
    """Return what a card states whose current slot, `number`, is `slot`."""
    return MemberCard(
        uid=uid,
        kind=kind,
        member=slot.member,
        counter=slot.counter,
        slot=number,
        rewrites=slot.rewrites,
        op_digest=slot.op_digest,
        torn=torn,
        proof=proof,
    )
