"""What every screen owes to whoever stands before it; docs/screens.md has the rules with sources.

Measured over targets and lines of text, for every screen, panel, language and look.
"""

from dataclasses import replace
from itertools import combinations
from math import dist, hypot

import pytest
from drawn_screens import CASES, LONGER, PANELS, Drawn, artist, screens_of
from hypothesis import given
from hypothesis import strategies as st
from sample_screens import HANDHELD, KIOSK, words_in

from device.display.fonts import FACE_BY_LOCALE, Fonts, installed_collection
from device.display.i18n import LOCALES, translator
from device.display.lettering import Lettering
from device.display.masking import MASK, masked
from device.display.screen_text import CHOICES, CODES, FIELDS, WORDINGS
from device.display.screens.boxes import Box
from device.display.screens.choices import CHOICES_MAX
from device.display.screens.panel import CAP_PER_EM
from device.display.screens.theme import CONTRAST_MIN, HIGH_CONTRAST_MIN, LOOKS, contrast
from device.display.screens.view import LANGUAGES

CONFIRM_APART_MM = 40.0  # middles; and the edges:
CONFIRM_GAP_MM = 15.0
ROUNDING_MM = 0.05


def contains(outer: Box, inner: Box) -> bool:
    """Return whether `inner` lies wholly in `outer`."""
    is_beside = inner.left < outer.left or outer.right < inner.right
    return not is_beside and outer.top <= inner.top and inner.bottom <= outer.bottom


def distance(one: Box, other: Box) -> float:
    """Return how far apart the nearest edges are; 0 if they touch or overlap."""
    across = max(0, other.left - one.right, one.left - other.right)
    down = max(0, other.top - one.bottom, one.top - other.bottom)
    return hypot(across, down)


def overlap(one: Box, other: Box) -> bool:
    """Return whether the two share a dot."""
    is_beside = one.right <= other.left or other.right <= one.left
    return not is_beside and one.top < other.bottom and other.top < one.bottom


def large_enough_to_touch(drawn: Drawn):
    floors = drawn.panel.floors
    for target in drawn.frame.targets:
        least_mm = floors.key_mm if target.role == "key" else floors.target_mm
        found_mm = drawn.mm(min(target.box.width, target.box.height))
        if found_mm < least_mm - ROUNDING_MM:
            yield f"{target.id} is {found_mm:.1f} mm, wanted {least_mm}"


def apart_and_away_from_the_edge(drawn: Drawn):
    floors, targets = drawn.panel.floors, drawn.frame.targets
    for one, other in combinations(targets, 2):
        if drawn.mm(distance(one.box, other.box)) < floors.gap_mm - ROUNDING_MM:
            yield f"{one.id} and {other.id}"
    for target in targets:
        left, top, right, bottom = target.box
        edge = min(left, top, drawn.panel.width_px - right, drawn.panel.height_px - bottom)
        if drawn.mm(edge) < floors.edge_mm - ROUNDING_MM:
            yield f"{target.id} is {drawn.mm(edge):.1f} mm from the edge"


def large_enough_to_read(drawn: Drawn):
    floors = drawn.panel.floors
    # In low reach half the screen is for hands: letters are as large there as there is room.
    is_large = drawn.view.look == "large" and drawn.panel.reach == "normal"
    least_mm = floors.large_cap_mm if is_large else floors.cap_mm
    for run in drawn.frame.runs:
        found_mm = drawn.mm(run.size_px * CAP_PER_EM)
        if run.is_needed and found_mm < least_mm - ROUNDING_MM:
            yield f"{run.text!r} has capitals of {found_mm:.2f} mm, wanted {least_mm}"


def whole_and_in_its_place(drawn: Drawn):
    for run in drawn.frame.runs:
        if run.is_needed and run.is_cut:
            yield f"{run.text!r} is cut"
        is_wide = run.box.left < run.room.left or run.box.right > run.room.right
        if is_wide or run.box.top < 0 or run.box.bottom > drawn.panel.height_px:
            yield f"{run.text!r} at {run.box} leaves {run.room}"


def on_no_other_line_and_no_strange_button(drawn: Drawn):
    runs, targets = drawn.frame.runs, drawn.frame.targets
    letters = [it.box.inset(0, round(it.size_px * 0.15)) for it in runs]
    for (one, box), (other, other_box) in combinations(zip(runs, letters, strict=True), 2):
        if one.text and other.text and overlap(box, other_box):
            yield f"{one.text!r} and {other.text!r}"
    for run, box in zip(runs, letters, strict=True):
        for target in targets:
            if overlap(target.box, box) and not contains(target.box, box):
                yield f"{run.text!r} and {target.id}"


def ink_on_contrasting_ground(drawn: Drawn):
    least = HIGH_CONTRAST_MIN if drawn.view.look == "contrast" else CONTRAST_MIN
    for run in drawn.frame.runs:
        if contrast(run.ink, run.ground) < least:
            yield f"{run.text!r} in {run.ink} on {run.ground}"


def every_language_in_its_own_script(drawn: Drawn):
    if drawn.panel.is_handheld:
        return  # staff's language is their own
    found = {it.id: it.label for it in drawn.frame.targets if it.role == "language"}
    if found != {f"language:{locale}": name for locale, name in LANGUAGES.items()}:
        yield str(found)
    if "look" not in {it.id for it in drawn.frame.targets}:
        yield "no way to larger letters"


def at_most_six_choices(drawn: Drawn):
    count = sum(it.role in ("choice", "confirm") for it in drawn.frame.targets)
    if count > CHOICES_MAX:
        yield f"{count} choices"


def yes_far_from_every_way_out(drawn: Drawn):
    yes = [it for it in drawn.frame.targets if it.role == "confirm"]
    ways_out = [it for it in drawn.frame.targets if it.role in ("back", "start_over")]
    if drawn.name == "confirm" and (len(yes), len(ways_out)) != (1, 2):
        yield f"{len(yes)} ways to say yes, {len(ways_out)} out"
    for one in yes:
        for other in ways_out:
            apart_mm = drawn.mm(dist(one.box.centre, other.box.centre))
            gap_mm = drawn.mm(distance(one.box, other.box))
            if apart_mm < CONFIRM_APART_MM or gap_mm < CONFIRM_GAP_MM:
                yield f"{other.id}: middles {apart_mm:.0f} mm apart, edges {gap_mm:.0f} mm"


def sums_where_points_are_spent(drawn: Drawn):
    if drawn.name in ("confirm", "redeemed", "take_card-redeemed") and drawn.language != LONGER:
        told = {it.text for it in drawn.frame.runs}
        if not {"128,450", "−100", "128,350"} <= told:
            yield str(told)


def offline_told_with_what_waits(drawn: Drawn):
    if not drawn.view.link.is_online and not any("12" in it.text for it in drawn.frame.runs):
        yield "no banner"


def within_low_reach(drawn: Drawn):
    for target in drawn.frame.targets:
        is_high = target.box.top < drawn.panel.height_px // 2
        if drawn.panel.reach == "low" and target.role != "key" and is_high:
            yield f"{target.id} is in the upper half"


def a_problem_with_its_code(drawn: Drawn):
    screen = drawn.view.notice or drawn.view.screen
    if screen in CODES and not any(f"({CODES[screen]})" in it.text for it in drawn.frame.runs):
        yield "no code"


def no_members_number(drawn: Drawn):
    number = str(drawn.view.values.get("member", ""))
    yield from (it.text for it in drawn.frame.runs if number and number in it.text)


RULES = (
    large_enough_to_touch,
    apart_and_away_from_the_edge,
    large_enough_to_read,
    whole_and_in_its_place,
    on_no_other_line_and_no_strange_button,
    ink_on_contrasting_ground,
    every_language_in_its_own_script,
    at_most_six_choices,
    yes_far_from_every_way_out,
    sums_where_points_are_spent,
    offline_told_with_what_waits,
    within_low_reach,
    a_problem_with_its_code,
    no_members_number,
)


@pytest.mark.parametrize(("panel", "language"), CASES)
def test_every_screen_keeps_every_rule(panel, language):
    broken = []
    places = {}
    for drawn in screens_of(panel, language):
        broken += [f"{drawn}: {rule.__name__}: {it}" for rule in RULES for it in rule(drawn)]
        for target in drawn.frame.targets:
            if target.role in ("back", "start_over", "language", "look", "page"):
                kind = target.id if target.role == "language" else target.role
                places.setdefault((kind, drawn.view.look), set()).add(target.box)
    broken += [f"{kind} is at {boxes}" for kind, boxes in places.items() if len(boxes) > 1]

    assert broken == []


@pytest.mark.parametrize("panel", PANELS)
def test_the_ground_that_is_told_is_the_ground_that_is_painted(panel):
    view = HANDHELD["card_foreign"] if PANELS[panel].is_handheld else KIOSK["account"]

    frame = artist(panel).draw(view, words_in("en"))

    for run in frame.runs:
        beside = (max(0, run.box.left - 1), (run.box.top + run.box.bottom) // 2)
        assert frame.image.getpixel(beside) == run.ground, run.text


@pytest.mark.parametrize("panel", [it for it in PANELS if "kiosk" in it])
@pytest.mark.parametrize("look", LOOKS)
def test_every_choice_is_on_some_page(panel, look):
    view = replace(KIOSK["account-many"], look=look)

    seen = [
        target.id
        for page in range(len(view.choices))
        for target in artist(panel).draw(replace(view, page=page), words_in("en")).targets
    ]

    assert {f"choice:{it}" for it in view.choices} <= set(seen)


@pytest.mark.parametrize("screen", CODES)
def test_a_problem_has_what_happened_what_to_do_and_what_is_safe(screen):
    said = WORDINGS[screen]

    assert all((said.happened, said.do_now, said.safe))


def test_codes_tell_problems_apart():
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_character_of_any_message_is_missing_from_the_font(locale):
    letters = Lettering(Fonts(installed_collection()), locale)
    translate = translator(locale)
    messages = [*CHOICES.values(), *FIELDS.values(), *LANGUAGES.values()]
    for said in WORDINGS.values():
        messages += [said.happened, said.do_now, said.safe]

    assert letters.missing("".join(translate(it) if it else "" for it in messages)) == ""
    assert letters.missing("A\U00012000") == "\U00012000"


def test_each_language_has_the_forms_of_its_region():
    fonts = Fonts(installed_collection())

    def form(locale):
        return bytes(fonts.get(size_px=60, bold=False, locale=locale).face.getmask("骨"))

    assert form("zh_Hant_HK") != form("zh_Hans_CN")
    assert 0 not in FACE_BY_LOCALE.values()


@given(st.text(min_size=6, max_size=40))
def test_a_masked_number_tells_nothing_of_its_length_and_little_of_itself(number):
    assert masked(number) == MASK + number[-3:]


@given(st.text(max_size=5))
def test_a_short_number_is_masked_whole(number):
    assert masked(number) == MASK
