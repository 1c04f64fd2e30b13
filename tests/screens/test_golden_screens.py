"""Screens as they were approved: every one of them once, and the most looked at in every way."""

from dataclasses import replace

import pytest
from drawn_screens import PANELS, artist
from PIL import Image
from sample_screens import HANDHELD, KIOSK, words_in

from device.display.i18n import LOCALES

COLOURS = 64
SHORT = {
    "kiosk-7": "kiosk7",
    "kiosk-10": "kiosk10",
    "kiosk-tall": "tall",
    "kiosk-tall-low": "low",
    "handheld-3": "handheld3",
    "handheld-2": "handheld2",
}
MOST_SEEN = ("welcome", "account", "confirm", "take_card-redeemed")


def cases():
    """Yield panel, screen, locale and look of every picture; the languages take turns."""
    for panel, samples in (("kiosk-7", KIOSK), ("handheld-3", HANDHELD)):
        for number, name in enumerate(samples):
            yield panel, name, LOCALES[number % len(LOCALES)], "normal"
    for number, name in enumerate((*MOST_SEEN, "more_time", "key_phone-typed", "card_blocked")):
        for panel in ("kiosk-10", "kiosk-tall"):
            yield panel, name, LOCALES[(number + 1) % len(LOCALES)], "normal"
    for name in MOST_SEEN:
        yield "kiosk-tall-low", name, "zh_Hant_HK", "normal"
        for look in ("large", "contrast"):
            yield "kiosk-7", name, "zh_Hant_HK", look
    for name in ("tap_card", "sold", "card_foreign", "key_phone"):
        yield "handheld-2", name, "zh_Hans_CN", "normal"


@pytest.mark.parametrize(("panel", "name", "locale", "look"), list(cases()))
def test_a_screen_looks_as_it_was_approved(golden, panel, name, locale, look):
    sample = (HANDHELD if PANELS[panel].is_handheld else KIOSK)[name]
    view = replace(sample, locale=locale, look=look)

    image = artist(panel).draw(view, words_in(locale)).image

    ways = "" if look == "normal" else f"-{look}"
    few_colours = image.quantize(COLOURS, dither=Image.Dither.NONE)  # a third of the size
    golden.check(f"{SHORT[panel]}-{name}-{locale}{ways}", few_colours)


def test_equal_views_are_drawn_alike_whatever_was_drawn_before():
    view = replace(KIOSK["account"], locale="zh_Hant_HK")
    words = words_in("zh_Hant_HK")
    first = artist("kiosk-7").draw(view, words).image.tobytes()

    artist("kiosk-7").draw(replace(view, look="contrast"), words)

    assert artist("kiosk-7").draw(view, words).image.tobytes() == first
