"""Keys on their way from the hub to one device: RFC 3394, and who can read them."""

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from hypothesis import given
from hypothesis import strategies as st

from loyalty.key_wrap import NotWrappedForUs, unwrap, wrap

SECRET = b"the secret of this device"
KEY = bytes(range(16))


def test_the_wrap_is_that_of_rfc_3394():
    """The numbers of RFC 3394 §4.1."""
    kek = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    key = bytes.fromhex("00112233445566778899aabbccddeeff")

    assert aes_key_wrap(kek, key).hex() == "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"


@given(st.binary(min_size=16, max_size=64), st.binary(min_size=16, max_size=16))
def test_a_key_comes_out_as_it_went_in(secret, key):
    assert unwrap(secret, "e1-1-7", wrap(secret, "e1-1-7", key)) == key


@pytest.mark.parametrize(
    ("secret", "ref"), [(b"the secret of another", "e1-1-7"), (SECRET, "e1-1-8")]
)
def test_another_device_and_another_ask_read_nothing(secret, ref):
    wrapped = wrap(SECRET, "e1-1-7", KEY)

    with pytest.raises(NotWrappedForUs):
        unwrap(secret, ref, wrapped)


@given(st.integers(0, 191))
def test_a_bit_turned_over_is_found(bit):
    wrapped = bytearray.fromhex(wrap(SECRET, "r", KEY))
    wrapped[bit // 8] ^= 1 << bit % 8

    with pytest.raises(NotWrappedForUs):
        unwrap(SECRET, "r", wrapped.hex())


@pytest.mark.parametrize("text", ["", "zz", "00" * 24, "00" * 7])
def test_what_is_no_wrapped_key_is_refused(text):
    with pytest.raises(NotWrappedForUs):
        unwrap(SECRET, "r", text)


def test_a_longer_key_than_a_cards_is_refused_on_both_sides():
    with pytest.raises(ValueError, match="17 bytes"):
        wrap(SECRET, "r", bytes(17))
