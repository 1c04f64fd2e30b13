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
    """`points` is the worst loss: at `devices` devices, whatever cards are shown there.

    The `cards` that can be copied and are known by now could take `known_points` of them; others
    were made where the hub is out of reach, or by a thief with the keys. `leased_points` are on
    cards besides, and covered.
    """

    devices: int
    points: int
    cards: int
    known_points: int
    leased_points: int


def exposure(ledger: Ledger, programme: Programme) -> Exposure:
    """Return the worst possible loss under `programme`, as the ledger stands."""
    database = ledger.connection
    (devices,) = database.execute(_DEVICES, (HUB_DEVICE,)).fetchone()
    kinds = _kinds_spent_copied(programme)
    cards = sum(
        count
        for kind, count in database.execute(_CARDS).fetchall()
        if not kind or kind in kinds  # one of an unknown kind may
    )
    (leased_points,) = database.execute(_LEASED, (ESCROW,)).fetchone()
    terms = programme.offline
    may_spend = kinds and terms.identifier_points and terms.transaction_points
    device_points = terms.device_points if may_spend else 0
    known_points = min(device_points, terms.identifier_points * cards)
    return Exposure(
        int(devices),
        int(devices) * device_points,
        cards,
        int(devices) * known_points,
        int(leased_points),
    )


def _kinds_spent_copied(programme: Programme) -> frozenset[str]:
    """Return the kinds of card that spend without a lease, and that can be copied or made up."""
    allowed = programme.cards.accepted & programme.cards.spending
    return frozenset(it for it in allowed if PROFILES[it].trust is not Trust.LEASE)


_DEVICES = "SELECT count(*) FROM device WHERE revoked_ms IS NULL AND name <> ?"
_CARDS = "SELECT kind, count(*) FROM card WHERE status <> 'blocked' GROUP BY kind"
_LEASED = "SELECT coalesce(sum(balance), 0) FROM account WHERE kind = ?"
