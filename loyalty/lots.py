"""Lots in the order in which they are spent (L12): soonest expiry, earliest earned, then name."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain

from loyalty.state import Lot, LotUse, MemberState


def put(lots: tuple[Lot, ...], lot: Lot) -> tuple[Lot, ...]:
    """Return `lots` with `lot`, which is none of them."""
    if not lots or _spending_order(lots[-1]) <= _spending_order(lot):
        return (*lots, lot)
    at = bisect_right(lots, _spending_order(lot), key=_spending_order)
    return (*lots[:at], lot, *lots[at:])


def put_back(lots: tuple[Lot, ...], parts: Iterable[Lot]) -> tuple[Lot, ...]:
    """Return `lots` with `parts` that were taken from some of them, or from some that are gone."""
    for part in parts:
        for at, lot in enumerate(lots):
            if (lot.op, lot.leg) == (part.op, part.leg):
                points = lot.remaining_points + part.remaining_points
                lots = (*lots[:at], lot._replace(remaining_points=points), *lots[at + 1 :])
                break
        else:
            lots = put(lots, part)
    return lots


def take(lots: Sequence[Lot], points: int, at_ms: int) -> tuple[Lot, ...]:
    """Return the parts of `lots` that spending `points` at `at_ms` takes, as far as they reach.

    Lots that have expired are passed over.
    """
    parts = []
    for lot in lots:
        if points == 0:
            break
        if lot.expires_ms > at_ms:
            part_points = min(lot.remaining_points, points)
            parts.append(lot._replace(remaining_points=part_points))
            points -= part_points
    return tuple(parts)


def split(parts: Sequence[Lot], points: int) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Return the first `points` of `parts`, as far as they reach, and the rest."""
    first = take(parts, points, at_ms=-1)  # whether they have expired or not
    return first, without(tuple(parts), uses_of(first))


def without(lots: tuple[Lot, ...], uses: Sequence[LotUse]) -> tuple[Lot, ...]:
    """Return what `lots` hold after `uses`; those that hold nothing are left out."""
    used = {(use.op, use.leg): use.points for use in uses}
    left: list[Lot] = []
    for at, lot in enumerate(lots):
        if not used:
            return (*left, *lots[at:])  # what expires first goes first: the rest is untouched
        points = used.pop((lot.op, lot.leg), 0)
        if points == 0:
            left.append(lot)
        elif points < lot.remaining_points:
            left.append(lot._replace(remaining_points=lot.remaining_points - points))
    return tuple(left)


def uses_of(parts: Iterable[Lot]) -> tuple[LotUse, ...]:
    """Return what was taken to make `parts`."""
    return tuple([LotUse(it.op, it.leg, it.remaining_points) for it in parts])


def lots_of(state: MemberState) -> dict[tuple[str, str], Lot]:
    """Return all lots of which something is there, with the member or on a lease, by op and leg."""
    lots = chain(state.lots, *[it.lots for it in state.leases])
    return {(it.op, it.leg): it for it in lots}


def _spending_order(lot: Lot) -> tuple[int, int, str, str]:
    return lot.expires_ms, lot.earned_ms, lot.op, lot.leg
