"""What the trade's stand-alone point-card printers put on a card also stands on ours, whole.

Source of fields and limits: Star TCP300V user's manual, pp. 6-7: six digits of points, five of this
time's, date and count of use, validity, and 3 messages on a small window or 10 on a large one.
"""

from dataclasses import replace

import pytest
from sample_faces import FACES, MESSAGES, artist, payload

from device.display.cards.profile import CR80, EPS3, STAR_TCP

LOCALES = tuple(MESSAGES)
TOTAL_MAX_POINTS, THIS_TIME_MAX_POINTS = 999_999, 99_999

pytestmark = [
    pytest.mark.parametrize("locale", LOCALES),
    pytest.mark.parametrize("profile", [STAR_TCP, EPS3, CR80], ids=lambda it: it.name),
]


def set_texts(layout, profile, locale):
    """Return how each box of `layout` is set for the fullest face, by what it shows."""
    face = replace(
        FACES[locale],
        payload=payload(points=TOTAL_MAX_POINTS),
        this_time_points=THIS_TIME_MAX_POINTS,
    )
    return {it.text.show: (it, fitted) for it, fitted in artist(layout, profile).set_texts(face)}


def test_every_field_at_its_limit_stands_whole(profile, locale):
    boxes = set_texts("point_card", profile, locale)

    assert boxes[("points",)][1].lines == ("999,999",)
    assert "+99,999" in boxes[("this_time",)][1].lines[0]
    assert boxes[("messages",)][1].lines == MESSAGES[locale][:3]
    assert {show for show, (_, fitted) in boxes.items() if fitted.is_cut} == {("messages",)}


def test_figures_at_their_limits_are_of_full_size(profile, locale):
    boxes = set_texts("point_card", profile, locale)

    for show in (("number",), ("points",), ("this_time",), ("as_of", "visits", "valid_until")):
        placed, fitted = boxes[show]
        assert fitted.style.size_px == placed.size_px


def test_every_field_of_the_trade_is_there(profile, locale):
    shown = {field for show in set_texts("point_card", profile, locale) for field in show}

    assert shown >= {"number", "name", "this_time", "points", "as_of", "visits", "valid_until"}


def test_ten_messages_stand_whole_on_a_large_window(profile, locale):
    boxes = set_texts("bulletin", profile, locale)

    assert boxes[("messages",)][1].lines == MESSAGES[locale]
    assert boxes[("points",)][1].lines == ("999,999",)
