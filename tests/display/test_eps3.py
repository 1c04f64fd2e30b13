"""The EasyPrinter S3's language: known bytes, states, replies, and what ends a print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from device.display.cards.raster import Raster, pack
from device.display.printers.eps3 import (
    REPLY_MAX_BYTES,
    PrintWatch,
    Reply,
    ReplyError,
    ReplyKind,
    parse_state,
    parse_uid,
)
from device.display.printers.eps3_image import picture
from device.display.printers.printer import FaultCode, Outcome

HELD, PRINTING, PRINTED, ERROR = 0b0000_1101, 0b0001_1101, 0b0010_1101, 0b1000_1101


def one_dot(x, y):
    image = Image.new("1", (960, 560), 255)
    image.putpixel((x, y), 0)
    return picture(pack(image))


def test_a_picture_is_the_turn_the_limits_the_erase_the_place_and_960_lines():
    sent = picture(pack(Image.new("1", (960, 560), 255)))

    head = b"\x1bU\x1b%d01001100\x1bL1000100961100\x1b%y0130"
    assert sent == head + (b"\x1bQ\x53" + bytes(83)) * 960
    assert len(sent) == 82_596 - 1  # and the byte that starts it


def test_the_right_most_column_goes_first_and_the_upper_dot_is_the_highest_bit():
    blank = len(b"\x1bQ\x53") + 83
    first_line = len(one_dot(0, 0)) - 960 * blank + 3 + 13

    right_top, left_bottom = one_dot(959, 0), one_dot(0, 559)

    assert right_top[first_line] == 0x80
    assert left_bottom[-1] == 0x01


def test_a_raster_of_another_size_is_refused():
    with pytest.raises(ValueError, match="wanted 960"):
        picture(Raster(width_px=8, height_px=8, columns=bytes(8)))


@pytest.mark.parametrize(
    ("byte", "held", "at_gate", "fault"),
    [
        (0x00, False, False, None),
        (0x02, False, True, None),
        (HELD, True, False, None),
        (HELD | 0x02, True, False, None),
        (PRINTING, True, False, None),
        (ERROR, True, False, FaultCode.PRINTER),
    ],
)
def test_the_state_byte_says_where_the_card_is(byte, held, at_gate, fault):
    status = parse_state(byte).status()

    assert (status.card_held, status.card_at_gate) == (held, at_gate)
    assert (status.fault and status.fault.code) == fault


@pytest.mark.parametrize(
    ("states", "ended"),
    [
        ([HELD, PRINTING, PRINTING, PRINTED], Outcome.OK),
        ([PRINTED, PRINTED], None),  # the print before this one
        ([PRINTED, PRINTING, PRINTED], Outcome.OK),
        ([PRINTING, ERROR], Outcome.UNKNOWN),
        ([ERROR], Outcome.UNKNOWN),
        ([PRINTING, HELD], Outcome.UNKNOWN),
        ([PRINTING, 0x00], Outcome.UNKNOWN),
    ],
)
def test_only_printing_and_then_printed_is_a_success(states, ended):
    watch = PrintWatch()

    seen = [watch.see(parse_state(byte)) for byte in states]

    assert seen[-1] is ended
    assert seen[:-1] == [None] * (len(states) - 1)


@pytest.mark.parametrize(
    ("line", "uid"),
    [
        (b"S 04A1B2C3", "04a1b2c3"),
        (b"S\x0004782e21801d80", "04782e21801d80"),
    ],
)
def test_a_uid_is_read_from_its_digits(line, uid):
    assert parse_uid(line).hex() == uid


@pytest.mark.parametrize("line", [b"E", b"E 1", b"", b"S", b"S 04A1", b"S 04A1B2CX", b"X 04A1B2C3"])
def test_what_is_no_uid_is_refused(line):
    with pytest.raises(ReplyError):
        parse_uid(line)


@given(st.binary(max_size=100), st.integers(1, 9))
def test_a_reply_does_not_depend_on_how_it_arrives(data, chunk):
    def read(pieces):
        reply = Reply(ReplyKind.LINE)
        try:
            return next((it for it in map(reply.feed, pieces) if it is not None), None)
        except ReplyError:
            return ReplyError

    in_pieces = read(data[at : at + chunk] for at in range(0, len(data), chunk))

    assert in_pieces == read([data])


def test_a_reply_without_an_end_is_given_up():
    with pytest.raises(ReplyError, match=f"more than {REPLY_MAX_BYTES}"):
        Reply(ReplyKind.LINE).feed(b"x" * (REPLY_MAX_BYTES + 1))


@given(st.integers(0, 255))
def test_every_byte_is_a_state(byte):
    state = parse_state(byte)

    assert state.is_empty == (byte & 0b0001_1001 == 0)
