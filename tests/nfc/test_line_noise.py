"""Noise on a serial line."""

import random

import pytest

from simulators.line_noise import LineNoise

DATA = bytes(range(256)) * 40


def test_a_quiet_line_changes_nothing():
    assert LineNoise(random.Random(1)).spoil(DATA) == DATA


def test_flipped_bytes_differ_in_one_bit_and_lost_ones_are_missing():
    flipping = LineNoise(random.Random(1), flipped=0.1)
    losing = LineNoise(random.Random(1), lost=0.1)

    flipped = flipping.spoil(DATA)
    left = losing.spoil(DATA)

    changed = [a ^ b for a, b in zip(DATA, flipped, strict=True) if a != b]
    assert {bits.bit_count() for bits in changed} == {1}
    assert len(changed) == flipping.spoiled_bytes == pytest.approx(1024, rel=0.1)
    assert len(DATA) - len(left) == losing.spoiled_bytes == pytest.approx(1024, rel=0.1)


def test_the_same_seed_spoils_the_same_bytes():
    spoiled = [LineNoise(random.Random(7), flipped=0.1, lost=0.1).spoil(DATA) for _ in range(2)]

    assert spoiled[0] == spoiled[1] != DATA


def test_a_share_is_a_share():
    with pytest.raises(ValueError, match="wanted 0 to 1"):
        LineNoise(random.Random(1), lost=1.5)
