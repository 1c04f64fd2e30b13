"""Two sums of what facts did differ by what has to be booked so that one becomes the other."""

from collections.abc import Sequence

from loyalty.differences import (
    LotChange,
    Move,
    Sums,
    UseChange,
    lots_between,
    moves_between,
    uses_between,
)
from loyalty.legs import SPEND_LEG
from loyalty.state import Earned, Effect, Fact, Lot, LotUse, Spent
from tests.loyalty.facts import NOON_MS, redemption, sale

SALE, SPEND = sale(("food", 5000), number=1), redemption(30, number=2)
BOUGHT, SPENT = SALE.record.op, SPEND.record.op
LOT = Lot(BOUGHT, "rate:1/100", NOON_MS, NOON_MS + 10, 50, 50)
EARNED = Earned(LOT, "base", 0)
RULES = 3


def sums(*done: tuple[Fact, Sequence[Effect]]) -> Sums:
    """Return what these facts with their effects add up to."""
    found = Sums()
    for fact, effects in done:
        found.add(fact, effects, RULES)
    return found


def test_a_leg_moves_what_it_moves_more_than_before():
    old = sums((SALE, [EARNED]), (SPEND, [Spent(30, (), 30)]))
    new = sums((SALE, [Earned(LOT._replace(amount_points=70), "base", 0)]))

    moved = moves_between(old, new)

    assert moved == (
        Move(BOUGHT, LOT.leg, "s1", "", 20, NOON_MS, RULES),
        Move(SPENT, SPEND_LEG, "s1", "", 30, NOON_MS, RULES),
    )


def test_uses_of_a_lot_differ_by_what_is_taken_more_or_less():
    use = LotUse(LOT.op, LOT.leg, 30)
    old = sums((SPEND, [Spent(30, (use,), 0)]))
    new = sums((SPEND, [Spent(30, (use._replace(points=10), LotUse("other", LOT.leg, 20)), 0)]))

    used = uses_between(old, new)

    assert used == (
        UseChange(SPENT, LOT.op, LOT.leg, -20),
        UseChange(SPENT, "other", LOT.leg, 20),
    )


def test_a_lot_that_is_not_there_any_more_has_lost_its_whole_amount():
    old, new = sums((SALE, [EARNED])), sums()

    (change,) = lots_between(old, new, (), {})

    assert change == LotChange(*LOT[:4], -50, -50)


def test_a_lot_that_stays_has_less_left_where_more_of_it_is_used():
    use = UseChange(SPENT, LOT.op, LOT.leg, 30)

    (change,) = lots_between(sums(), sums(), (use,), {(LOT.op, LOT.leg): LOT})

    assert change == LotChange(*LOT[:4], 0, -30)


def test_a_lot_of_other_times_is_a_change_though_it_holds_the_same():
    moved = LOT._replace(earned_ms=NOON_MS - 5, expires_ms=NOON_MS + 5)
    old, new = sums((SALE, [EARNED])), sums((SALE, [Earned(moved, "base", 0)]))

    (change,) = lots_between(old, new, (), {})

    assert change == LotChange(*moved[:4], 0, 0)


def test_what_adds_up_to_the_same_differs_in_nothing():
    done = (SALE, [EARNED]), (SPEND, [Spent(30, (LotUse(LOT.op, LOT.leg, 30),), 0)])
    old, new = sums(*done), sums(*done)

    uses = uses_between(old, new)

    assert (moves_between(old, new), uses, lots_between(old, new, uses, {})) == ((), (), ())
