"""The account's card: what is ahead of a member stands on it where there is room."""

from dataclasses import replace

import pytest
from drawn_screens import artist
from sample_screens import KIOSK, words_in


def told(panel, **values):
    """Return the English text of the account screen with `values` in place of the sample's."""
    account = KIOSK["account"]
    view = replace(account, values={**account.values, **values})
    return " ".join(it.text for it in artist(panel).draw(view, words_in("en")).runs)


@pytest.mark.parametrize("panel", ["kiosk-10", "kiosk-tall-low"])
def test_a_large_screen_tells_how_far_the_next_tier_is(panel):
    assert "Points to Platinum: 21,550" in told(panel)
    assert "Points to Gold: 1" in told(panel, next_tier="gold", next_tier_points=1)


def test_at_the_top_there_is_no_next_tier_to_tell_of():
    assert "Points to" not in told("kiosk-10", next_tier="", next_tier_points=0)


def test_what_can_be_spent_comes_before_what_is_ahead():
    shown = told("kiosk-10", available_points=128_350)

    assert "128,350 to spend" in shown
    assert "Points to" not in shown


def test_a_small_screen_keeps_its_room_for_the_balance():
    shown = told("kiosk-7")

    assert "128,450" in shown
    assert "Points to" not in shown
