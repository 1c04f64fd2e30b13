"""A serial scanner's bytes, however they arrive."""

from hypothesis import given
from hypothesis import strategies as st

from device.scanners.codes import CODE_MAX_CHARS, Unreadable, card_number
from device.scanners.scan_lines import BROKEN_OFF, ScanLines


def test_codes_end_with_a_return_a_line_feed_or_both():
    assert ScanLines().feed(b"A-1\rB-2\nC-3\r\nD") == ["A-1", "B-2", "C-3"]


def test_what_frames_a_code_is_no_part_of_it():
    assert ScanLines().feed(b"\x02A-1\x03\r \tB-2 \r") == ["A-1", "B-2"]


@given(st.binary(max_size=400), st.integers(1, 9))
def test_codes_do_not_depend_on_how_bytes_arrive(data, size):
    whole, parts = ScanLines(), ScanLines()

    in_one = whole.feed(data)
    in_many = [it for at in range(0, len(data), size) for it in parts.feed(data[at : at + size])]

    assert in_one == in_many


def test_a_scanner_that_never_ends_its_line_fills_no_memory():
    lines = ScanLines()

    for _ in range(1000):
        assert lines.feed(b"x" * 1000) == []

    (code,) = lines.feed(b"\r")
    assert len(code) == CODE_MAX_CHARS + 1
    assert lines.feed(b"A-1\r") == ["A-1"]


def test_a_code_that_broke_off_is_told_and_not_joined_to_the_next():
    lines = ScanLines()
    begun = lines.feed(b"M-10")

    broken_off = lines.pause()

    assert (begun, broken_off) == ([], [BROKEN_OFF])
    assert card_number(BROKEN_OFF) == Unreadable("unreadable_code")
    assert lines.feed(b"M-2002\r") == ["M-2002"]


def test_noise_before_a_pause_is_nothing():
    lines = ScanLines()
    lines.feed(b"\x00\xff")

    assert lines.pause() == []
    assert not lines.is_amid_a_code
