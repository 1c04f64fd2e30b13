"""The most specific rule sets the rate; of promotions the highest counts (L6)."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme_rates import ItemRate, Rates, best_multiplier
from loyalty.programme_terms import EarnRule, Promotion, Selector
from loyalty.units import Rate
from tests.loyalty.facts import promotion, rule

WEDNESDAY = date(2017, 3, 1)


def rate_of(
    earn: list[EarnRule],
    promotions: list[Promotion] = [],  # noqa: B006 - never changed
    *,
    multiplying: str = "",
    day: date = WEDNESDAY,
) -> ItemRate:
    """Return the rate of MEAT for a gold member at terminal h1 of store s1."""
    rates = Rates(tuple(earn), tuple(promotions), frozenset(multiplying.split()))
    receipt = rates.of_receipt(tier="gold", store="s1", terminal="h1", day=day)
    return receipt.by_category.get("MEAT", receipt.other)


LADDER = [
    rule("default", 1, 100),
    rule("tier", 2, 100, tier="gold"),
    rule("category", 3, 100, category="MEAT"),
    rule("category-tier", 4, 100, category="MEAT", tier="gold"),
    rule("store", 5, 100, store="s1"),
    rule("store-tier", 6, 100, store="s1", tier="gold"),
    rule("terminal", 7, 100, terminal="h1"),
    rule("terminal-store", 8, 100, terminal="h1", store="s1"),
]


@pytest.mark.parametrize("count", range(1, len(LADDER) + 1))
def test_the_most_specific_rule_wins_in_any_order(count: int):
    rules = LADDER[:count]

    assert rate_of(rules).rules == rules[-1].id
    assert rate_of(rules[::-1]).rules == rules[-1].id


@pytest.mark.parametrize(
    "selector", [{"tier": "silver"}, {"category": "FISH"}, {"store": "s2"}, {"terminal": "h2"}]
)
def test_a_rule_for_others_does_not_count(selector: dict[str, str]):
    assert rate_of([LADDER[0], rule("other", 9, 1, **selector)]).rules == "default"


def test_an_item_that_no_rule_names_earns_nothing():
    assert rate_of([rule("fish", 1, 100, category="FISH")]).rate == Rate(0, 1)


def test_the_highest_promotion_of_a_group_counts_alone():
    found = rate_of(LADDER[:1], [promotion("a", 3, 2), promotion("b", 2), promotion("c", 7, 4)])

    assert found.rate == Rate(2, 100)
    assert found.rules == "default+b"


def test_groups_multiply_only_when_they_are_flagged():
    both = [promotion("a", 3, group="day"), promotion("b", 2, group="birthday")]

    assert rate_of(LADDER[:1], both).rate == Rate(3, 100)
    assert rate_of(LADDER[:1], both, multiplying="birthday").rate == Rate(6, 100)
    assert rate_of(LADDER[:1], both, multiplying="birthday day").rate == Rate(6, 100)


def test_a_lone_multiplier_of_zero_withholds_points():
    assert rate_of(LADDER[:1], [promotion("none", 0)]).rate == Rate(0, 1)


def test_a_promotion_counts_on_its_days_only():
    march = promotion("march", 2, first_day=WEDNESDAY, last_day=date(2017, 3, 31))
    wednesday = promotion("wednesday", 2, weekdays=frozenset({2}))

    assert rate_of(LADDER[:1], [march], day=date(2017, 2, 28)).rules == "default"
    assert rate_of(LADDER[:1], [march], day=date(2017, 3, 31)).rules == "default+march"
    assert rate_of(LADDER[:1], [march], day=date(2017, 4, 1)).rules == "default"
    assert rate_of(LADDER[:1], [wednesday]).rules == "default+wednesday"
    assert rate_of(LADDER[:1], [wednesday], day=date(2017, 3, 2)).rules == "default"


WORDS = st.sampled_from(["", "a", "b"])
SELECTORS = st.builds(Selector, terminal=WORDS, store=WORDS, category=WORDS, tier=WORDS)
RULES = st.lists(
    st.builds(
        EarnRule,
        id=st.uuids().map(str),
        rate=st.builds(Rate, st.integers(0, 9), st.integers(1, 9)),
        selector=SELECTORS,
    ),
    max_size=6,
    unique_by=lambda it: it.selector,
)
PROMOTIONS = st.lists(
    st.builds(
        Promotion,
        id=st.uuids().map(str),
        multiplier=st.builds(Rate, st.integers(0, 9), st.integers(1, 9)),
        group=WORDS.filter(bool),
        first_day=st.just(date(1970, 1, 1)),
        last_day=st.sampled_from([WEDNESDAY, date(2016, 1, 1)]),
        weekdays=st.just(frozenset(range(7))),
        selector=SELECTORS,
    ),
    max_size=5,
    unique_by=lambda it: it.id,
)
ITEM = st.tuples(*[st.sampled_from(["a", "b", "other"])] * 4)


@given(RULES, PROMOTIONS, st.sets(WORDS.filter(bool)), st.lists(ITEM, max_size=4))
def test_remembered_rates_are_those_worked_out_afresh(
    earn: list[EarnRule],
    promotions: list[Promotion],
    groups: set[str],
    items: list[tuple[str, str, str, str]],
):
    rates = Rates(tuple(earn), tuple(promotions), frozenset(groups))

    for terminal, store, category, tier in items * 2:
        receipt = rates.of_receipt(tier=tier, store=store, terminal=terminal, day=WEDNESDAY)
        found = receipt.by_category.get(category, receipt.other).rate
        where = {"terminal": terminal, "store": store, "category": category, "tier": tier}
        meant = [it for it in earn if it.selector.admits(**where)]
        rule_rate = max(meant, key=lambda it: it.selector.specificity).rate if meant else Rate(0, 1)
        on = [it for it in promotions if it.selector.admits(**where) and it.is_on(WEDNESDAY)]
        wanted = Fraction(rule_rate.n, rule_rate.d)
        for group in groups:
            wanted *= best(it for it in on if it.group == group)
        wanted *= best(it for it in on if it.group not in groups)
        assert Fraction(found.n, found.d) == wanted


def best(promotions: object) -> Fraction:
    return max(
        (Fraction(it.multiplier.n, it.multiplier.d) for it in promotions), default=Fraction(1)
    )


def test_without_promotions_the_multiplier_is_one():
    assert best_multiplier([], frozenset()) == (Rate(1, 1), ())
