"""Every kind of card a member may hold: what it can keep, how far it is trusted, how long it takes.

A profile is what hub and terminals agree on about a kind; how its bytes are laid out is the
business of `device.nfc.cards`.
"""

from dataclasses import dataclass
from enum import Enum


class Trust(Enum):
    """What a card proves about itself."""

    IDENTIFIER = "identifier"  # Anybody can copy it: it says who somebody claims to be.
    IDENTITY = "identity"  # It proves that it is no copy, and keeps no value.
    LEASE = "lease"  # It proves that, and is written whole or not at all: it may carry value.


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProfile:
    """One kind of card.

    `has_chip` tells whether a reader finds it; the others are numbers that are scanned, swiped or
    typed (`loyalty.card_numbers`). `keeps_record` tells whether our two-slot record is on it; a
    card without one only identifies, and its number stands for it.
    """

    kind: str
    trust: Trust
    has_chip: bool
    keeps_record: bool


def _profile(kind: str, trust: Trust, *, record: bool, chip: bool = True) -> CardProfile:
    return CardProfile(kind=kind, trust=trust, has_chip=chip, keeps_record=record)


PROFILES: dict[str, CardProfile] = {
    it.kind: it
    for it in (
        _profile("classic1k", Trust.IDENTIFIER, record=True),
        _profile("classic4k", Trust.IDENTIFIER, record=True),
        _profile("ultralight", Trust.IDENTIFIER, record=False),
        _profile("ultralight_ev1", Trust.IDENTIFIER, record=True),
        _profile("ntag213", Trust.IDENTIFIER, record=True),
        _profile("ntag215", Trust.IDENTIFIER, record=True),
        _profile("ntag216", Trust.IDENTIFIER, record=True),
        _profile("ntag424", Trust.IDENTITY, record=True),
        _profile("desfire_ev1", Trust.LEASE, record=True),
        _profile("desfire_ev2", Trust.LEASE, record=True),
        _profile("desfire_ev3", Trust.LEASE, record=True),
        *(
            _profile(kind, Trust.IDENTIFIER, record=False, chip=False)
            for kind in ("barcode", "magnetic", "phone")
        ),
    )
}
