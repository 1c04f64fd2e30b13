"""Card faces against pictures that a person has looked at, and against our own decoder."""

from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import ImageChops
from sample_faces import FACES, NOON, artist, payload, sheets

from device.display.cards.artist import FaceArtist
from device.display.cards.face import STAMPS_MAX, Face, Stamps
from device.display.cards.layout_files import read_layout, shipped_names
from device.display.cards.payload import encode
from device.display.cards.profile import CR80, PROFILES, STAR_TCP
from device.display.cards.raster import pack
from device.display.cards.readback import read_bars, read_code
from device.display.fonts import Fonts, installed_collection

CASES = [(*sheet, face) for sheet in sheets() for face in FACES]


def plain(**values):
    return Face(**{"locale": "en", "tier": "", "payload": payload(), "as_of": NOON, **values})


@pytest.mark.parametrize(("layout", "profile", "face"), CASES)
def test_a_face_looks_as_it_was_approved(golden, layout, profile, face):
    drawn = artist(layout, PROFILES[profile]).draw_upright(FACES[face])

    golden.check(f"{layout}-{profile}-{face}", drawn)


def test_every_shipped_layout_is_printed_on_some_profile():
    assert {layout for layout, _ in sheets()} == set(shipped_names())


@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("turn_degrees", [0, 180])
@pytest.mark.parametrize(("layout", "profile"), sheets())
def test_our_decoder_reads_every_face_from_the_bytes_the_printer_gets(
    layout, profile, turn_degrees, is_inverted
):
    way = replace(PROFILES[profile], turn_degrees=turn_degrees, invert=is_inverted)
    turned = FaceArtist(read_layout(layout), way, Fonts(installed_collection()))

    for face in FACES.values():
        raster = pack(turned.draw(face), invert=is_inverted)

        assert read_code(raster, turned.sheet) == encode(face.payload)
        if turned.sheet.bars is not None:
            assert read_bars(raster, turned.sheet) == face.payload.account


def test_drawing_the_same_face_twice_gives_the_same_bytes():
    first = pack(artist().draw(FACES["zh_Hant_HK"]))

    second = pack(artist().draw(FACES["zh_Hant_HK"]))

    assert first.digest() == second.digest()


def test_a_face_without_its_code_is_not_read():
    image = artist().draw(FACES["en"])
    left, top, right, bottom = artist().sheet.code
    image.paste(255, (left + 40, top + 40, right - 40, bottom - 20))

    read = read_code(pack(image), artist().sheet)

    assert read is None


def test_hong_kong_and_the_mainland_get_their_own_shapes():
    def drawn(locale):
        face = plain(locale=locale, name="骨直次過令")
        return artist().draw(face).crop((0, 50, 288, 88)).tobytes()

    assert drawn("zh_Hant_HK") != drawn("zh_Hans_CN")


def test_a_letter_the_font_lacks_is_marked_and_a_symbol_left_out():
    def drawn(name):
        return artist().draw(plain(name=name)).tobytes()

    assert drawn("Ann\U00012000") == drawn("Ann〓")
    assert drawn("Ann🎉a\x00") == drawn("Anna")


def test_the_characters_that_the_font_lacks_can_be_asked_for():
    assert artist().missing(plain(name="Ann🎉\U00012000🎉")) == "🎉\U00012000"
    assert artist().missing(FACES["zh_Hant_HK"]) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 61},
        {"tier": "x" * 65},
        {"brand": "x" * 41},
        {"messages": ("",) * 11},
        {"messages": ("x" * 121,)},
        {"locale": "fr"},
        {"visits": -1},
    ],
)
def test_too_much_text_or_an_unknown_language_is_refused(wrong):
    with pytest.raises(ValueError):
        plain(**wrong)


def test_no_more_stamps_are_had_than_fill_a_card():
    for have, of in ((8, 7), (-1, 5), (3, 21)):
        with pytest.raises(ValueError, match="stamps"):
            Stamps(have, of)


def test_letters_never_leave_the_face():
    for face in FACES.values():
        drawn = artist().draw(face)
        band_px = artist().sheet.panels[0].bottom
        margin_px = STAR_TCP.margin_px // 2
        for box in (
            (0, band_px, margin_px, drawn.height),
            (drawn.width - margin_px, band_px, drawn.width, drawn.height),
            (0, drawn.height - margin_px // 2, drawn.width, drawn.height),
        ):
            assert drawn.crop(box).getextrema() == (255, 255)


def test_a_figure_is_never_cut_however_narrow_its_box():
    for layout, profile in sheets():
        for placed, fitted in artist(layout, PROFILES[profile]).set_texts(FACES["long"]):
            if "points" in placed.text.show:
                assert fitted.lines == ("−999,999,999,999",)
            elif placed.text.show == ("number",):
                assert fitted.lines == ("No. AAAAAAAAAAAAAAAA",)


def test_only_a_photo_is_dithered():
    with_photo = artist("identity", CR80).draw(FACES["en"])
    without = artist("identity", CR80).draw(replace(FACES["en"], photo=None))

    left, top, right, bottom = artist("identity", CR80).sheet.photo
    with_photo.paste(255, (left, top, right, bottom))
    assert with_photo.tobytes() == without.tobytes()


@pytest.mark.parametrize("of", range(1, STAMPS_MAX + 1))
def test_stamps_stay_in_their_box_and_as_many_are_filled_as_are_had(of):
    box = artist("wallet", CR80).sheet.stamps
    without = artist("wallet", CR80).draw(plain())

    def ink_of(have):
        marks = ImageChops.logical_xor(without, drawn(have))
        marks.paste(0, (0, 0, box.left, box.bottom))  # the label beside them
        left, top, right, bottom = marks.getbbox()
        assert box.left <= left < right <= box.right + 1
        assert box.top <= top < bottom <= box.bottom + 1
        return marks.histogram()[255]

    def drawn(have):
        return artist("wallet", CR80).draw(plain(stamps=Stamps(have, of)))

    inks = [ink_of(have) for have in range(of + 1)]
    steps = [after - before for before, after in pairwise(inks)]
    assert min(steps) > 0
    assert max(steps) - min(steps) <= max(steps) // 20
