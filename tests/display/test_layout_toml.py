"""A layout file is read whole, or every mistake in it is told at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.display.cards.layout import Layout, Span
from device.display.cards.layout_files import SHIPPED, LayoutUnread, read_layout, shipped_names
from device.display.cards.layout_toml import LayoutErrors, parse_layout

CLASSIC = (SHIPPED / "classic.toml").read_text()

TEN_MISTAKES = """\
name = "a b"
window = { width_mm = 60, height_mm = 0 }
colour = "red"

[[panels]]
left_mm = 0
top_mm = 0
height_mm = "5"
width_mm = 300

[[texts]]
show = ["tier", "shoe_size"]
left_mm = 2
right_mm = 2
width_mm = 2
top_mm = 1
height_mm = 3
size_mm = 2
least_mm = 3
align = "centre"

[[texts]]
text = { en = "Hello" }
show = ["points"]
left_mm = 1
width_mm = 1
top_mm = 1
height_mm = 1
size_mm = 2.5

[code]
right_mm = 1
top_mm = 1
height_mm = 1
"""


def mistakes_of(text):
    with pytest.raises(LayoutErrors) as caught:
        parse_layout(text, source="l.toml")
    assert str(caught.value).split("\n") == [str(it) for it in caught.value.mistakes]
    return [str(it) for it in caught.value.mistakes]


def test_every_mistake_is_told_at_once_with_line_key_found_and_wanted():
    assert mistakes_of(TEN_MISTAKES) == [
        "l.toml:1: name: found 'a b', wanted an id of 1 to 64 of A-Z a-z 0-9 _ - . : / + =",
        "l.toml:2: window.height_mm: found 0, wanted a number from 1 to 200",
        "l.toml:3: colour: found an unknown key, wanted one of bars, code, name, panels, photo, "
        "stamps, texts, window",
        "l.toml:8: panels[1].height_mm: found '5', wanted a number from 0 to 200",
        "l.toml:9: panels[1].width_mm: found 300, wanted a number from 0 to 200",
        "l.toml:12: texts[1].show: found ['tier', 'shoe_size'], wanted a list out of brand, card, "
        "tier, member, name, number, points, points_label, pending, this_time, prepaid, "
        "prepaid_label, stamps_label, visits, as_of, as_of_time, valid_until, expiry, next_tier, "
        "messages",
        "l.toml:13: texts[1].left_mm: found left_mm and right_mm and width_mm, wanted two of "
        "left_mm, right_mm, width_mm",
        "l.toml:19: texts[1].least_mm: found 3, wanted at most the size, 2",
        "l.toml:20: texts[1].align: found 'centre', wanted one of left, middle, right",
        "l.toml:23: texts[2].text: found en, wanted en, zh_Hant_HK, zh_Hans_CN",
        "l.toml:24: texts[2].show: found both, wanted either show or text",
        "l.toml:32: code.right_mm: found right_mm, wanted two of left_mm, right_mm, width_mm",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "l.toml:1: window: found nothing, wanted a table with width_mm and height_mm"),
        ("", "l.toml:1: code: found nothing, wanted the box of the QR code"),
        ("", "l.toml:1: texts: found 0 tables, wanted 1 to 40"),
        ("window = 3", "l.toml:1: window: found 3, wanted a table"),
        ("[texts", "l.toml:1: no TOML: "),
        ("[[texts]]\nsize_mm = 2.5", "l.toml:1: texts[1].show: found neither, wanted either"),
        (CLASSIC.replace("[code]", "[qr]"), ": qr: found an unknown key, wanted one of bars, code"),
    ],
)
def test_a_mistake_names_what_was_found_and_wanted(text, told):
    assert any(told in it for it in mistakes_of(text)), mistakes_of(text)


def test_the_classic_layout_is_read():
    layout = parse_layout(CLASSIC, source="classic.toml")

    assert (layout.name, layout.width_mm, layout.height_mm) == ("classic", 60.0, 40.0)
    assert layout.texts[0].show == ("tier",)
    assert layout.texts[0].is_white
    assert layout.texts[0].box.where == "classic.toml:12: texts[1]"
    assert layout.code.across == Span(far_mm=1.25, length_mm=22.5)


@pytest.mark.parametrize(
    ("span", "ends_mm"),
    [
        (Span(near_mm=2, length_mm=10), (2, 12)),
        (Span(far_mm=2, length_mm=10), (48, 58)),
        (Span(near_mm=2, far_mm=3), (2, 57)),
    ],
)
def test_two_of_three_say_where_a_box_lies(span, ends_mm):
    assert span.within(60) == ends_mm


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_layout_has_the_name_of_its_file(name):
    assert read_layout(name).name == name.replace("_", "-")


def test_a_layout_of_ones_own_is_read_by_its_path(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(CLASSIC.replace('"classic"', '"own"'))

    assert read_layout(str(own)).name == "own"


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path):
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")

    with pytest.raises(LayoutUnread, match="found no such layout, wanted a file or bulletin, cla"):
        read_layout("clasic")
    with pytest.raises(LayoutUnread, match=r"binary\.toml: "):
        read_layout(str(binary))
    with pytest.raises(LayoutUnread, match="Is a directory"):
        read_layout(str(tmp_path))


@given(st.data())
def test_no_damage_raises_anything_but_layout_errors(data):
    start = data.draw(st.integers(0, len(CLASSIC)))
    end = data.draw(st.integers(start, min(len(CLASSIC), start + 30)))
    text = CLASSIC[:start] + data.draw(st.text(max_size=8)) + CLASSIC[end:]

    try:
        layout = parse_layout(text, source="l.toml")
    except LayoutErrors:
        return

    assert isinstance(layout, Layout)
