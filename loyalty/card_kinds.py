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
    card without one only identifies, and its number stands for it. `tap_budget_ms` is how long a
    whole visit of the card to the antenna may take, with its write.
    """

    kind: str
    trust: Trust
    has_chip: bool
    keeps_record: bool
    tap_budget_ms: int


def _profile(
    kind: str, trust: Trust, *, record: bool, budget: int, chip: bool = True
) -> CardProfile:
    return CardProfile(
        kind=kind,
        trust=trust,
        has_chip=chip,
        keeps_record=record,
        tap_budget_ms=budget,
    )


_READ_BY_EYE_MS = 50  # A code or a stripe is there at once, or not at all.

PROFILES: dict[str, CardProfile] = {
    it.kind: it
    for it in (
        _profile("classic1k", Trust.IDENTIFIER, record=True, budget=150),
        _profile("classic4k", Trust.IDENTIFIER, record=True, budget=150),
        _profile("ultralight", Trust.IDENTIFIER, record=False, budget=50),
        _profile("ultralight_ev1", Trust.IDENTIFIER, record=True, budget=150),
        _profile("ntag213", Trust.IDENTIFIER, record=True, budget=150),
        _profile("ntag215", Trust.IDENTIFIER, record=True, budget=150),
        _profile("ntag216", Trust.IDENTIFIER, record=True, budget=150),
        _profile("ntag424", Trust.IDENTITY, record=True, budget=150),
        _profile("desfire_ev1", Trust.LEASE, record=True, budget=150),
        _profile("desfire_ev2", Trust.LEASE, record=True, budget=150),
        _profile("desfire_ev3", Trust.LEASE, record=True, budget=150),
        *(
            _profile(
                kind,
                Trust.IDENTIFIER,
                record=False,
                budget=_READ_BY_EYE_MS,
                chip=False,
            )
            for kind in ("barcode", "magnetic", "phone")
        ),
    )
}
