"""How much of a name a face shows."""

import pytest

from device.display.cards.names import masked, shown_name


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("陳大文", "陳＊＊"),
        ("歐陽修遠長", "歐＊＊"),
        ("Chan Tai-man", "C**"),
        (" Li ", "L**"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_mask_keeps_the_first_letter_and_never_tells_the_length(name, mask):
    assert masked(name) == mask


@pytest.mark.parametrize(
    ("names", "nickname", "shown"),
    [
        ("full", "", "陳大文"),
        ("masked", "", "陳＊＊"),
        ("hidden", "", ""),
        ("full", "小文", "小文"),
        ("masked", "小文", "小文"),
        ("hidden", "小文", ""),
    ],
)
def test_the_programme_says_how_names_are_shown(names, nickname, shown):
    assert shown_name("陳大文", nickname, names=names) == shown
