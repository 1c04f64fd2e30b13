"""What two people give is as if earned, what they take as if spent; tiers see neither."""

import pytest

from loyalty.fields import POINTS_MAX
from loyalty.fold import fold
from loyalty.programme_terms import Expiry
from loyalty.state import Earned, LotUse, MemberState, Refused, Spent
from tests.loyalty.facts import NOON_MS, adjusted, lot, plain, sale


def member(*lots: object, debt_points: int = 0) -> MemberState:
    return MemberState(tier="silver", lots=lots, debt_points=debt_points)


def test_points_that_are_given_are_a_lot_with_the_expiry_of_the_programme():
    programme = plain(expiry=Expiry(count=1, unit="months", round_to="day"))
    given, bought = adjusted(40), sale(("A", 4000))

    state, (effect,) = fold(member(), given, programme)
    _, (earned, *_) = fold(member(), bought, programme)

    assert isinstance(effect, Earned)
    assert effect.rule == "goodwill"
    assert effect.lot.expires_ms == earned.lot.expires_ms > NOON_MS
    assert (state.balance_points, state.lots) == (40, (effect.lot,))


def test_points_that_are_given_do_not_qualify_for_tiers():
    state, _ = fold(member(), adjusted(5_000), plain())

    assert (state.tier, state.qualifying_points) == ("silver", 0)


def test_points_that_are_given_pay_the_debt_first():
    state, (effect,) = fold(member(debt_points=30), adjusted(40), plain())

    assert (effect.debt_paid_points, state.debt_points, state.balance_points) == (30, 0, 10)


@pytest.mark.parametrize(("points", "debt_points"), [(20, 0), (45, 15)])
def test_points_that_are_taken_are_spent(points: int, debt_points: int):
    state, effects = fold(member(lot("a", 30)), adjusted(-points), plain())

    taken = LotUse("a", "rate:1/100", min(points, 30))
    assert effects == (Spent(points, (taken,), debt_points),)
    assert state.balance_points == 30 - points


@pytest.mark.parametrize("points", [POINTS_MAX, -POINTS_MAX])
def test_nobody_is_given_more_than_a_member_may_have_nor_owes_more(points: int):
    full = member(lot("a", 1)) if points > 0 else member(debt_points=1)

    refused = fold(full, adjusted(points), plain())

    assert isinstance(refused, Refused)
    assert refused.reason == "too_many_points"
