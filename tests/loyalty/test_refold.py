"""Folding again from before a late fact: the same state as from zero, and only true differences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.differences import LotChange, UseChange
from loyalty.fold import fold_all
from loyalty.legs import LEASE_LEG, LEASE_SPEND_LEG, RELEASE_LEG
from loyalty.refold import FoldDiffers, Lack, Tail, changed, refold
from loyalty.state import Fact
from tests.loyalty.facts import (
    NOON_MS,
    adjusted,
    lease_closed,
    lease_lapsed,
    lease_offered,
    lease_spend,
    plain,
    redemption,
    rule,
    sale,
)

IN_ESCROW = {LEASE_LEG: -1, RELEASE_LEG: -1, LEASE_SPEND_LEG: 1}
RULES = [plain(earn=(rule("base", 1, 100), rule("gold", 2, 100, tier="gold")))]


def earned(number: int, paid_minor: int, at_ms: int = 0) -> Fact:
    return sale(("food", paid_minor), number=number, at_ms=NOON_MS + at_ms)


def spent(number: int, points: int, at_ms: int = 0) -> Fact:
    return redemption(points, number=number, at_ms=NOON_MS + at_ms)


def earlier_lease(draw, number: int) -> str:
    return f"L{draw(st.integers(max(0, number - 4), number))}"


# What may happen, given a source of numbers, a time and a line's number.
STATED = [
    lambda draw, at_ms, n: earned(n, draw(st.integers(0, 15_000)), at_ms - NOON_MS),
    lambda draw, at_ms, n: spent(n, draw(st.integers(0, 200)), at_ms - NOON_MS),
    lambda draw, at_ms, n: adjusted(draw(st.integers(-90, 90)), at_ms=at_ms, number=n),
    # An operation happens once, so what happens to a lease again has another name here.
    lambda draw, at_ms, n: lease_offered(
        draw(st.integers(1, 200)), lease=f"L{n}", at_ms=at_ms, number=n
    ),
    lambda draw, at_ms, n: lease_spend(
        draw(st.integers(0, 150)), lease=earlier_lease(draw, n), at_ms=at_ms, number=n
    ),
    lambda draw, at_ms, n: lease_closed(
        draw(st.integers(0, 200)),
        lease=earlier_lease(draw, n),
        at_ms=at_ms,
        number=n,
        op=f"close-{n}",
    ),
    lambda draw, at_ms, n: lease_lapsed(
        lease=earlier_lease(draw, n), at_ms=at_ms, number=n, op=f"lapse-{n}"
    ),
]


@st.composite
def histories(draw):
    """Return facts of one member in the order of positions, and the number of the late one."""
    facts = []
    for number in range(draw(st.integers(1, 12))):
        facts.append(draw(st.sampled_from(STATED))(draw, NOON_MS + number, number))
    return facts, draw(st.integers(0, len(facts) - 1))


@given(histories(), st.integers(0, 12))
def test_a_late_fact_gives_the_state_that_folding_from_zero_gives(history, kept_at):
    facts, late = history
    known = [it for it in facts if it is not facts[late]]
    kept_at = min(kept_at, late)
    before = fold_all(known[:kept_at], RULES) if kept_at else None
    tail = Tail(before, tuple(known[kept_at:]))

    found = refold(tail, changed(tail, add=[facts[late]]), fold_all(known, RULES), RULES)

    assert found.state == fold_all(facts, RULES)


@given(histories())
def test_differences_add_up_to_what_changed(history):
    facts, late = history
    known = [it for it in facts if it is not facts[late]]
    booked = fold_all(known, RULES)
    tail = Tail(None, tuple(known))

    found = refold(tail, changed(tail, add=[facts[late]]), booked, RULES)

    moved_points = sum(it.points for it in found.moves if it.leg != LEASE_SPEND_LEG)
    left_points = sum(it.remaining_points for it in found.lots)
    owed_points = found.state.debt_points - booked.debt_points
    on_cards = [it for it in found.moves if it.card]
    to_cards_points = sum(it.points * IN_ESCROW[it.leg] for it in on_cards)
    assert moved_points == found.state.balance_points - booked.balance_points
    assert to_cards_points == found.state.leased_points - booked.leased_points
    assert left_points - owed_points == moved_points


@given(histories())
def test_adding_and_dropping_a_fact_are_opposites(history):
    facts, late = history
    known = tuple(it for it in facts if it is not facts[late])
    without, whole = fold_all(known, RULES), fold_all(facts, RULES)

    added = refold(Tail(None, known), facts, without, RULES)
    dropped = refold(Tail(None, tuple(facts)), known, whole, RULES)

    assert points_of(added.moves) == {key: -n for key, n in points_of(dropped.moves).items()}
    assert taken(added.uses) == {key: -n for key, n in taken(dropped.uses).items()}
    assert added.lacking == dropped.covered


def points_of(moves) -> dict[tuple[str, str], int]:
    return {(it.op, it.leg): it.points for it in moves}


def taken(uses) -> dict[tuple[str, str, str], int]:
    return {(it.op, it.lot_op, it.lot_leg): it.points for it in uses}


def test_nothing_late_changes_nothing():
    facts = (earned(1, 5000), spent(2, 20, 1))
    tail = Tail(None, facts)

    found = refold(tail, facts, fold_all(facts, RULES), RULES)

    assert (found.moves, found.lots, found.uses, found.passed) == ((), (), (), ())


def test_a_debt_that_was_never_one_becomes_a_use_of_the_late_lot():
    tail = Tail(None, (spent(2, 30, 1),))

    found = refold(tail, changed(tail, add=[earned(1, 5000)]), fold_all(tail.facts, RULES), RULES)

    (lot,) = found.state.lots
    assert (found.state.debt_points, lot.remaining_points) == (0, 20)
    assert found.covered == (Lack("m/s1/2/spend", 30, is_of_lease=False),)
    assert found.uses == (UseChange("m/s1/2/spend", lot.op, lot.leg, 30),)
    assert found.lots == (LotChange(lot.op, lot.leg, lot.earned_ms, lot.expires_ms, 50, 20),)


def test_an_earlier_upgrade_moves_the_later_sale_to_the_higher_rate():
    tail = Tail(None, (earned(2, 5000, 1),))

    found = refold(tail, changed(tail, add=[earned(1, 10_000)]), fold_all(tail.facts, RULES), RULES)

    assert points_of(found.moves) == {
        ("m/s1/1/earn", "rate:1/100"): 100,
        ("m/s1/2/earn", "rate:1/100"): -50,
        ("m/s1/2/earn", "rate:1/50"): 100,
    }
    assert found.state.tier == "gold"


def test_states_on_the_way_are_kept_where_they_are_asked_for():
    tail = Tail(None, tuple(earned(it, 100, it) for it in range(1, 6)))
    facts = changed(tail, add=[earned(0, 100)])

    found = refold(
        tail, facts, fold_all(tail.facts, RULES), RULES, keeps=lambda it: it.version % 2 == 0
    )

    assert [it.version for it in found.passed] == [2, 4, 6]


def test_a_fact_that_is_refused_leaves_no_state_on_the_way():
    foreign = sale(("food", 100), number=3, at_ms=NOON_MS + 3, currency="HKD")
    tail = Tail(None, (earned(1, 100, 1), foreign))

    found = refold(
        tail,
        changed(tail, add=[earned(0, 100)]),
        fold_all(tail.facts, RULES),
        RULES,
        keeps=lambda it: it.version == 2,
    )

    assert [it.version for it in found.passed] == [2]
    assert found.refused.keys() == {foreign.record.op}


def test_a_ledger_that_does_not_follow_from_its_facts_is_not_adjusted():
    tail = Tail(None, (earned(1, 5000),))

    with pytest.raises(FoldDiffers, match="version 1 with 50 points"):
        refold(tail, (), fold_all((earned(1, 6000),), RULES), RULES)
