"""The approved pictures: what passes, what is left to look at, what approving does."""

import pytest
from PIL import Image

from tests.golden import Golden, side_by_side

WHITE = Image.new("1", (4, 2), 1)
ONE_DOT = Image.new("1", (4, 2), 1)
ONE_DOT.putpixel((3, 1), 0)


def golden(folder, *, is_updating=False):
    return Golden(folder / "golden", folder / "output", is_updating)


def test_an_approved_picture_passes_and_leaves_nothing(tmp_path):
    golden(tmp_path, is_updating=True).check("dot", ONE_DOT)

    golden(tmp_path).check("dot", ONE_DOT)

    assert not (tmp_path / "output").exists()


def test_one_dot_more_fails_and_is_left_to_look_at(tmp_path):
    golden(tmp_path, is_updating=True).check("dot", WHITE)

    with pytest.raises(AssertionError, match="dot differs from the approved picture"):
        golden(tmp_path).check("dot", ONE_DOT)

    left = Image.open(tmp_path / "output" / "dot.png")
    difference = left.crop((left.width - 4, 0, left.width, 2)).convert("L")
    assert difference.tobytes() == bytes(7) + b"\xff"


def test_a_picture_nobody_approved_fails(tmp_path):
    with pytest.raises(AssertionError, match="dot was never approved"):
        golden(tmp_path).check("dot", WHITE)

    assert (tmp_path / "output" / "dot.png").exists()


def test_pictures_of_two_sizes_stand_side_by_side_without_a_difference():
    shown = side_by_side(WHITE, Image.new("1", (5, 9)))

    assert shown.size == (4 + 8 + 5, 9)


def test_approving_replaces_only_what_differs(tmp_path):
    updating = golden(tmp_path, is_updating=True)
    updating.check("same", WHITE)
    updating.check("other", WHITE)
    before_ns = (tmp_path / "golden" / "same.png").stat().st_mtime_ns

    updating.check("same", WHITE)
    updating.check("other", ONE_DOT)

    assert (tmp_path / "golden" / "same.png").stat().st_mtime_ns == before_ns
    golden(tmp_path).check("other", ONE_DOT)
