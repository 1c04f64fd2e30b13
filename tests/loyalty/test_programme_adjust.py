"""What a programme may say about points by hand."""

import pytest

from loyalty.programme import ProgrammeErrors, parse
from loyalty.programme_adjust import NOTHING_BY_HAND, AdjustTerms
from tests.loyalty.facts import SUPERMARKET_FILE

PLAIN = SUPERMARKET_FILE.read_text()


def adjustments(text: str) -> AdjustTerms:
    return parse(f"{PLAIN}\n[adjustments]\n{text}", source="p.toml").adjustments


def test_nobody_moves_points_by_hand_unless_the_programme_says_so():
    assert parse(PLAIN, source="p.toml").adjustments == NOTHING_BY_HAND


def test_receipts_of_the_past_are_left_out_unless_named():
    assert adjustments("most_points = 500") == AdjustTerms(most_points=500, retro_credit=False)
    assert adjustments("most_points = 500\nretro_credit = true").retro_credit


def test_every_mistake_is_named_at_once():
    with pytest.raises(ProgrammeErrors) as found:
        adjustments("most_points = 0\nretro_credit = 1\nleast = 3")

    named = [it.message.split(":")[0] for it in found.value.mistakes]
    assert named == ["adjustments.most_points", "adjustments.retro_credit", "adjustments.least"]
