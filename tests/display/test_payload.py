"""The text in the QR code of a face."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_faces import payload

from device.display.cards.payload import (
    TEXT_MAX_CHARS,
    BadPayload,
    Payload,
    decode,
    encode,
)
from loyalty.fields import POINTS_MAX

WORDS = st.text("ABCXYZabcxyz0123456789_-", min_size=1, max_size=16)
ACCOUNTS = st.text("ABCXYZabcxyz0123456789_.:-", min_size=1, max_size=16)
PAYLOADS = st.builds(
    Payload,
    account=ACCOUNTS,
    version=st.integers(0, 10**9 - 1),
    points=st.integers(-POINTS_MAX, POINTS_MAX),
    as_of_s=st.integers(0, 2**33 - 1),
    pending_points=st.integers(-POINTS_MAX, POINTS_MAX),
    check=WORDS,
)


def test_the_text_is_what_readers_of_other_languages_rely_on():
    text = encode(payload(as_of_s=1_488_326_400))

    assert text == "RV1;8520001234567890;12;128450;1488326400;40;k3Jx9QzPw1aB;678b18"


@given(PAYLOADS)
def test_what_was_written_is_read(written):
    text = encode(written)

    assert decode(text) == written
    assert len(text) <= TEXT_MAX_CHARS


@given(st.text(max_size=130))
def test_no_text_raises_anything_but_its_own_error(text):
    try:
        read = decode(text)
    except BadPayload:
        return
    assert encode(read) == text


@given(PAYLOADS, st.data())
def test_one_changed_character_is_noticed(written, data):
    text = encode(written)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda char: char != text[at]))

    with pytest.raises(BadPayload):
        decode(text[:at] + other + text[at + 1 :])


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": ""},
        {"account": "a;b"},
        {"account": "a" * 25},
        {"account": "a\n"},
        {"points": POINTS_MAX + 1},
        {"points": -POINTS_MAX - 1},
        {"pending_points": POINTS_MAX + 1},
        {"version": -1},
        {"as_of_s": 2**33},
        {"check": "é"},
    ],
)
def test_values_that_would_not_survive_the_code_are_refused(wrong):
    with pytest.raises(BadPayload):
        payload(**wrong)
