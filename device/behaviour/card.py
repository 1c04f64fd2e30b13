"""A card in a terminal's words: what was read of it, why it was refused, how a write ended."""

from dataclasses import dataclass
from typing import Literal

from device.nfc.cards.card_lease import CardLease
from loyalty.card_kinds import PROFILES, CardProfile

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
