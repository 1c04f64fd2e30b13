"""The application directory of a MIFARE Classic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import mad

AID = st.binary(min_size=2, max_size=2)
DIRECTORIES = st.one_of(
    st.lists(AID, min_size=15, max_size=15), st.lists(AID, min_size=23, max_size=23)
)


@pytest.mark.parametrize(
    ("body", "check"),
    [
        # The example of AN10787; a card in the field; what Debian's mifare-classic-write-ndef made.
        ("01010801080108000000000000040003100310021002100000000000001130", 0x89),
        ("0103e103e103e103e103e10000000000000000000000000000000000000000", 0xC4),
        ("0003e100000000000000000000000000000000000000000000000000000000", 0xDB),
    ],
)
def test_the_check_byte_is_that_of_published_directories(body, check):
    assert mad.crc(bytes.fromhex(body)) == check


@given(DIRECTORIES, st.integers(0, 15))
def test_a_directory_survives_its_bytes(aids, publisher):
    directory = mad.pack(aids, publisher)

    assert mad.is_whole(directory)
    assert mad.entries(directory) == aids
    assert len(directory) % 16 == 0


@given(DIRECTORIES, st.data())
def test_one_flipped_bit_is_noticed(aids, data):
    directory = bytearray(mad.pack(aids))
    bit = data.draw(st.integers(0, len(directory) * 8 - 1))

    directory[bit // 8] ^= 1 << bit % 8

    assert not mad.is_whole(bytes(directory))


def test_new_entries_leave_those_of_others_alone():
    theirs = [mad.FREE] * 3 + [b"\x03\xe1"] * 12
    directory = mad.pack(theirs, publisher_sector=4)

    ours = mad.with_entries(directory, b"\x52\xf8", (1, 3))

    assert mad.is_whole(ours)
    assert ours[1] == 4
    assert mad.entries(ours) == [b"\x52\xf8", mad.FREE, b"\x52\xf8", *theirs[3:]]


@pytest.mark.parametrize("aids", [[mad.FREE] * 14, [mad.FREE] * 24, [b"\x00"] * 15])
def test_what_is_no_directory_is_refused(aids):
    with pytest.raises(ValueError, match="entries"):
        mad.pack(aids)
