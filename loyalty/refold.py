"""A fact that comes late: fold again from a state before it, and say what is different now.

Both foldings, with and without the fact, begin at one state that was kept; their differences are
named by business keys, so they can be booked as adjustments of what was booked before.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from loyalty.fold import fold, new_member
from loyalty.lease_records import LeaseSpend
from loyalty.legs import leg_of, lots_by, uses_by
from loyalty.lots import lots_of
from loyalty.programme import Programme, in_force
from loyalty.record import Record
from loyalty.state import Effect, Fact, Lot, MemberState, Position, Refused, Spent


class Tail(NamedTuple):
    """A member's facts after the state `before`, in the order of their positions.

    `before` is None at the very beginning.
    """

    before: MemberState | None
    facts: tuple[Fact, ...]


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


class Lack(NamedTuple):
    """`points` of the fact `op` were not where it spent them: with the member, or on its lease."""

    op: str
    points: int
    is_of_lease: bool


class Difference(NamedTuple):
    """What a member has now, and by what that differs from what was booked.

    `moves` name the legs that move another amount, `fresh` among them those that moved nothing
    before. `lacking` are facts that lack points now and did not, `covered` those that lacked some
    and do not now. `refused` are facts whose rules say no at their place. `passed` are the states
    on the way that `keeps` asked for.
    """

    state: MemberState
    moves: tuple[Move, ...]
    fresh: frozenset[tuple[str, str, str]]
    lots: tuple[LotChange, ...]
    uses: tuple[UseChange, ...]
    lacking: tuple[Lack, ...]
    covered: tuple[Lack, ...]
    refused: dict[str, Refused]
    passed: tuple[MemberState, ...]


class FoldDiffers(ValueError):
    """The facts do not fold to what is booked: other rules than then, or a damaged ledger."""


def changed(
    tail: Tail, *, add: Sequence[Fact] = (), drop: Collection[Position] = ()
) -> tuple[Fact, ...]:
    """Return the facts of `tail` without those at `drop` and with `add`, in order of positions."""
    kept = [it for it in tail.facts if it.position not in drop]
    return tuple(sorted((*kept, *add), key=_position))


def refold(
    tail: Tail,
    facts: Sequence[Fact],
    booked: MemberState,
    programmes: Sequence[Programme],
    keeps: Callable[[MemberState], bool] = lambda _state: False,
) -> Difference:
    """Return what follows if the facts after `tail.before` are `facts` and not `tail.facts`.

    Raises:
        FoldDiffers: `tail` does not fold to `booked`, so nobody knows what to adjust.
    """
    old = _Folding(tail.before, tail.facts, programmes)
    new = _Folding(tail.before, facts, programmes)
    opened = lots_of(tail.before) if tail.before is not None else {}
    passed: list[MemberState] = []
    for before, after in _side_by_side(tail.facts, facts):
        had, has = old.fold(before), new.fold(after)
        if has is not None and keeps(new.state):
            passed.append(new.state)
        if had == has:
            opened.update(lots_by(has.effects) if has is not None else {})
        else:
            old.note(had)
            new.note(has)
    if old.state != booked:
        raise FoldDiffers(
            f"facts fold to version {old.state.version} with {old.state.balance_points} points,"
            f" booked are version {booked.version} and {booked.balance_points}"
        )
    uses = _use_changes(old, new)
    return Difference(
        state=new.state,
        moves=_moves(old, new),
        fresh=frozenset(new.moves.keys() - old.moves.keys()),
        lots=_lot_changes(old, new, opened, uses),
        uses=uses,
        lacking=tuple([new.lacks[op] for op in sorted(new.lacks.keys() - old.lacks.keys())]),
        covered=tuple([old.lacks[op] for op in sorted(old.lacks.keys() - new.lacks.keys())]),
        refused=new.refused,
        passed=tuple(passed),
    )


def lack_of(record: Record, effects: Sequence[Effect]) -> Lack | None:
    """Return what `record`, which had `effects`, lacked of the points that it spent, if any."""
    is_of_lease = isinstance(record, LeaseSpend)
    for it in effects:
        if isinstance(it, Spent):
            points = it.points if is_of_lease else it.debt_points
            return Lack(record.op, points, is_of_lease) if points else None
    return None


class _Posted(NamedTuple):
    """A fact that no rule refused, and what it changed under version `rules`."""

    fact: Fact
    effects: tuple[Effect, ...]
    rules: int


class _Folding:
    """Folds `facts` after `before`; what of them is noted it sums up by business keys."""

    def __init__(
        self, before: MemberState | None, facts: Sequence[Fact], programmes: Sequence[Programme]
    ) -> None:
        self.moves: dict[tuple[str, str, str], Move] = {}
        self.lots: dict[tuple[str, str], Lot] = {}
        self.uses: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.lacks: dict[str, Lack] = {}
        self.refused: dict[str, Refused] = {}
        self._programmes = programmes
        first_ms = facts[0].position.event_ms if facts else 0
        self.state = before or new_member(in_force(programmes, first_ms))

    def fold(self, fact: Fact | None) -> _Posted | None:
        """Fold the next fact, if any, and return what it changed, or None if it is refused."""
        if fact is None:
            return None
        programme = in_force(self._programmes, fact.position.event_ms)
        folded = fold(self.state, fact, programme)
        if isinstance(folded, Refused):
            self.refused[fact.record.op] = folded
            return None
        self.state, effects = folded
        return _Posted(fact, effects, programme.version)

    def note(self, posted: _Posted | None) -> None:
        """Note what `posted` moved, opened, used and lacked."""
        if posted is None:
            return
        position, record = posted.fact
        for effect in posted.effects:
            leg = leg_of(effect)
            if leg is not None:
                what = (record.op, leg.name, record.store)
                at = (position.event_ms, posted.rules)
                self.moves[what] = Move(*what, leg.card, leg.points, *at)
            for by_op, use in uses_by(record.op, effect):
                self.uses[(by_op, use.op, use.leg)] += use.points
        self.lots.update(lots_by(posted.effects))
        lack = lack_of(record, posted.effects)
        if lack is not None:
            self.lacks[record.op] = lack


def _side_by_side(
    old: Sequence[Fact], new: Sequence[Fact]
) -> Iterator[tuple[Fact | None, Fact | None]]:
    """Yield the facts of both in their order, those at one position together."""
    at = 0
    for fact in new:
        while at < len(old) and old[at].position < fact.position:
            yield old[at], None
            at += 1
        if at < len(old) and old[at].position == fact.position:
            yield old[at], fact
            at += 1
        else:
            yield None, fact
    for left in old[at:]:
        yield left, None


def _moves(old: _Folding, new: _Folding) -> tuple[Move, ...]:
    moves = []
    for key in dict.fromkeys(chain(old.moves, new.moves)):
        before, after = old.moves.get(key), new.moves.get(key)
        known = after if after is not None else before
        assert known is not None
        points = (after.points if after else 0) - (before.points if before else 0)
        if points:
            moves.append(known._replace(points=points))
    return tuple(moves)


def _use_changes(old: _Folding, new: _Folding) -> tuple[UseChange, ...]:
    changes = []
    for key in dict.fromkeys(chain(old.uses, new.uses)):
        points = new.uses.get(key, 0) - old.uses.get(key, 0)
        if points:
            changes.append(UseChange(*key, points))
    return tuple(changes)


def _lot_changes(
    old: _Folding,
    new: _Folding,
    opened: Mapping[tuple[str, str], Lot],
    uses: Sequence[UseChange],
) -> tuple[LotChange, ...]:
    """Return the lots that changed; one that is not there any more has lost its whole amount.

    Lots that are neither `old` nor `new` are among those `opened` by what did not change.
    """
    used: dict[tuple[str, str], int] = {}
    for use in uses:
        key = (use.lot_op, use.lot_leg)
        used[key] = used.get(key, 0) + use.points
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


def _position(fact: Fact) -> Position:
    return fact.position
