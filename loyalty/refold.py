"""A fact that comes late: fold again from a state before it, and say what is different now.

Both foldings, with and without the fact, begin at one state that was kept; their differences are
named by business keys, so they can be booked as adjustments of what was booked before.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from loyalty.differences import (
    LotChange,
    Move,
    Sums,
    UseChange,
    lots_between,
    moves_between,
    uses_between,
)
from loyalty.fold import fold, new_member
from loyalty.lease_records import LeaseSpend
from loyalty.legs import lots_by
from loyalty.lots import lots_of
from loyalty.programme import Programme, in_force
from loyalty.record import Record
from loyalty.state import Effect, Fact, MemberState, Position, Refused, Spent


class Tail(NamedTuple):
    """A member's facts after the state `before`, in the order of their positions.

    `before` is None at the very beginning.
    """

    before: MemberState | None
    facts: tuple[Fact, ...]


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
    uses = uses_between(old.sums, new.sums)
    return Difference(
        state=new.state,
        moves=moves_between(old.sums, new.sums),
        fresh=frozenset(new.sums.moves.keys() - old.sums.moves.keys()),
        lots=lots_between(old.sums, new.sums, uses, opened),
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
        self.sums = Sums()
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
        self.sums.add(*posted)
        lack = lack_of(posted.fact.record, posted.effects)
        if lack is not None:
            self.lacks[lack.op] = lack


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


def _position(fact: Fact) -> Position:
    return fact.position
