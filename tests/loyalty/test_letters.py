"""Letters: who has the secret reads them, and nobody else writes, changes or redirects one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.letters import LETTER_MAX_BYTES, LetterError, close_letter, open_letter

SECRET, NONCE = bytes(range(32)), bytes(12)


def a_letter(content: bytes = b"content") -> bytes:
    return close_letter(SECRET, "change", content, about=b"h1", nonce=NONCE)


@given(st.binary(max_size=500), st.binary(min_size=12, max_size=12), st.binary(max_size=20))
def test_who_has_the_secret_reads_what_was_written(content, nonce, about):
    letter = close_letter(SECRET, "change", content, about=about, nonce=nonce)

    assert open_letter(SECRET, "change", letter, about=about) == content


def test_what_it_says_is_not_in_it():
    assert b"content" not in a_letter()


@pytest.mark.parametrize(
    ("secret", "purpose", "about"),
    [(bytes(32), "change", b"h1"), (SECRET, "changed", b"h1"), (SECRET, "change", b"h2")],
)
def test_another_secret_purpose_or_matter_does_not_open_it(secret, purpose, about):
    with pytest.raises(LetterError, match="another secret"):
        open_letter(secret, purpose, a_letter(), about=about)


@given(st.data())
def test_a_letter_that_was_changed_or_cut_does_not_open(data):
    letter = bytearray(a_letter())
    if data.draw(st.booleans()):
        letter[data.draw(st.integers(0, len(letter) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        del letter[data.draw(st.integers(0, len(letter) - 1)) :]

    with pytest.raises(LetterError):
        open_letter(SECRET, "change", bytes(letter), about=b"h1")


@given(st.binary(max_size=200))
def test_any_other_bytes_are_no_letter(letter):
    with pytest.raises(LetterError):
        open_letter(SECRET, "change", letter, about=b"h1")


def test_a_letter_longer_than_the_longest_is_neither_written_nor_read():
    with pytest.raises(LetterError, match=f"at most {LETTER_MAX_BYTES}"):
        a_letter(bytes(LETTER_MAX_BYTES))
    with pytest.raises(LetterError, match=f"at most {LETTER_MAX_BYTES}"):
        open_letter(SECRET, "change", bytes(LETTER_MAX_BYTES + 1), about=b"h1")
