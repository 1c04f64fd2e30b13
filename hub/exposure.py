"""The most that a shop can lose while its devices cannot ask: one number (docs/offline.md).

What cards carry on leases is set aside, so it cannot be lost. A card that anybody can copy may be
shown at every device at once, and each lets every such card spend a little.
"""

from typing import NamedTuple

from hub.ledger.ledger import Ledger
from hub.ledger.schema import ESCROW, HUB_DEVICE
from loyalty.card_kinds import PROFILES, Trust
from loyalty.programme import Programme


class Exposure(NamedTuple):
    """`points` is the worst loss: at `devices` devices, with `cards` cards that can be copied.

    `leased_points` are on cards besides, and covered.
    """

    devices: int
    cards: int
    points: int
    leased_points: int


def exposure(ledger: Ledger, programme: Programme) -> Exposure:
    """Return the worst possible loss under `programme`, as the ledger stands."""
    database = ledger.connection
    (devices,) = database.execute(_DEVICES, (HUB_DEVICE,)).fetchone()
    cards = sum(
        count
        for kind, count in database.execute(_CARDS).fetchall()
        if _may_spend_copied(kind, programme)
    )
    (leased_points,) = database.execute(_LEASED, (ESCROW,)).fetchone()
    terms = programme.offline
    each_points = min(terms.device_points, terms.identifier_points * cards)
    return Exposure(int(devices), cards, int(devices) * each_points, int(leased_points))


def _may_spend_copied(kind: str, programme: Programme) -> bool:
    """Return whether a card of `kind` spends without a lease; one of an unknown kind may."""
    if not kind:
        return True
    profile = PROFILES.get(kind)
    allowed = programme.cards.accepted & programme.cards.spending
    return profile is not None and profile.trust is not Trust.LEASE and kind in allowed


_DEVICES = "SELECT count(*) FROM device WHERE revoked_ms IS NULL AND name <> ?"
_CARDS = "SELECT kind, count(*) FROM card WHERE status <> 'blocked' GROUP BY kind"
_LEASED = "SELECT coalesce(sum(balance), 0) FROM account WHERE kind = ?"
