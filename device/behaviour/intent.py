"""What a card is about to be written for; it stands beside the chain until its outcome is known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A card write that is about to happen: on disk before the first byte goes to the card.

    `kind` is that of the record to come, `points` and `value_minor` what the write means.
    """

    op: str
    card: str
    member: str
    kind: str
    counter_before: int
    counter_after: int
    points: int = 0
    value_minor: int = 0
    begun_ms: int
