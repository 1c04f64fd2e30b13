"""What facts moved, opened and used, summed by business keys, and where two such sums differ.

What differs can be booked as adjustments of what was booked before.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from loyalty.legs import leg_of, lots_by, uses_by
from loyalty.state import Effect, Fact, Lot


class Move(NamedTuple):
    """`points` by leg `leg` of the fact `op` of `store`, in or out as `legs.Leg` has it.

    `card` is whose lease takes part, empty for none. `event_ms` and `rules` say when that fact
    counts, and under which version of the programme.
    """

    op: str
    leg: str
    store: str
    card: str
    points: int
    event_ms: int
    rules: int


class LotChange(NamedTuple):
    """The lot of `op` and `leg` holds that much more or less; its times are as they are now."""

    op: str
    leg: str
    earned_ms: int
    expires_ms: int
    amount_points: int
    remaining_points: int


class UseChange(NamedTuple):
    """The fact `op` takes `points` more, or fewer if negative, from the lot named after it."""

    op: str
    lot_op: str
    lot_leg: str
    points: int


class Sums:
    """What the facts that were added moved by each leg, opened, and used of each lot.

    Legs are named by op, leg and store, lots by op and leg, uses by the op that uses and the lot.
    """

    def __init__(self) -> None:
        self.moves: dict[tuple[str, str, str], Move] = {}
        self.lots: dict[tuple[str, str], Lot] = {}
        self.uses: defaultdict[tuple[str, str, str], int] = defaultdict(int)

    def add(self, fact: Fact, effects: Sequence[Effect], rules: int) -> None:
        """Add what `fact` did under version `rules` of the programme."""
        position, record = fact
        for effect in effects:
            leg = leg_of(effect)
            if leg is not None:
                what = (record.op, leg.name, record.store)
                self.moves[what] = Move(*what, leg.card, leg.points, position.event_ms, rules)
            for by_op, use in uses_by(record.op, effect):
                self.uses[(by_op, use.op, use.leg)] += use.points
        self.lots.update(lots_by(effects))


def moves_between(old: Sums, new: Sums) -> tuple[Move, ...]:
    """Return what has to move so that `old` becomes `new`."""
    moves = []
    for key in dict.fromkeys(chain(old.moves, new.moves)):
        before, after = old.moves.get(key), new.moves.get(key)
        known = after if after is not None else before
        assert known is not None
        points = (after.points if after else 0) - (before.points if before else 0)
        if points:
            moves.append(known._replace(points=points))
    return tuple(moves)


def uses_between(old: Sums, new: Sums) -> tuple[UseChange, ...]:
    """Return what is used more or less in `new` than in `old`."""
    changes = []
    for key in dict.fromkeys(chain(old.uses, new.uses)):
        points = new.uses.get(key, 0) - old.uses.get(key, 0)
        if points:
            changes.append(UseChange(*key, points))
    return tuple(changes)


def lots_between(
    old: Sums, new: Sums, uses: Sequence[UseChange], opened: Mapping[tuple[str, str], Lot]
) -> tuple[LotChange, ...]:
    """Return the lots that changed; one that is not there any more has lost its whole amount.

    `uses` are those between `old` and `new`. Lots of them that are in neither are among those
    `opened` by what did not change.
    """
    used: defaultdict[tuple[str, str], int] = defaultdict(int)
    for use in uses:
        used[(use.lot_op, use.lot_leg)] += use.points
    changes = []
    for key in dict.fromkeys(chain(old.lots, new.lots, used)):
        before, after = old.lots.get(key), new.lots.get(key)
        known = after or before or opened[key]
        points = (after.amount_points if after else 0) - (before.amount_points if before else 0)
        left_points = points - used.get(key, 0)
        if points or left_points or (before and after and _times(before) != _times(after)):
            changes.append(LotChange(*key, *_times(known), points, left_points))
    return tuple(changes)


def _times(lot: Lot) -> tuple[int, int]:
    return lot.earned_ms, lot.expires_ms
