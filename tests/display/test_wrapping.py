"""Line breaking of mixed Chinese and Latin text, measured at one column a narrow character."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.display.wrapping import fit, wrap


def columns(text):
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def wrapped(text, width, lines_max=9):
    return wrap(text, measure=columns, width_px=width, lines_max=lines_max)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("double points today", 13, ["double points", "today"]),
        ("生日月份雙倍積分", 8, ["生日月份", "雙倍積分"]),
        ("滿 $500 即賞咖啡券", 10, ["滿 $500 即", "賞咖啡券"]),
        ("雙倍積分！請查詢", 8, ["雙倍積", "分！請查", "詢"]),  # ！ must not start a line
        ("即賞「咖啡」券", 6, ["即賞", "「咖", "啡」券"]),  # 「 must not end one
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),  # a word wider than a line
        ("  a   b  ", 9, ["a   b"]),
        ("", 9, []),
    ],
)
def test_lines_break_where_readers_expect(text, width, lines):
    assert wrapped(text, width) == lines


def test_what_does_not_fit_ends_in_an_ellipsis():
    lines = wrapped("生日月份雙倍積分", 6, lines_max=2)

    assert lines == ["生日月", "份雙…"]


def test_a_single_line_is_cut_to_its_width():
    assert fit("Wolfeschlegel", measure=columns, width_px=6) == "Wolfe…"
    assert fit("Anna", measure=columns, width_px=6) == "Anna"


@given(st.text(max_size=300), st.integers(2, 30), st.integers(1, 4))
def test_no_text_makes_a_line_too_wide_or_too_many(text, width, lines_max):
    lines = wrapped(text, width, lines_max)

    assert len(lines) <= lines_max
    assert all(columns(line) <= width for line in lines)
