"""Dots to bytes and back."""

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from device.display.cards.raster import pack, threshold, unpack


@st.composite
def pictures(draw):
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    bits = draw(st.binary(min_size=width * height, max_size=width * height))
    grey = Image.frombytes("L", (width, height), bits)
    return grey.point(lambda value: 255 if value & 1 else 0, "1")


def test_the_lowest_bit_is_the_upper_dot_and_a_set_bit_is_a_mark():
    image = Image.new("1", (2, 9), 1)
    image.putpixel((1, 0), 0)
    image.putpixel((1, 5), 0)
    image.putpixel((1, 8), 0)

    raster = pack(image)

    assert raster.column(0) == b"\x00\x00"
    assert raster.column(1) == b"\x21\x01"


@given(pictures(), st.booleans())
def test_what_was_packed_unpacks_to_the_same_picture(picture, invert):
    raster = pack(picture, invert=invert)

    assert unpack(raster, invert=invert).tobytes() == picture.tobytes()


@given(pictures())
def test_an_inverted_raster_marks_exactly_the_other_dots(picture):
    marks = sum(byte.bit_count() for byte in pack(picture).columns)
    others = sum(byte.bit_count() for byte in pack(picture, invert=True).columns)

    assert marks + others == picture.width * picture.height


def test_the_threshold_is_140():
    grey = Image.frombytes("L", (2, 1), bytes((140, 141)))

    image = threshold(grey)

    assert (image.mode, list(image.tobytes())) == ("1", [0b01000000])
