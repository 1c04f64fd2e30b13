"""A fact that comes late: fold again from a state before it, and say what is different now.

Both foldings, with and without the fact, begin at one state that was kept; their differences are
named by business keys, so they can be booked as adjustments of what was booked before.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import NamedTuple

from loyalty.fold import fold, new_member
from loyalty.programme import Programme, in_force
from loyalty.record import Record
from loyalty.state import Earned, Effect, Fact, Lot, MemberState, Position, Refused, Spent

SPEND_LEG = "spend"


class Tail(NamedTuple):
    """A member's facts after the state `before`, in the order of their positions.

    `before` is None at the very beginning.
    """

    before: MemberState | None
    facts: tuple[Fact, ...]


class Move(NamedTuple):
    """`points` into the member (out, if negative) by leg `leg` of the fact `op` of `store`.

    `event_ms` and `rules` say when that fact counts, and under which version of the programme.
    """

    op: str
    leg: str
    store: str
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


class Difference(NamedTuple):
    """What a member has now, and by what that differs from what was booked.

    `moves` name the legs that move another amount, `fresh` among them those that moved nothing
    before. `overdrawn` are redemptions that lack points now and did not, with what they lack,
    `covered` those that lacked some and do not now. `refused` are facts whose rules say no at
    their place. `passed` are the states on the way that `keeps` asked for.
    """

    state: MemberState
    moves: tuple[Move, ...]
    fresh: frozenset[tuple[str, str, str]]
    lots: tuple[LotChange, ...]
    uses: tuple[UseChange, ...]
    overdrawn: tuple[tuple[str, int], ...]
    covered: tuple[str, ...]
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
    old = _Folding(tail.before, tail.facts, programmes, lambda _state: False)
    if old.state != booked:
        raise FoldDiffers(
            f"facts fold to version {old.state.version} with {old.state.balance_points} points,"
            f" booked are version {booked.version} and {booked.balance_points}"
        )
    new = _Folding(tail.before, facts, programmes, keeps)
    uses = _use_changes(old, new)
    return Difference(
        state=new.state,
        moves=_moves(old, new),
        fresh=frozenset(new.moves.keys() - old.moves.keys()),
        lots=_lot_changes(old, new, uses),
        uses=uses,
        overdrawn=tuple(
            [(op, new.debts[op]) for op in sorted(new.debts.keys() - old.debts.keys())]
        ),
        covered=tuple(sorted(old.debts.keys() - new.debts.keys())),
        refused=new.refused,
        passed=tuple(new.passed),
    )


class _Folding:
    """What folding `facts` after `before` moves, by business keys."""

    def __init__(
        self,
        before: MemberState | None,
        facts: Sequence[Fact],
        programmes: Sequence[Programme],
        keeps: Callable[[MemberState], bool],
    ) -> None:
        self.moves: dict[tuple[str, str, str], Move] = {}
        self.lots: dict[tuple[str, str], Lot] = {}
        self.uses: dict[tuple[str, str, str], int] = {}
        self.debts: dict[str, int] = {}
        self.refused: dict[str, Refused] = {}
        self.passed: list[MemberState] = []
        self.opened_before = {(it.op, it.leg): it for it in before.lots} if before else {}
        self.state = before if before is not None else _beginning(facts, programmes)
        for fact in facts:
            programme = in_force(programmes, fact.position.event_ms)
            folded = fold(self.state, fact, programme)
            if isinstance(folded, Refused):
                self.refused[fact.record.op] = folded
                continue
            self.state, effects = folded
            for effect in effects:
                self._note(fact.record, effect, fact.position.event_ms, programme.version)
            if keeps(self.state):
                self.passed.append(self.state)

    def _note(self, record: Record, effect: Effect, event_ms: int, rules: int) -> None:
        op, store = record.op, record.store
        if isinstance(effect, Earned):
            lot = effect.lot
            self.lots[(op, lot.leg)] = lot
            move = Move(op, lot.leg, store, lot.amount_points, event_ms, rules)
            self.moves[(op, lot.leg, store)] = move
            if effect.debt_paid_points:
                self.uses[(op, op, lot.leg)] = effect.debt_paid_points
        elif isinstance(effect, Spent):
            move = Move(op, SPEND_LEG, store, -effect.points, event_ms, rules)
            self.moves[(op, SPEND_LEG, store)] = move
            for use in effect.uses:
                self.uses[(op, use.op, use.leg)] = use.points
            if effect.debt_points:
                self.debts[op] = effect.debt_points


def _beginning(facts: Sequence[Fact], programmes: Sequence[Programme]) -> MemberState:
    return new_member(in_force(programmes, facts[0].position.event_ms if facts else 0))


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


def _lot_changes(old: _Folding, new: _Folding, uses: Sequence[UseChange]) -> tuple[LotChange, ...]:
    """Return the lots that changed; one that is not there any more has lost its whole amount."""
    used: dict[tuple[str, str], int] = {}
    for use in uses:
        key = (use.lot_op, use.lot_leg)
        used[key] = used.get(key, 0) + use.points
    changes = []
    for key in dict.fromkeys(chain(old.lots, new.lots, used)):
        before, after = old.lots.get(key), new.lots.get(key)
        known = after or before or old.opened_before[key]
        points = (after.amount_points if after else 0) - (before.amount_points if before else 0)
        left_points = points - used.get(key, 0)
        if points or left_points or (before and after and _times(before) != _times(after)):
            changes.append(LotChange(*key, *_times(known), points, left_points))
    return tuple(changes)


def _times(lot: Lot) -> tuple[int, int]:
    return lot.earned_ms, lot.expires_ms


def _position(fact: Fact) -> Position:
    return fact.position
