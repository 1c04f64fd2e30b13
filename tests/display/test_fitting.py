"""Sizes of text: as large as its box allows, cut only when the least size is too large."""

import pytest

from device.display.cards.fitting import fit_in
from device.display.fonts import Fonts, installed_collection
from device.display.lettering import Lettering, Style

LETTERING = Lettering(Fonts(installed_collection()), "zh_Hant_HK")
LONG = "生日月份雙倍積分！即日起至年底於任何分店惠顧滿五百元即賞「咖啡券」乙張，詳情請向店員查詢。"


def fitted(*paragraphs, width_px=200, height_px=60, size_px=40, least_px=20):
    return fit_in(
        LETTERING,
        paragraphs,
        width_px=width_px,
        height_px=height_px,
        style=Style(size_px),
        least_px=least_px,
    )


def test_what_fits_keeps_its_size():
    assert fitted("積分").style.size_px == 40


def test_a_line_too_wide_shrinks_until_it_fits():
    shrunk = fitted("生日月份雙倍", height_px=40)

    assert 20 <= shrunk.style.size_px < 40
    assert shrunk.lines == ("生日月份雙倍",)
    assert LETTERING.width_px(shrunk.lines[0], shrunk.style) <= 200


def test_several_lines_take_the_largest_size_at_which_all_stand():
    shrunk = fitted("生日月份雙倍積分", "歡迎", height_px=120)

    assert "".join(shrunk.lines) == "生日月份雙倍積分歡迎"
    assert shrunk.height_px <= 120
    assert shrunk.style.size_px > 20


def test_what_does_not_fit_at_the_least_size_ends_in_an_ellipsis():
    cut = fitted(LONG)

    assert cut.style.size_px == 20
    assert cut.height_px <= 60
    assert cut.lines[-1].endswith("…")


def test_paragraphs_without_a_line_are_left_out():
    cut = fitted(*("積分" * 3,) * 5, size_px=20)

    assert cut.lines == ("積分" * 3,) * 2


@pytest.mark.parametrize("width_px", range(60, 400, 37))
@pytest.mark.parametrize("height_px", [20, 45, 100])
def test_nothing_is_wider_or_higher_than_its_box(width_px, height_px):
    found = fitted(LONG, "Wolfeschlegelsteinhausen", width_px=width_px, height_px=height_px)

    assert found.height_px <= height_px
    assert all(LETTERING.width_px(it, found.style) <= width_px for it in found.lines)


@pytest.mark.parametrize("width_px", range(60, 400, 23))
def test_no_line_starts_with_closing_punctuation_or_ends_with_an_opening_one(width_px):
    lines = fitted(LONG, width_px=width_px, height_px=1000).lines

    assert not any(it[0] in "，。！」" for it in lines[1:])
    assert not any(it[-1] in "「" for it in lines)
