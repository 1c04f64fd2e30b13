"""Layouts laid out for a profile: millimetres into dots, turned, swapped, or refused."""

from dataclasses import replace

import pytest
from sample_faces import FACES, artist, sheets

from device.display.cards.artist import FaceArtist
from device.display.cards.layout import Span
from device.display.cards.layout_files import read_layout
from device.display.cards.layout_toml import parse_layout
from device.display.cards.payload import encode
from device.display.cards.placing import LayoutUnfit, place_layout
from device.display.cards.profile import CR80, EPS3, PROFILES, STAR_TCP
from device.display.cards.raster import pack
from device.display.cards.readback import read_code
from device.display.cards.sheet import Place
from device.display.fonts import SIZE_MAX_PX, Fonts, installed_collection

CLASSIC = read_layout("classic")

# Upright on a window of 40 × 60: the code below the text, where it is printed last.
PORTRAIT = """
name = "portrait"
window = { width_mm = 40, height_mm = 60 }

[[texts]]
show = ["points"]
left_mm = 2
right_mm = 2
top_mm = 3
height_mm = 8
size_mm = 5
least_mm = 2.5

[code]
left_mm = 8
width_mm = 24
bottom_mm = 3
height_mm = 24
"""


def complaints_of(layout, profile):
    with pytest.raises(LayoutUnfit) as caught:
        place_layout(layout, profile)
    return caught.value.complaints


def with_text(**changes):
    first, *others = CLASSIC.texts
    return replace(CLASSIC, texts=(replace(first, **changes), *others))


def test_millimetres_are_true_where_the_window_is_the_profiles():
    sheet = place_layout(CLASSIC, STAR_TCP)

    assert sheet.code == Place(290, 50, 470, 230)
    assert sheet.texts[0].size_px == 28


def test_a_larger_window_shows_everything_larger_and_keeps_far_edges():
    sheet = place_layout(CLASSIC, CR80)

    mm_px = 637 / 40
    assert CR80.width_px - sheet.code.right == round(1.25 * mm_px)
    assert sheet.code.height == int(22.5 * mm_px)
    assert sheet.panels[0].right == CR80.width_px


def test_equal_letters_have_equal_dots_wherever_they_stand():
    sizes_px = {it.size_px for it in place_layout(CLASSIC, CR80).texts if it.text.size_mm == 2.5}

    assert sizes_px == {39}


def test_the_code_stands_on_the_side_that_is_printed_last():
    for layout, name in sheets():
        profile = PROFILES[name]
        code = artist(layout, profile).sheet.code

        is_right = code.left + code.right > profile.width_px
        assert is_right == (profile.printed_last == "right")


def test_the_column_beside_the_code_changes_places_with_it():
    swapped = place_layout(CLASSIC, EPS3)
    kept = place_layout(CLASSIC, replace(EPS3, printed_last="right"))

    assert abs(swapped.code.left - (EPS3.width_px - kept.code.right)) <= 1
    assert abs(swapped.texts[3].place.right - (EPS3.width_px - kept.texts[3].place.left)) <= 1
    assert swapped.texts[0].place == kept.texts[0].place  # in the band above
    assert swapped.texts[-1].place == kept.texts[-1].place  # below


def test_what_stands_under_the_code_stays_with_it():
    kept = artist("bulletin", CR80).sheet
    swapped = artist("bulletin", replace(CR80, printed_last="left")).sheet

    for sheet in (kept, swapped):
        figure = sheet.texts[-1].place
        assert abs((figure.left + figure.right) - (sheet.code.left + sheet.code.right)) <= 4


def test_a_turned_face_keeps_its_code_on_the_side_printed_last():
    half_turned = place_layout(CLASSIC, replace(STAR_TCP, turn_degrees=180))

    assert half_turned.code.left < 100
    assert half_turned.on_raster(half_turned.code).right > 380


@pytest.mark.parametrize(("turn_degrees", "printed_last"), [(270, "right"), (90, "left")])
@pytest.mark.parametrize("invert", [False, True])
def test_a_portrait_face_reads_from_a_landscape_raster(turn_degrees, printed_last, invert):
    profile = replace(STAR_TCP, turn_degrees=turn_degrees, printed_last=printed_last, invert=invert)
    portrait = parse_layout(PORTRAIT, source="portrait.toml")
    drawing = FaceArtist(portrait, profile, Fonts(installed_collection()))

    raster = pack(drawing.draw(FACES["en"]), invert=invert)

    assert (raster.width_px, raster.height_px) == (480, 320)
    assert read_code(raster, drawing.sheet) == encode(FACES["en"].payload)


def test_a_portrait_face_turned_the_wrong_way_is_refused():
    profile = replace(STAR_TCP, turn_degrees=90)

    assert complaints_of(parse_layout(PORTRAIT, source="p.toml"), profile) == (
        "p.toml:14: code: found at the bottom of star-tcp, wanted at the top, "
        "which is printed last",
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"least_mm": 2.4}, "found letters of 19 dots on star-tcp, wanted at least 20"),
        ({"least_mm": 6}, "found a box 30 dots high on star-tcp, wanted at least its letters' 48"),
        ({"size_mm": 100}, f"found letters of 800 dots on star-tcp, wanted at most {SIZE_MAX_PX}"),
        (
            {"box": CLASSIC.code},
            "overlaps classic.toml:81: code on star-tcp, wanted room of its own",
        ),
        ({"box": CLASSIC.panels[0]}, "found 0 dots to the edge of star-tcp, wanted at least 8"),
    ],
)
def test_what_cannot_be_printed_is_told_with_its_line(changes, complaint):
    told = complaints_of(with_text(**changes), STAR_TCP)

    assert any(it.startswith("classic.toml:") and it.endswith(complaint) for it in told), told


def test_a_panel_that_nobody_would_see_is_told():
    beyond = replace(CLASSIC.panels[0], across=Span(near_mm=59, length_mm=2))

    (complaint,) = complaints_of(replace(CLASSIC, panels=(beyond,)), STAR_TCP)

    assert complaint.endswith("found dots 472-488 × 0-46 on star-tcp, wanted inside 480 × 320")


def test_all_complaints_are_told_at_once():
    layout = replace(
        with_text(least_mm=1), code=replace(CLASSIC.code, down=CLASSIC.texts[0].box.down)
    )

    assert len(complaints_of(layout, STAR_TCP)) >= 3


def test_bars_are_refused_where_the_printer_is_too_coarse():
    assert complaints_of(read_layout("identity"), STAR_TCP)[-1] == (
        "identity.toml:86: bars: star-tcp is too coarse for bars, wanted the code only"
    )


def test_bars_too_narrow_for_the_longest_number_are_refused():
    identity = read_layout("identity")
    assert identity.bars is not None
    narrow = replace(identity, bars=replace(identity.bars, across=identity.texts[0].box.across))

    (complaint,) = complaints_of(narrow, CR80)

    assert complaint.endswith("wanted at least 924 for the longest number")


def test_only_faces_with_bars_are_refused_by_the_coarse_printer():
    refused = {("identity", "star-tcp")}

    pairs = {(layout, profile) for layout in {it for it, _ in sheets()} for profile in PROFILES}

    assert pairs - set(sheets()) == refused
