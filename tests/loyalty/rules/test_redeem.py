"""Points are spent soonest expiry first, and what is not there becomes debt."""

from hypothesis import given
from hypothesis import strategies as st

from loyalty.fields import POINTS_MAX, TIME_MAX_MS
from loyalty.programme_days import NEVER_MS
from loyalty.rules.redeem import (
    NOTHING_EXPIRES,
    Expiring,
    first_to_expire,
    may_redeem,
    redeem,
    spendable_points,
)
from loyalty.state import LotUse, MemberState, Refused, Spent
from tests.loyalty.facts import NOON_MS, lot, plain, redemption


def member(*lots: object, debt_points: int = 0) -> MemberState:
    return MemberState(tier="silver", lots=lots, debt_points=debt_points)


def spend(state: MemberState, points: int) -> Spent | Refused:
    fact = redemption(points)
    return redeem(plain(), state, fact, fact.record)


def test_lots_are_spent_in_their_order_until_it_is_enough():
    state = member(lot("a", 30), lot("b", 30), lot("c", 30))

    assert spend(state, 50) == Spent(
        50, (LotUse("a", "rate:1/100", 30), LotUse("b", "rate:1/100", 20)), 0
    )


def test_an_expired_lot_is_passed_over():
    state = member(lot("a", 30, expires_ms=NOON_MS), lot("b", 30, expires_ms=NOON_MS + 1))

    assert spend(state, 10) == Spent(10, (LotUse("b", "rate:1/100", 10),), 0)


def test_what_is_not_there_becomes_debt():
    state = member(lot("a", 30), debt_points=5)

    assert spend(state, 100) == Spent(100, (LotUse("a", "rate:1/100", 30),), 70)


def test_a_redemption_of_nothing_spends_nothing():
    assert spend(member(lot("a", 30)), 0) == Spent(0, (), 0)


def test_debt_beyond_the_maximum_is_refused():
    refused = spend(member(debt_points=1), POINTS_MAX)

    assert isinstance(refused, Refused)
    assert refused.reason == "too_many_points"


def test_another_currency_is_refused():
    fact = redemption(100, currency="HKD")

    refused = redeem(plain(), member(), fact, fact.record)

    assert isinstance(refused, Refused)
    assert refused.reason == "currency"


def may(state: MemberState, offer_id: str, *, reserved_points: int = 0) -> object:
    found = may_redeem(plain(), state, offer_id, at_ms=NOON_MS, reserved_points=reserved_points)
    return found.reason if isinstance(found, Refused) else found.id


def test_an_offer_is_had_for_exactly_its_points():
    assert may(member(lot("a", 500)), "voucher-5") == "voucher-5"
    assert may(member(lot("a", 499)), "voucher-5") == "not_enough_points"


def test_reserved_and_expired_points_are_not_free():
    state = member(lot("a", 400, expires_ms=NOON_MS), lot("b", 600))

    assert may(state, "voucher-5", reserved_points=100) == "voucher-5"
    assert may(state, "voucher-5", reserved_points=101) == "not_enough_points"


def test_a_member_in_debt_may_not_redeem():
    assert may(member(lot("a", 5000), debt_points=1), "voucher-1") == "not_enough_points"


def test_an_offer_that_is_not_there_is_unknown():
    assert may(member(lot("a", 500)), "yacht") == "unknown_offer"


def test_the_debt_counts_against_what_can_be_spent():
    state = member(lot("a", 10, expires_ms=NOON_MS), lot("b", 20), debt_points=25)

    assert spendable_points(state, NOON_MS - 1) == 5
    assert spendable_points(state, NOON_MS) == -5


def test_the_lots_of_the_nearest_expiry_are_told_together():
    soon_ms, later_ms = NOON_MS + 1, NOON_MS + 2
    ends = {"a": soon_ms, "b": soon_ms, "c": later_ms}
    state = member(*[lot(op, 30, expires_ms=at_ms) for op, at_ms in ends.items()])

    assert first_to_expire(state, NOON_MS) == Expiring(60, soon_ms)


def test_a_lot_whose_end_has_come_is_over_and_the_next_one_expires_first():
    state = member(lot("a", 10, expires_ms=NOON_MS), lot("b", 20, expires_ms=NOON_MS + 5))

    assert first_to_expire(state, NOON_MS - 1) == Expiring(10, NOON_MS)
    assert first_to_expire(state, NOON_MS) == Expiring(20, NOON_MS + 5)
    assert first_to_expire(state, NOON_MS + 5) == NOTHING_EXPIRES


def test_nothing_expires_without_lots_or_where_they_live_for_ever():
    for ends_ms in (TIME_MAX_MS, NEVER_MS):
        assert first_to_expire(member(lot("a", 10, expires_ms=ends_ms)), NOON_MS) == NOTHING_EXPIRES
    assert first_to_expire(member(debt_points=40), NOON_MS) == NOTHING_EXPIRES


LOTS = st.lists(st.tuples(st.integers(1, 10**12), st.integers(-3, 3)), max_size=8)


@given(LOTS, st.integers(0, 10**12))
def test_a_redemption_is_lots_and_debt_to_the_point(amounts: list[tuple[int, int]], points: int):
    lots = [
        lot(f"op{index}", amount, expires_ms=NOON_MS + shift)
        for index, (amount, shift) in enumerate(sorted(amounts, key=lambda it: it[1]))
    ]
    state = member(*lots)

    spent = spend(state, points)

    taken = {use.op: use.points for use in spent.uses}
    assert sum(taken.values()) + spent.debt_points == points
    assert all(0 < taken[it.op] <= it.remaining_points for it in lots if it.op in taken)
    assert spent.debt_points == max(0, points - spendable_points(state, NOON_MS))
    spendable = [it for it in lots if it.expires_ms > NOON_MS]
    used = spendable[: len(spent.uses)]
    assert [use.op for use in spent.uses] == [it.op for it in used]
    assert all(taken[it.op] == it.remaining_points for it in used[:-1])
