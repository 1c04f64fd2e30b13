"""Card faces against pictures that a person has looked at.

To accept new pictures after looking at them: copy `tests/output/*.got.png` over the golden ones.
"""

from pathlib import Path

import pytest
from PIL import Image, ImageChops
from sample_faces import DAY, FACES, payload

from device.display.cards.codes import CodeTooLarge, draw_qr
from device.display.cards.face import Face, FaceArtist, signed
from device.display.cards.payload import encode
from device.display.cards.profile import CR80, STAR_TCP
from device.display.cards.raster import pack
from device.display.cards.readback import read_code
from device.display.fonts import Fonts, installed_collection

GOLDEN = Path(__file__).parent / "golden"
OUTPUT = Path(__file__).parents[1] / "output"
PROFILES = {profile.name: profile for profile in (STAR_TCP, CR80)}
CASES = [(name, face) for name in PROFILES for face in FACES]


@pytest.fixture(scope="module")
def artists():
    fonts = Fonts(installed_collection())
    return {name: FaceArtist(profile, fonts) for name, profile in PROFILES.items()}


def leave_difference(name: str, got: Image.Image, wanted: Image.Image | None) -> None:
    """Put got, wanted and difference side by side where a person can look at them."""
    OUTPUT.mkdir(exist_ok=True)
    got.save(OUTPUT / f"{name}.got.png")
    if wanted is not None:
        wanted.save(OUTPUT / f"{name}.wanted.png")
        if wanted.size == got.size:
            difference = ImageChops.difference(got.convert("L"), wanted.convert("L"))
            difference.save(OUTPUT / f"{name}.difference.png")


@pytest.mark.parametrize(("profile", "face"), CASES)
def test_a_face_looks_as_it_was_approved(artists, profile, face):
    name = f"{profile}-{face}"
    path = GOLDEN / f"{name}.png"
    wanted = Image.open(path) if path.exists() else None

    got = artists[profile].draw(FACES[face])

    same = wanted is not None and (got.size, got.tobytes()) == (wanted.size, wanted.tobytes())
    if not same:
        leave_difference(name, got, wanted)
    assert same, f"{name} differs from {path}; see {OUTPUT}/{name}.*.png"


@pytest.mark.parametrize(("profile", "face"), CASES)
def test_our_decoder_reads_every_face_from_the_bytes_the_printer_gets(artists, profile, face):
    raster = pack(artists[profile].draw(FACES[face]))

    read = read_code(raster, PROFILES[profile])

    assert read == encode(FACES[face].payload)


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_touches_the_side_and_lower_margins(artists, profile):
    margin_px = 4 if profile == "star-tcp" else 8

    for face in FACES.values():
        image = artists[profile].draw(face)
        band_px = 44 * PROFILES[profile].unit_px
        for box in (
            (0, band_px, margin_px, image.height),
            (image.width - margin_px, band_px, image.width, image.height),
            (0, image.height - margin_px // 2, image.width, image.height),
        ):
            assert image.crop(box).getextrema() == (255, 255)


def test_drawing_the_same_face_twice_gives_the_same_bytes(artists):
    first = pack(artists["star-tcp"].draw(FACES["zh_Hant_HK"]))

    second = pack(artists["star-tcp"].draw(FACES["zh_Hant_HK"]))

    assert first.digest() == second.digest()


def test_a_face_without_its_code_is_not_read(artists):
    image = artists["star-tcp"].draw(FACES["en"])
    left, top, right, bottom = STAR_TCP.code_box
    image.paste(255, (left + 40, top + 40, right - 40, bottom - 20))

    read = read_code(pack(image), STAR_TCP)

    assert read is None


def test_hong_kong_and_the_mainland_get_their_own_shapes(artists):
    def drawn(locale):
        face = Face(locale=locale, name="骨直次過令", tier="", payload=payload(), as_of=DAY)
        return artists["star-tcp"].draw(face).crop((0, 44, 280, 88)).tobytes()

    assert drawn("zh_Hant_HK") != drawn("zh_Hans_CN")


def test_a_letter_the_font_lacks_is_marked_and_a_symbol_left_out(artists):
    def drawn(name):
        face = Face(locale="en", name=name, tier="", payload=payload(), as_of=DAY)
        return artists["star-tcp"].draw(face).tobytes()

    assert drawn("Ann\U00012000") == drawn("Ann〓")
    assert drawn("Ann🎉a\x00") == drawn("Anna")


def test_too_much_text_or_an_unknown_language_is_refused():
    for wrong in ({"name": "x" * 61}, {"messages": ("",) * 4}, {"locale": "fr"}):
        values = {"locale": "en", "name": "", "tier": "", "messages": ()}
        with pytest.raises(ValueError):
            Face(**{**values, **wrong}, payload=payload(), as_of=DAY)


def test_a_code_whose_modules_would_be_too_small_is_refused():
    with pytest.raises(CodeTooLarge, match="at least 4"):
        draw_qr("x" * 100, side_px=180, module_min_px=4)


def test_pending_points_always_carry_a_sign():
    assert [signed(40), signed(0), signed(-1200)] == ["+40", "+0", "−1,200"]
