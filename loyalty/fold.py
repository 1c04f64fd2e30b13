"""A member's state is a fold over that member's facts, in the order of their positions.

Every fact that is folded counts in `version`, whether or not it moves points; a refused one
leaves the state alone. The state after any fact is all that the next one needs, so a fold may
begin again from any state that was kept.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from loyalty.programme import Programme, in_force
from loyalty.record import Record
from loyalty.records import Redemption, Sale
from loyalty.rules import earn, redeem, tiers
from loyalty.state import (
    Earned,
    Effect,
    Fact,
    Lot,
    LotUse,
    MemberState,
    Position,
    Refused,
    Spent,
)

CLOCK_SLACK_MS = 300_000  # how far a device's clock may run ahead of what the hub last told it


def event_ms(record: Record) -> int:
    """Return when `record` happened, resolved from its own fields and from nothing else.

    A till's timestamp and a hub's grant count as they are; otherwise it is when the device stated
    it.
    """
    if isinstance(record, Sale) and record.till_ms > 0:
        return record.till_ms
    if isinstance(record, Redemption) and record.granted_ms > 0:
        return record.granted_ms
    return stated_ms(record)


def stated_ms(record: Record) -> int:
    """Return when the device stated `record`, and so when its card was touched.

    It is the device's clock, kept between the last hub time seen and that plus the time since boot
    and `CLOCK_SLACK_MS`.
    """
    if record.hub_ms == 0:
        return record.at_ms
    latest_ms = record.hub_ms + record.mono_ms + CLOCK_SLACK_MS
    return max(record.hub_ms, min(record.at_ms, latest_ms))


def new_member(programme: Programme) -> MemberState:
    """Return the state of a member before any fact."""
    return MemberState(tier=tiers.first_tier(programme))


def fold_all(facts: Iterable[Fact], programmes: Sequence[Programme]) -> MemberState:
    """Return the state after `facts` in any order, each under the programme in force at its event.

    Raises:
        ValueError: there is no programme at all.
    """
    ordered = sorted(facts, key=_position)
    first_ms = ordered[0].position.event_ms if ordered else 0
    state = new_member(in_force(programmes, first_ms))
    for fact in ordered:
        folded = fold(state, fact, in_force(programmes, fact.position.event_ms))
        if not isinstance(folded, Refused):
            state, _ = folded
    return state


def fold(
    state: MemberState, fact: Fact, programme: Programme
) -> tuple[MemberState, tuple[Effect, ...]] | Refused:
    """Return the state after `fact` and what it changed, or why it cannot be.

    `programme` is the version in force at the event. Facts are to come in the order of their
    positions; the order is the caller's business.
    """
    record = fact.record
    position = fact.position if state.last is None else max(state.last, fact.position)
    if isinstance(record, Sale):
        earned = earn.earn(programme, state, fact, record)
        if isinstance(earned, Refused):
            return earned
        after = _after_earning(state, earned, position)
        step = tiers.upgrade(programme, after)
        if step is None:
            return after, earned
        effects: tuple[Effect, ...] = (*earned, step)
        return replace(after, tier=step.after), effects
    if isinstance(record, Redemption):
        spent = redeem.redeem(programme, state, fact, record)
        if isinstance(spent, Refused):
            return spent
        return _after_spending(state, spent[0], position), spent
    return replace(state, version=state.version + 1, last=position), ()


def _after_earning(
    state: MemberState, earned: tuple[Earned, ...], position: Position
) -> MemberState:
    lots = state.lots
    earned_points = paid_points = 0
    for lot, _, debt_paid_points in earned:
        earned_points += lot.amount_points
        paid_points += debt_paid_points
        if lot.remaining_points:
            lots = _with_lot(lots, lot)
    return MemberState(
        tier=state.tier,
        qualifying_points=state.qualifying_points + earned_points,
        debt_points=state.debt_points - paid_points,
        lots=lots,
        version=state.version + 1,
        last=position,
    )


def _after_spending(state: MemberState, spent: Spent, position: Position) -> MemberState:
    return replace(
        state,
        debt_points=state.debt_points + spent.debt_points,
        lots=_without(state.lots, spent.uses),
        version=state.version + 1,
        last=position,
    )


def _with_lot(lots: tuple[Lot, ...], lot: Lot) -> tuple[Lot, ...]:
    if not lots or _spending_order(lots[-1]) <= _spending_order(lot):
        return (*lots, lot)
    at = bisect_right(lots, _spending_order(lot), key=_spending_order)
    return (*lots[:at], lot, *lots[at:])


def _without(lots: tuple[Lot, ...], uses: tuple[LotUse, ...]) -> tuple[Lot, ...]:
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


def _spending_order(lot: Lot) -> tuple[int, int, str, str]:
    return lot.expires_ms, lot.earned_ms, lot.op, lot.leg


def _position(fact: Fact) -> Position:
    return fact.position
