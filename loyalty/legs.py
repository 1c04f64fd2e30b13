"""What effects move: points by the legs of a fact, and uses of lots by operations."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from loyalty.leases import OFFER, operation
from loyalty.state import Earned, Effect, LeaseReturned, LeaseSpent, LeaseTaken, Lot, LotUse, Spent

SPEND_LEG = "spend"  # from the member, for what was handed over
LEASE_LEG = "lease"  # from the member to a card
LEASE_SPEND_LEG = "lease_spend"  # from a card, for what was handed over
RELEASE_LEG = "release"  # from a card to the member


class Leg(NamedTuple):
    """`points` move by leg `name`: into the member or the card, or out of it if negative.

    `card` is whose lease takes part, empty for none. Any other name is that of a lot, whose points
    were issued.
    """

    name: str
    points: int
    card: str = ""


def leg_of(effect: Effect) -> Leg | None:
    """Return what `effect` moves, None for nothing."""
    if isinstance(effect, Earned):
        return Leg(effect.lot.leg, effect.lot.amount_points)
    if isinstance(effect, Spent):
        return Leg(SPEND_LEG, -effect.points)
    if isinstance(effect, LeaseTaken):
        return Leg(LEASE_LEG, -_points(effect.uses), effect.card)
    if isinstance(effect, LeaseSpent):
        return Leg(LEASE_SPEND_LEG, -_points(effect.uses), effect.card)
    if isinstance(effect, LeaseReturned):
        return Leg(RELEASE_LEG, _points(effect.uses) + _points(effect.paid), effect.card)
    return None


def lots_by(effects: Iterable[Effect]) -> dict[tuple[str, str], Lot]:
    """Return the lots that `effects` opened, by op and leg."""
    return {(it.lot.op, it.lot.leg): it.lot for it in effects if isinstance(it, Earned)}


def uses_by(op: str, effect: Effect) -> Iterator[tuple[str, LotUse]]:
    """Yield what `effect` of `op` changes about which operation uses how much of which lot.

    What a lease holds is used by its offer until another operation uses it or gives it back.
    """
    if isinstance(effect, Earned):
        if effect.debt_paid_points:
            yield op, LotUse(effect.lot.op, effect.lot.leg, effect.debt_paid_points)
    elif isinstance(effect, (Spent, LeaseTaken)):
        for use in effect.uses:
            yield op, use
    elif isinstance(effect, LeaseSpent):
        yield from _handed_over(effect.lease, effect.uses, op)
    elif isinstance(effect, LeaseReturned):
        yield from _handed_over(effect.lease, effect.paid, op)
        for use in effect.uses:
            yield operation(effect.lease, OFFER), use._replace(points=-use.points)


def _handed_over(lease: str, uses: tuple[LotUse, ...], op: str) -> Iterator[tuple[str, LotUse]]:
    for use in uses:
        yield operation(lease, OFFER), use._replace(points=-use.points)
        yield op, use


def _points(uses: tuple[LotUse, ...]) -> int:
    return sum([it.points for it in uses])
