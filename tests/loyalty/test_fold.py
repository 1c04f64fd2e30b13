"""A member's state is what the facts make of it, in the order of their positions."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.fields import POINTS_MAX
from loyalty.fold import CLOCK_SLACK_MS, event_ms, fold, fold_all, new_member
from loyalty.programme import Programme, in_force
from loyalty.programme_terms import Expiry
from loyalty.record import Record
from loyalty.state import Earned, Fact, MemberState, Refused, Spent, TierChanged
from tests.loyalty.facts import HOUR_MS, NOON_MS, check_in, plain, promotion, redemption, rule, sale

DAY_MS = 24 * HOUR_MS


def after(*facts: Fact, programme: Programme | None = None) -> MemberState:
    """Return the state of a member after `facts`, none of which is refused."""
    programme = programme or plain()
    state = new_member(programme)
    for fact in facts:
        folded = fold(state, fact, programme)
        assert not isinstance(folded, Refused)
        state = folded[0]
    return state


def test_a_sale_makes_lots_and_counts():
    bought = sale(("A", 550))

    state = after(bought)

    assert (state.balance_points, state.qualifying_points) == (5, 5)
    assert (state.version, state.last) == (1, bought.position)


def test_a_fact_that_moves_nothing_counts_all_the_same():
    state = new_member(plain())
    visit = check_in()

    folded, effects = fold(state, visit, plain())

    assert folded == replace(state, version=1, last=visit.position)
    assert effects == ()


def test_an_upgrade_comes_after_the_sale_that_earned_it():
    programme = plain(earn=(rule("base", 1, 100), rule("gold", 2, 100, tier="gold")))
    first, second = sale(("A", 10_000), number=1), sale(("A", 10_000), number=2)

    state, effects = fold(new_member(programme), first, programme)
    _, later = fold(state, second, programme)

    assert [type(it) for it in effects] == [Earned, TierChanged]
    assert effects[0].lot.amount_points == 100
    assert effects[1] == TierChanged("silver", "gold")
    assert state.tier == "gold"
    assert later[0].lot.amount_points == 200


def test_spending_leaves_tier_and_qualifying_points():
    state = after(sale(("A", 10_000)), redemption(100, number=2))

    assert (state.tier, state.qualifying_points, state.balance_points) == ("gold", 100, 0)
    assert state.lots == ()


def test_debt_is_paid_by_what_is_earned_later():
    in_debt = after(redemption(30))
    halfway = after(redemption(30), sale(("A", 1000), number=2))
    free = after(redemption(30), sale(("A", 1000), number=2), sale(("A", 2500), number=3))

    assert (in_debt.debt_points, in_debt.balance_points) == (30, -30)
    assert (halfway.debt_points, halfway.balance_points, halfway.lots) == (20, -20, ())
    assert (free.debt_points, free.balance_points) == (0, 5)
    assert free.lots[0].amount_points == 25
    assert free.lots[0].remaining_points == 5


def test_lots_stand_by_expiry_then_earning_then_name():
    by_month = plain(expiry=Expiry(count=1, unit="months", round_to="month"))
    by_year = plain(expiry=Expiry(count=1, unit="years", round_to="day"))
    state = new_member(by_month)
    late, early = NOON_MS + DAY_MS, NOON_MS

    for programme, at_ms, number in [
        (by_year, early, 1),
        (by_month, late, 2),
        (by_month, late, 4),
        (by_month, late, 3),
        (by_month, early, 5),
    ]:
        state, _ = fold(state, sale(("A", 100), at_ms=at_ms, number=number), programme)

    assert [lot.op for lot in state.lots] == [f"m/s1/{number}/earn" for number in (5, 2, 3, 4, 1)]


def test_a_refused_fact_leaves_the_state_alone():
    foreign = sale(("A", 100), currency="HKD")
    good = sale(("A", 100), number=2)

    assert isinstance(fold(new_member(plain()), foreign, plain()), Refused)
    assert fold_all([foreign, good], [plain()]) == after(good)


def test_each_fact_folds_under_the_programme_of_its_event():
    doubled = plain(version=2, valid_from=date(2017, 3, 2), earn=(rule("base", 2, 100),))
    facts = [sale(("A", 100), at_ms=NOON_MS + it * DAY_MS, number=it + 1) for it in (0, 1)]

    state = fold_all(facts, [doubled, plain()])

    assert [lot.amount_points for lot in state.lots] == [1, 2]


def test_a_member_without_facts_has_the_first_tier():
    assert fold_all([], [plain()]) == MemberState(tier="silver")


def told(**changes: int) -> Record:
    return replace(check_in().record, **changes)


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (sale(("A", 1)).record, NOON_MS),
        (replace(sale(("A", 1)).record, at_ms=5), NOON_MS),
        (replace(sale(("A", 1)).record, at_ms=5, till_ms=0), 5),
        (replace(redemption(1).record, at_ms=5), NOON_MS),
        (replace(redemption(1).record, at_ms=5, granted_ms=0), 5),
        (told(at_ms=7), 7),
        (told(at_ms=7, hub_ms=1000), 1000),
        (told(at_ms=1500, hub_ms=1000, mono_ms=10), 1500),
        (told(at_ms=4 * 10**12, hub_ms=1000, mono_ms=10), 1010 + CLOCK_SLACK_MS),
    ],
)
def test_the_event_time_comes_from_the_record_alone(record: Record, wanted: int):
    assert event_ms(record) == wanted


def test_an_event_time_never_leaves_the_range_of_times():
    far = told(at_ms=10**12, hub_ms=4_102_444_800_000, mono_ms=2**53 - 1)

    assert event_ms(far) == 4_102_444_800_000


PROGRAMMES = [
    plain(
        expiry=Expiry(count=1, unit="days", round_to="month"),
        earn=(
            rule("base", 1, 100),
            rule("gold", 3, 200, tier="gold"),
            rule("b", 5, 7, category="B"),
        ),
        promotions=(promotion("weekend", 2, weekdays=frozenset({5, 6})),),
    ),
    plain(version=2, valid_from=date(2017, 3, 10), earn=(rule("base", 2, 100),)),
]
ITEMS = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.integers(-1000, 20_000) | st.just(10**12),
        st.integers(0, 1),
    ),
    max_size=4,
)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    facts = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        at_ms = NOON_MS + draw(st.integers(0, 60)) * DAY_MS
        match draw(st.sampled_from(["sale", "redemption", "check_in"])):
            case "sale":
                facts.append(sale(*draw(ITEMS), at_ms=at_ms, number=number))
            case "redemption":
                points = draw(st.integers(0, 300) | st.just(POINTS_MAX))
                facts.append(redemption(points, at_ms=at_ms, number=number))
            case _:
                facts.append(check_in(at_ms=at_ms, number=number))
    return facts


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_facts_gives_the_same_state(facts: list[Fact], random: object):
    shuffled = sorted(facts, key=lambda _: random.random())

    assert fold_all(shuffled, PROGRAMMES) == fold_all(facts, PROGRAMMES)


@given(histories())
def test_folding_one_by_one_is_folding_all_and_every_effect_adds_up(facts: list[Fact]):
    facts.sort(key=lambda it: it.position)
    first_ms = facts[0].position.event_ms if facts else 0
    state = new_member(in_force(PROGRAMMES, first_ms))

    for fact in facts:
        before = state
        folded = fold(state, fact, in_force(PROGRAMMES, fact.position.event_ms))
        if isinstance(folded, Refused):
            continue
        state, effects = folded
        earned = [it for it in effects if isinstance(it, Earned)]
        spent = [it for it in effects if isinstance(it, Spent)]
        gained = sum(it.lot.amount_points for it in earned) - sum(it.points for it in spent)
        assert state.balance_points == before.balance_points + gained
        assert state.version == before.version + 1
        assert all(
            it.lot.remaining_points == it.lot.amount_points - it.debt_paid_points for it in earned
        )

    assert state == fold_all(facts, PROGRAMMES)


@given(histories())
def test_every_state_is_whole(facts: list[Fact]):
    state = fold_all(facts, PROGRAMMES)

    lots = state.lots
    assert list(lots) == sorted(lots, key=lambda it: (it.expires_ms, it.earned_ms, it.op, it.leg))
    assert all(0 < it.remaining_points <= it.amount_points for it in lots)
    assert 0 <= state.qualifying_points <= POINTS_MAX
    assert 0 <= state.debt_points <= POINTS_MAX
    assert abs(state.balance_points) <= POINTS_MAX
    assert type(state.balance_points) is int


@given(histories(), st.integers(0, 12))
def test_a_fold_goes_on_from_any_state_that_was_kept(facts: list[Fact], cut: int):
    facts.sort(key=lambda it: it.position)
    programme = PROGRAMMES[0]
    kept = fold_all(facts[:cut], [programme])

    for fact in facts[cut:]:
        folded = fold(kept, fact, programme)
        kept = kept if isinstance(folded, Refused) else folded[0]

    assert kept == fold_all(facts, [programme])
