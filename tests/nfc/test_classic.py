"""MIFARE Classic commands, access bits and value blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import classic

CONDITION = st.integers(0, 7)
SECTORS_4K, BLOCKS_4K = 40, 256


@pytest.mark.parametrize(
    ("data", "trailer", "wanted"),
    [
        (0b000, 0b001, "ff0780"),  # Transport configuration, MF1S50YYX §8.7.
        (0b000, 0b011, "7f0788"),
        (0b100, 0b011, "787788"),
    ],
)
def test_access_bytes_are_those_in_common_use(data, trailer, wanted):
    assert classic.access_bytes((data,) * 3, trailer).hex() == wanted


@given(st.tuples(CONDITION, CONDITION, CONDITION), CONDITION)
def test_conditions_survive_their_bytes(data, trailer):
    access = classic.access_bytes(data, trailer)

    assert classic.access_conditions(access) == (*data, trailer)


@given(st.tuples(CONDITION, CONDITION, CONDITION), CONDITION, st.integers(0, 23))
def test_one_flipped_bit_is_noticed(data, trailer, bit):
    access = bytearray(classic.access_bytes(data, trailer))

    access[bit // 8] ^= 1 << bit % 8

    assert classic.access_conditions(bytes(access)) is None


def test_a_trailer_that_would_lock_its_sector_is_refused():
    with pytest.raises(ValueError, match="contradict themselves"):
        classic.trailer(bytes(6), b"\x00\x00\x00", bytes(6))


@pytest.mark.parametrize(
    ("value", "address", "block"),
    [(100, 6, "640000009bffffff6400000006f906f9"), (-1, 4, "ffffffff00000000ffffffff04fb04fb")],
)
def test_value_blocks_have_the_published_form(value, address, block):
    packed = classic.pack_value(value, address)

    assert packed.hex() == block
    assert classic.unpack_value(packed) == (value, address)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 255), st.integers(0, 127))
def test_a_value_block_with_one_flipped_bit_is_none(value, address, bit):
    block = bytearray(classic.pack_value(value, address))

    block[bit // 8] ^= 1 << bit % 8

    assert classic.unpack_value(bytes(block)) is None


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
def test_a_value_beyond_32_bits_is_refused(value):
    with pytest.raises(ValueError, match="does not fit"):
        classic.pack_value(value, 0)


def test_authentication_uses_the_last_four_bytes_of_a_long_uid():
    command = classic.authenticate(4, b"\xff" * 6, bytes.fromhex("04782e21801d80"), True)

    assert command.hex() == "6104" + "ff" * 6 + "21801d80"


def test_every_block_of_a_4k_belongs_to_one_sector():
    blocks = [
        block
        for sector in range(SECTORS_4K)
        for block in (*classic.data_blocks(sector), classic.trailer_block(sector))
    ]

    assert blocks == list(range(BLOCKS_4K))
    assert [classic.sector_of(it) for it in (0, 3, 4, 63, 127, 128, 143, 144, 255)] == [
        *(0, 0, 1, 15, 31, 32, 32, 33, 39)
    ]
