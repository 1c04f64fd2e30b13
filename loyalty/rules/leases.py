"""What a lease takes from its member, what its card spends of it, and what comes back.

A lease holds what is there when it is offered. What its card spends beyond that has happened too,
and is taken as by a redemption (L30). Spending takes the parts that expire first, so what comes
back while spends may still be unknown are the parts that expire last. See docs/offline.md.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from loyalty.hub_records import LeaseLapsed, LeaseOffered
from loyalty.lease_records import LeaseClosed, LeaseSpend
from loyalty.lots import put_back, split, take, uses_of, without
from loyalty.programme import Programme
from loyalty.rules.redeem import spend_points, wrong_currency
from loyalty.state import (
    Effect,
    Fact,
    Leased,
    LeaseReturned,
    LeaseSpent,
    LeaseTaken,
    Lot,
    MemberState,
    Refused,
)

Changed = tuple[MemberState, tuple[Effect, ...]]


def offer(_: Programme, state: MemberState, fact: Fact, offered: LeaseOffered) -> Changed:
    """Return what `offered` takes from the lots: as much of its points as they have then."""
    parts = take(state.lots, offered.points, fact.position.event_ms)
    if not parts:
        return state, ()
    uses = uses_of(parts)
    leased = Leased(offered.lease, offered.card, parts)
    after = replace(state, lots=without(state.lots, uses), leases=(*state.leases, leased))
    return after, (LeaseTaken(offered.lease, offered.card, uses),)


def spend(
    programme: Programme, state: MemberState, fact: Fact, spent: LeaseSpend
) -> Changed | Refused:
    """Return what `spent` takes from its lease, and from the lots what the lease lacks."""
    refused = wrong_currency(programme, spent.currency)
    if refused is not None:
        return refused
    effects: list[Effect] = []
    lacking_points = spent.points
    leased = _find(state, spent)
    if leased is not None:
        used, left = split(leased.lots, spent.points)
        uses = uses_of(used)
        if uses:
            effects.append(LeaseSpent(leased.lease, leased.card, uses))
            lacking_points -= sum([it.points for it in uses])
            state = _with(state, leased, left)
    if lacking_points:
        beyond = spend_points(state, lacking_points, fact.position.event_ms)
        if isinstance(beyond, Refused):
            return beyond
        effects.append(beyond)
        state = replace(
            state,
            lots=without(state.lots, beyond.uses),
            debt_points=state.debt_points + beyond.debt_points,
        )
    return state, tuple(effects)


def close(_: Programme, state: MemberState, fact: Fact, closed: LeaseClosed) -> Changed:
    """Return what comes back from a lease whose card showed how much of it was left.

    What the card had spent by then and nobody has stated yet stays with the lease. A close of
    which nobody knows whether the card has it gives nothing back.
    """
    leased = _find(state, closed)
    if leased is None or closed.touch != "done":
        return state, ()
    return _give_back(state, leased, min(closed.left_points, leased.left_points))


def lapse(_: Programme, state: MemberState, fact: Fact, lapsed: LeaseLapsed) -> Changed:
    """Return what comes back from a lease that nobody can have spent more of."""
    leased = _find(state, lapsed)
    if leased is None:
        return state, ()
    return _give_back(state, leased, leased.left_points)


RULES: dict[str, Callable[[Programme, MemberState, Fact, Any], Changed | Refused]] = {
    LeaseOffered.kind: offer,
    LeaseSpend.kind: spend,
    LeaseClosed.kind: close,
    LeaseLapsed.kind: lapse,
}


def _find(state: MemberState, record: LeaseSpend | LeaseClosed | LeaseLapsed) -> Leased | None:
    """Return the lease that `record` is about, as long as it is its own card's."""
    wanted = (record.lease, record.card)
    return next((it for it in state.leases if (it.lease, it.card) == wanted), None)


def _give_back(state: MemberState, leased: Leased, points: int) -> Changed:
    """Return the last `points` of `leased` to the member: the debt is paid first (L16)."""
    kept, back = split(leased.lots, leased.left_points - points)
    if not back:
        return state, ()
    paid, returned = split(back, state.debt_points)
    after = replace(
        _with(state, leased, kept),
        lots=put_back(state.lots, returned),
        debt_points=state.debt_points - sum([it.remaining_points for it in paid]),
    )
    effect = LeaseReturned(leased.lease, leased.card, uses_of(returned), uses_of(paid))
    return after, (effect,)


def _with(state: MemberState, leased: Leased, left: tuple[Lot, ...]) -> MemberState:
    """Return `state` where `leased` holds `left`; without it if that is nothing."""
    after = [it if it is not leased else leased._replace(lots=left) for it in state.leases]
    return replace(state, leases=tuple([it for it in after if it.lots]))
