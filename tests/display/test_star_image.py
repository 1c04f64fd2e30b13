"""Bringing the printer's memory from one picture to another with few bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from device.display.cards.raster import Raster, pack
from device.display.printers.star import Command
from device.display.printers.star_frames import DATA_MAX_BYTES, encode
from device.display.printers.star_image import BLANK, upload
from simulators.plastic import PlasticCard
from simulators.star import StarSimulator


@st.composite
def pictures(draw):
    image = Image.new("1", (480, 320), 1)
    pen = ImageDraw.Draw(image)
    for _ in range(draw(st.integers(0, 6))):
        x, y = draw(st.integers(0, 479)), draw(st.integers(0, 319))
        w, h = draw(st.integers(0, 60)), draw(st.integers(0, 320))
        pen.rectangle((x, y, x + w, y + h), fill=draw(st.integers(0, 1)))
    return image


def printed_after(uploads):
    """Return what a simulated printer prints once it was sent `uploads`."""
    printer, card = StarSimulator(), PlasticCard()
    printer.feed(encode(Command.TAKE_IN))
    printer.insert(card)
    for command, data in [it for commands in uploads for it in commands]:
        assert printer.feed(encode(command, data))[:1] == b"\x06"
    printer.feed(encode(Command.REWRITE, b"0,1,1"))
    return card.picture.tobytes()


@given(pictures(), pictures())
def test_changes_alone_make_the_second_picture_of_the_first(first, second):
    uploads = [upload(pack(first), None), upload(pack(second), pack(first))]

    assert printed_after(uploads) == second.tobytes()


def test_an_unknown_memory_is_cleared_first():
    assert upload(BLANK, None) == [(Command.CLEAR_BUFFERS, b"")]


def test_nothing_is_sent_for_what_is_there_already():
    assert upload(BLANK, BLANK) == []


def test_a_lone_column_goes_in_line_mode_cut_to_what_changes():
    image = Image.new("1", (480, 320), 1)
    image.putpixel((17, 9), 0)
    image.putpixel((17, 23), 0)

    assert upload(pack(image), BLANK) == [(Command.LINE, b"17,1,0280")]


def test_neighbours_share_a_frame_in_block_mode():
    image = Image.new("1", (480, 320), 1)
    ImageDraw.Draw(image).rectangle((100, 16, 102, 31), fill=0)

    assert upload(pack(image), BLANK) == [(Command.BLOCK, b"100,2,2,FFFFFFFFFFFF")]


@given(pictures())
def test_every_frame_keeps_within_the_printer_s_limit(picture):
    assert all(len(data) <= DATA_MAX_BYTES for _, data in upload(pack(picture), None))


def test_a_raster_of_another_size_is_refused():
    with pytest.raises(ValueError, match="wanted 480"):
        upload(Raster(width_px=8, height_px=8, columns=bytes(8)), None)
