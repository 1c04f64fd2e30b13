"""A member's state is a fold over that member's facts, in the order of their positions.

Every fact that is folded counts in `version`, whether or not it moves points; a refused one
leaves the state alone. The state after any fact is all that the next one needs, so a fold may
begin again from any state that was kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from loyalty.hub_records import PointsAdjusted
from loyalty.lots import put, without
from loyalty.programme import Programme, in_force
from loyalty.record import Record
from loyalty.records import Redemption, Sale
from loyalty.rules import adjust, earn, leases, redeem, tiers
from loyalty.state import Earned, Effect, Fact, MemberState, Position, Refused, Spent

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
    """Return when the device stated `record`, and so when its card was touched."""
    return resolved_ms(record.at_ms, record.mono_ms, record.hub_ms)


def resolved_ms(at_ms: int, mono_ms: int, hub_ms: int) -> int:
    """Return the time by a device's clocks: wall time, time since boot, last hub time seen or 0.

    It is the wall time, kept between the last hub time and that plus the time since boot and
    `CLOCK_SLACK_MS`.
    """
    if hub_ms == 0:
        return at_ms
    return max(hub_ms, min(at_ms, hub_ms + mono_ms + CLOCK_SLACK_MS))


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
        return _after_spending(state, spent, position), (spent,)
    if isinstance(record, PointsAdjusted):
        return _adjust(programme, state, fact, record, position)
    rule = leases.RULES.get(record.kind)
    if rule is None:
        return replace(state, version=state.version + 1, last=position), ()
    changed = rule(programme, state, fact, record)
    if isinstance(changed, Refused):
        return changed
    return replace(changed[0], version=state.version + 1, last=position), changed[1]


def _adjust(
    programme: Programme,
    state: MemberState,
    fact: Fact,
    adjusted: PointsAdjusted,
    position: Position,
) -> tuple[MemberState, tuple[Effect, ...]] | Refused:
    effect = adjust.adjust(programme, state, fact, adjusted)
    if isinstance(effect, Refused):
        return effect
    if isinstance(effect, Spent):
        return _after_spending(state, effect, position), (effect,)
    after = _after_earning(state, (effect,), position)
    return replace(after, qualifying_points=state.qualifying_points), (effect,)


def _after_earning(
    state: MemberState, earned: tuple[Earned, ...], position: Position
) -> MemberState:
    lots = state.lots
    earned_points = paid_points = 0
    for lot, _, debt_paid_points in earned:
        earned_points += lot.amount_points
        paid_points += debt_paid_points
        if lot.remaining_points:
            lots = put(lots, lot)
    return MemberState(
        tier=state.tier,
        qualifying_points=state.qualifying_points + earned_points,
        debt_points=state.debt_points - paid_points,
        lots=lots,
        leases=state.leases,
        version=state.version + 1,
        last=position,
    )


def _after_spending(state: MemberState, spent: Spent, position: Position) -> MemberState:
    return MemberState(
        tier=state.tier,
        qualifying_points=state.qualifying_points,
        debt_points=state.debt_points + spent.debt_points,
        lots=without(state.lots, spent.uses),
        leases=state.leases,
        version=state.version + 1,
        last=position,
    )


def _position(fact: Fact) -> Position:
    return fact.position
