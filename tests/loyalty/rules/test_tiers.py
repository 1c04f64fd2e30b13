"""Tiers rise with qualifying points at once, and never fall by a sale."""

import pytest

from loyalty.programme_terms import Tier
from loyalty.rules.tiers import NO_NEXT_TIER, NextTier, first_tier, next_tier, upgrade
from loyalty.state import MemberState, TierChanged
from tests.loyalty.facts import LABEL, plain


def member(tier: str, qualifying_points: int) -> MemberState:
    return MemberState(tier=tier, qualifying_points=qualifying_points)


def test_a_new_member_has_the_first_tier():
    assert first_tier(plain()) == "silver"


@pytest.mark.parametrize(
    ("tier", "points", "after"),
    [
        ("silver", 100, "gold"),
        ("silver", 999, "gold"),
        ("silver", 1000, "platinum"),
        ("gold", 1000, "platinum"),
    ],
)
def test_reaching_a_threshold_is_an_upgrade(tier: str, points: int, after: str):
    assert upgrade(plain(), member(tier, points)) == TierChanged(tier, after)


@pytest.mark.parametrize(("tier", "points"), [("silver", 99), ("gold", 999), ("platinum", 10**12)])
def test_short_of_the_next_threshold_nothing_changes(tier: str, points: int):
    assert upgrade(plain(), member(tier, points)) is None


def test_higher_thresholds_of_a_new_version_take_no_tier_away():
    dearer = plain(tiers=(plain().tiers[0], Tier(id="gold", label=LABEL, threshold_points=500)))

    assert upgrade(dearer, member("gold", 100)) is None


def test_a_tier_that_the_version_does_not_know_counts_as_the_lowest():
    assert upgrade(plain(), member("tin", 5)) == TierChanged("tin", "silver")
    assert upgrade(plain(), member("tin", 500)) == TierChanged("tin", "gold")


@pytest.mark.parametrize(
    ("tier", "points", "ahead"),
    [
        ("silver", 0, NextTier("gold", 100)),
        ("silver", 99, NextTier("gold", 1)),
        ("gold", 100, NextTier("platinum", 900)),
        ("platinum", 1000, NO_NEXT_TIER),
        ("tin", 5, NextTier("gold", 95)),
    ],
)
def test_the_next_tier_is_told_with_the_points_that_are_missing(
    tier: str, points: int, ahead: NextTier
):
    assert next_tier(plain(), member(tier, points)) == ahead


def test_a_member_above_their_points_is_told_what_the_tier_above_wants_in_all():
    assert next_tier(plain(), member("gold", 20)) == NextTier("platinum", 980)


def test_a_tier_that_comes_with_the_next_sale_anyway_is_not_the_next_one():
    assert next_tier(plain(), member("silver", 100)) == NextTier("platinum", 900)
    assert next_tier(plain(), member("silver", 300)) == NextTier("platinum", 700)
    assert next_tier(plain(), member("silver", 2000)) == NO_NEXT_TIER


@pytest.mark.parametrize("qualifying_points", [0, 40, 99, 100, 999])
def test_earning_what_is_missing_reaches_the_next_tier_and_one_less_does_not(qualifying_points):
    held = "silver" if qualifying_points < 100 else "gold"
    ahead = next_tier(plain(), member(held, qualifying_points))

    reached = upgrade(plain(), member(held, qualifying_points + ahead.points))
    short = upgrade(plain(), member(held, qualifying_points + ahead.points - 1))

    assert (reached, short) == (TierChanged(held, ahead.tier), None)
