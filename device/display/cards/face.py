"""What stands on a card face.

A face is a replica. It shows the balance that the hub signed, with its date, and apart from it what
this terminal has written down and the hub has not yet folded in. Both stand in the QR code, drawn
from the same `Payload` as the figures, so the code and the figures cannot disagree.
"""

from dataclasses import dataclass
from datetime import date, datetime

from PIL import Image

from device.display.cards.payload import Payload
from device.display.cards.words import LOCALES

NAME_MAX_CHARS = 60
BRAND_MAX_CHARS = 40
TIER_MAX_CHARS = 64  # of an id, where the programme has no label for it
MESSAGES_MAX = 10
MESSAGE_MAX_CHARS = 120
STAMPS_MAX = 20
COUNT_MAX = 10**9 - 1


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of `currency` (ISO 4217)."""

    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Stamps:
    """`have` stamps of the `of` that fill the card."""

    have: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.have <= self.of <= STAMPS_MAX:
            raise ValueError(f"{self.have} of {self.of} stamps, wanted at most {STAMPS_MAX}")


@dataclass(frozen=True, slots=True)
class Expiring:
    """`points` may be spent up to the end of `last_day`."""

    points: int
    last_day: date


@dataclass(frozen=True, slots=True)
class NextTier:
    """`points` more reach the tier that people call `label`."""

    points: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Everything that can stand on one card face; what is empty or None takes no room.

    `as_of` is `payload.as_of_s` on the programme's wall clock.
    """

    locale: str
    tier: str
    payload: Payload
    as_of: datetime
    brand: str = ""
    name: str = ""
    messages: tuple[str, ...] = ()
    this_time_points: int | None = None
    prepaid: Money | None = None
    stamps: Stamps | None = None
    expiring: Expiring | None = None
    next_tier: NextTier | None = None
    visits: int | None = None
    valid_until: date | None = None
    photo: Image.Image | None = None

    def __post_init__(self) -> None:
        if self.locale not in LOCALES:
            raise ValueError(f"no card face in {self.locale!r}, only in {', '.join(LOCALES)}")
        if len(self.messages) > MESSAGES_MAX:
            raise ValueError(f"{len(self.messages)} messages on a face, at most {MESSAGES_MAX}")
        _at_most("brand", self.brand, BRAND_MAX_CHARS)
        _at_most("name", self.name, NAME_MAX_CHARS)
        _at_most("tier", self.tier, TIER_MAX_CHARS)
        for message in self.messages:
            _at_most("message", message, MESSAGE_MAX_CHARS)
        if self.visits is not None and not 0 <= self.visits <= COUNT_MAX:
            raise ValueError(f"{self.visits} visits on a face, wanted 0 to {COUNT_MAX}")


def _at_most(what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise ValueError(f"{what} of {len(text)} characters on a face, at most {limit}")
