"""A sale earns by its rates, each floored once; the tier is the one held before."""

from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from loyalty.fields import POINTS_MAX
from loyalty.fold import new_member
from loyalty.programme import Programme
from loyalty.programme_days import NEVER_MS
from loyalty.programme_terms import Expiry
from loyalty.rules.earn import Leg, earn, legs_of
from loyalty.state import Earned, Fact, Leased, Lot, MemberState, Refused
from tests.loyalty.facts import HOUR_MS, NOON_MS, lot, plain, promotion, rule, sale

MEMBER = MemberState(tier="silver")


def points_of(programme: Programme, fact: Fact, *, tier: str = "silver") -> int:
    """Return all points that the sale of `fact` earns."""
    return sum(leg.points for leg in legs(programme, fact, tier=tier))


def legs(programme: Programme, fact: Fact, *, tier: str = "silver") -> list[Leg]:
    day = programme.days.at(fact.position.event_ms).date
    return legs_of(programme, tier, fact.record, day=day, terminal=fact.position.device)


def test_a_sale_opens_one_lot_for_each_rate():
    programme = plain(earn=(rule("base", 1, 100), rule("meat", 3, 200, category="MEAT")))
    bought = sale(("MEAT", 333), ("BREAD", 250), ("MEAT", 100))

    earned = earn(programme, MEMBER, bought, bought.record)

    op = bought.record.op
    assert earned == (
        Earned(Lot(op, "rate:1/100", NOON_MS, NEVER_MS, 2, 2), "base", 0),
        Earned(Lot(op, "rate:3/200", NOON_MS, NEVER_MS, 6, 6), "meat", 0),
    )


def test_points_are_floored_once_for_a_rate_and_not_for_each_item():
    three_halves = sale(("A", 50), ("B", 50), ("C", 50))

    assert points_of(plain(), three_halves) == 1


def test_rules_with_one_rate_share_one_lot():
    programme = plain(earn=(rule("base", 1, 100), rule("meat", 2, 200, category="MEAT")))

    assert legs(programme, sale(("MEAT", 50), ("BREAD", 50))) == [Leg("rate:1/100", "base,meat", 1)]


def test_special_prices_earn_only_where_the_programme_lets_them():
    bought = sale(("A", 100), ("A", 100, 1))

    assert points_of(plain(exclude_special_price=True), bought) == 1
    assert points_of(plain(exclude_special_price=False), bought) == 2


def test_a_negative_item_takes_from_its_own_rate_only():
    programme = plain(earn=(rule("base", 1, 100), rule("meat", 2, 100, category="MEAT")))

    assert points_of(programme, sale(("BREAD", 500), ("BREAD", -150))) == 3
    assert points_of(programme, sale(("BREAD", 500), ("MEAT", -5000))) == 5


def test_a_receipt_of_nothing_opens_no_lot():
    nothing = sale(("A", 0), ("B", 99), ("C", -1))

    assert earn(plain(), MEMBER, nothing, nothing.record) == ()


def test_the_tier_before_the_sale_sets_the_rate():
    programme = plain(earn=(rule("base", 1, 100), rule("gold", 2, 100, tier="gold")))
    upgrading = sale(("A", 100_000))

    assert points_of(programme, upgrading, tier="silver") == 1000
    assert points_of(programme, upgrading, tier="gold") == 2000


def test_a_rule_for_a_terminal_or_store_counts_there_only():
    programme = plain(earn=(rule("base", 1, 100), rule("new", 2, 100, store="s9")))

    assert points_of(programme, sale(("A", 100))) == 1
    assert points_of(programme, sale(("A", 100), store="s9")) == 2


def test_a_promotion_counts_by_the_business_date_of_the_event():
    programme = plain(
        zone=ZoneInfo("Asia/Hong_Kong"),
        cutoff_hour=4,
        promotions=(promotion("wednesday", 2, weekdays=frozenset({2})),),
    )
    thursday_ms = NOON_MS + 8 * HOUR_MS  # 04:00 in Hong Kong

    before = sale(("A", 100), at_ms=thursday_ms - 1)
    after = sale(("A", 100), at_ms=thursday_ms)

    assert points_of(programme, before) == 2
    assert points_of(programme, after) == 1


def test_a_lot_expires_by_the_programme():
    programme = plain(expiry=Expiry(count=24, unit="months", round_to="month"))
    bought = sale(("A", 100))

    (earned,) = earn(programme, MEMBER, bought, bought.record)

    assert earned.lot.expires_ms == 1554076800000  # 2019-04-01T00:00:00Z


def test_the_cap_of_a_receipt_cuts_its_last_lots():
    programme = plain(
        earn=(rule("base", 1, 100), rule("meat", 2, 100, category="MEAT")), receipt_cap_points=7
    )

    assert legs(programme, sale(("BREAD", 500), ("MEAT", 500))) == [
        Leg("rate:1/100", "base", 5),
        Leg("rate:1/50", "meat", 2),
    ]
    assert legs(programme, sale(("BREAD", 900), ("MEAT", 500))) == [Leg("rate:1/100", "base", 7)]


def test_what_is_earned_pays_the_debt_first():
    programme = plain(earn=(rule("base", 1, 100), rule("meat", 2, 100, category="MEAT")))
    in_debt = MemberState(tier="silver", debt_points=8)
    bought = sale(("BREAD", 500), ("MEAT", 500))

    first, second = earn(programme, in_debt, bought, bought.record)

    assert (first.lot.amount_points, first.lot.remaining_points, first.debt_paid_points) == (
        5,
        0,
        5,
    )
    assert (second.lot.amount_points, second.lot.remaining_points) == (10, 7)
    assert second.debt_paid_points == 3


def test_another_currency_is_refused():
    bought = sale(("A", 100), currency="HKD")

    refused = earn(plain(), MEMBER, bought, bought.record)

    assert isinstance(refused, Refused)
    assert refused.reason == "currency"


def test_points_beyond_the_maximum_are_refused():
    full = MemberState(tier="silver", qualifying_points=POINTS_MAX - 1)
    one, two = sale(("A", 100)), sale(("A", 200))

    assert not isinstance(earn(plain(), full, one, one.record), Refused)
    assert earn(plain(), full, two, two.record) == Refused(
        "too_many_points", "more than 1000000000000 points for one member"
    )


def test_what_was_given_by_hand_or_lies_on_a_lease_counts_towards_the_maximum():
    held, leased = lot("given", POINTS_MAX - 2), lot("other", 1)
    full = MemberState(tier="silver", lots=(held,), leases=(Leased("L1", "c1", (leased,)),))
    one, two = sale(("A", 100)), sale(("A", 200))

    assert not isinstance(earn(plain(), full, one, one.record), Refused)
    assert isinstance(earn(plain(), full, two, two.record), Refused)


CATEGORIES = st.sampled_from(["A", "B", "C", "unknown"])
ITEMS = st.lists(
    st.tuples(CATEGORIES, st.integers(-(10**9), 10**9) | st.integers(-500, 500), st.integers(0, 1)),
    max_size=12,
)
RATES = st.tuples(st.integers(0, 50), st.integers(1, 300)) | st.sampled_from([(1, 100), (2, 200)])


@given(ITEMS, RATES, RATES, st.booleans())
def test_every_rate_floors_its_exact_sum_once(
    items: list[tuple[str, int, int]],
    base: tuple[int, int],
    other: tuple[int, int],
    exclude: bool,
):
    programme = plain(
        exclude_special_price=exclude,
        earn=(rule("base", *base), rule("a", *other, category="A")),
    )

    exact: dict[Fraction, int] = {}
    rules: dict[Fraction, set[str]] = {}
    for category, minor, special in items:
        rate, name = (Fraction(*other), "a") if category == "A" else (Fraction(*base), "base")
        if not (special and exclude):
            exact[rate] = exact.get(rate, 0) + minor
            rules.setdefault(rate, set()).add(name)
    wanted = [
        Leg(f"rate:{it.numerator}/{it.denominator}", ",".join(sorted(rules[it])), points)
        for it, minor in exact.items()
        if (points := (it * minor).__floor__()) > 0
    ]

    found = legs(programme, sale(*items))

    assert found == sorted(wanted)
    assert all(type(leg.points) is int for leg in found)


@given(ITEMS, st.randoms(use_true_random=False))
def test_the_order_of_a_receipts_items_does_not_matter(
    items: list[tuple[str, int, int]], random: object
):
    programme = plain(
        earn=(rule("base", 1, 100), rule("a", 3, 200, category="A")),
        promotions=(promotion("b", 3, 2, category="B"), promotion("c", 2, category="C")),
        receipt_cap_points=1000,
    )
    shuffled = sorted(items, key=lambda _: random.random())

    assert legs(programme, sale(*items)) == legs(programme, sale(*shuffled))


def test_an_unknown_tier_earns_by_the_rules_for_everybody():
    programme = plain(earn=(rule("base", 1, 100), rule("gold", 2, 100, tier="gold")))

    assert points_of(programme, sale(("A", 100)), tier="tin") == 1
    assert new_member(programme).tier == "silver"


def test_an_old_sale_earns_by_its_own_day():
    programme = plain(promotions=(promotion("opening", 2, last_day=date(2017, 3, 1)),))

    assert points_of(programme, sale(("A", 100), at_ms=NOON_MS)) == 2
    assert points_of(programme, sale(("A", 100), at_ms=NOON_MS + 12 * HOUR_MS)) == 1
