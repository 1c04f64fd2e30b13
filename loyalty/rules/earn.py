"""What a sale earns: points per money, by the tier held before it, floored once for each rate."""

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from loyalty.fields import POINTS_MAX
from loyalty.programme import Programme
from loyalty.programme_rates import ItemRate
from loyalty.records import Sale
from loyalty.state import Earned, Fact, Lot, MemberState, Refused


class Leg(NamedTuple):
    """The points of a receipt's items of one rate; `rules` are the ids of what made that rate."""

    name: str
    rules: str
    points: int


def earn(
    programme: Programme, state: MemberState, fact: Fact, sale: Sale
) -> tuple[Earned, ...] | Refused:
    """Return the lots that `sale` opens, at most one for each rate; the debt is paid first.

    The tier held before the sale decides (L7), on the business date of the event (L26).
    """
    if sale.currency != programme.currency:
        return Refused("currency", f"sale in {sale.currency}, programme in {programme.currency}")
    event_ms = fact.position.event_ms
    day = programme.days.at(event_ms)
    legs = legs_of(programme, state.tier, sale, day=day.date, terminal=fact.position.device)
    held_points = state.balance_points + state.leased_points  # with what was given by hand
    legs_points = sum([leg.points for leg in legs])
    if max(state.qualifying_points, held_points) + legs_points > POINTS_MAX:
        return Refused("too_many_points", f"more than {POINTS_MAX} points for one member")
    debt_points = state.debt_points
    earned = []
    for name, rules, points in legs:
        paid_points = min(points, debt_points)
        debt_points -= paid_points
        lot = Lot(sale.op, name, event_ms, day.lots_expire_ms, points, points - paid_points)
        earned.append(Earned(lot, rules, paid_points))
    return tuple(earned)


def legs_of(programme: Programme, tier: str, sale: Sale, *, day: date, terminal: str) -> list[Leg]:
    """Return what `sale` earns a member of `tier` on business date `day`, by leg name.

    Items of one rate are summed, multiplied, then floored once (L5). A negative item takes from
    the sum of its own rate, which never earns less than nothing. Legs without points are left out.
    """
    rates = programme.rates.of_receipt(tier=tier, store=sale.store, terminal=terminal, day=day)
    rate_of, other = rates.by_category.get, rates.other
    skip_special = programme.exclude_special_price
    paid_minor: defaultdict[ItemRate, int] = defaultdict(int)
    for category, item_minor, special_price in sale.items:
        if not (special_price and skip_special):
            paid_minor[rate_of(category, other)] += item_minor
    return _capped(_floored(paid_minor), programme.receipt_cap_points)


def _floored(paid_minor: dict[ItemRate, int]) -> list[Leg]:
    """Return the legs in order of names; item rates of different rules may be one rate."""
    by_leg: dict[str, list[ItemRate]] = {}
    for rate in paid_minor:
        by_leg.setdefault(rate.leg, []).append(rate)
    legs = []
    for name in sorted(by_leg):
        rates = by_leg[name]
        points = rates[0].rate.of(sum([paid_minor[it] for it in rates]))
        if points > 0:
            legs.append(Leg(name, ",".join(sorted({it.rules for it in rates})), points))
    return legs


def _capped(legs: list[Leg], cap_points: int) -> list[Leg]:
    """Return `legs` cut to `cap_points` in all, the last of them first."""
    if sum([leg.points for leg in legs]) <= cap_points:
        return legs
    kept = []
    for leg in legs:
        points = min(leg.points, cap_points)
        cap_points -= points
        if points:
            kept.append(leg._replace(points=points))
    return kept
