"""Frames of the Star TCP300II: the manual's own bytes, and any others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.display.printers.star_frames import (
    DATA_MAX_BYTES,
    Damaged,
    Response,
    ResponseReader,
    Sign,
    block_check,
    encode,
)


def answer(command, status=0x20, data=b""):
    covered = bytes((command, status)) + data + b"\x03"
    return b"\x02" + covered + bytes((block_check(covered),))


@pytest.mark.parametrize(
    ("command", "bcc"),
    [
        (0x40, 0x43),
        (0x49, 0x4A),
        (0x51, 0x52),
        (0x54, 0x57),
        (0x58, 0x5B),
        (0x59, 0x5A),
        (0x5F, 0x5C),
    ],
)
def test_the_frames_that_the_manual_prints(command, bcc):
    assert encode(command) == bytes((0x02, command, 0x03, bcc))


def test_erase_print_and_hold():
    assert encode(0x46, b"0,1,1").hex(" ") == "02 46 30 2c 31 2c 31 03 75"


def test_data_that_would_end_the_frame_or_is_too_long_is_refused():
    for data in (b"\x02", b"1\x03", b"0" * (DATA_MAX_BYTES + 1)):
        with pytest.raises(ValueError):
            encode(0x43, data)

    assert len(encode(0x43, b"0" * DATA_MAX_BYTES)) == DATA_MAX_BYTES + 4


def test_signs_and_answers_come_out_in_order():
    found = ResponseReader().feed(b"\x06" + answer(0x59, data=b"001000") + b"\x15\x10")

    assert found == [Sign.ACK, Response(0x59, 0x20, b"001000"), Sign.NAK, Sign.DLE]


def test_a_wrong_check_is_damage_and_the_next_frame_is_read():
    broken = bytearray(answer(0x59))
    broken[-1] ^= 1

    found = ResponseReader().feed(bytes(broken) + answer(0x49))

    assert isinstance(found[0], Damaged)
    assert found[1:] == [Response(0x49, 0x20, b"")]


def test_a_frame_that_is_cut_off_by_the_next_is_damage():
    found = ResponseReader().feed(answer(0x59)[:2] + answer(0x49))

    assert [type(it) for it in found] == [Damaged, Response]


def test_an_endless_frame_is_given_up():
    found = ResponseReader().feed(b"\x02" + b"0" * 5000)

    assert isinstance(found[0], Damaged)


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.just(answer(0x59, data=b"000000")))), st.data()
)
def test_answers_do_not_depend_on_how_bytes_arrive(chunks, data):
    stream = b"".join(chunks)
    cut = data.draw(st.integers(0, len(stream)))
    whole, parts = ResponseReader(), ResponseReader()

    in_one = whole.feed(stream)
    in_two = parts.feed(stream[:cut]) + parts.feed(stream[cut:])

    assert in_one == in_two
