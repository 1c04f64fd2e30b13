"""Tiers rise with qualifying points at once, and never fall by a sale."""

import pytest

from loyalty.programme_terms import Tier
from loyalty.rules.tiers import first_tier, upgrade
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
