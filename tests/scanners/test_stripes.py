"""Magnetic stripes: a member's number, a damaged read, or a bank card of which nothing is kept."""

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.scanners.codes import CardNumber, card_number
from device.scanners.stripes import BankCard, Unreadable, passes_luhn, stripe_number

BAD = Unreadable("unreadable_stripe")

# Test numbers that card schemes publish; nobody has these cards.
BANK_CARDS = [
    "%B4111111111111111^DOE/JOHN^30121010000000000000?;4111111111111111=30121010000000000?",
    ";4111111111111111=3012101?",
    "%B5555555555554444^DOE/JOHN            ^3012101?",
    ";6212345678901232=3012220?",
    ";378282246310005=3012101000?",
    ";4111111111111112=3012101?",  # a digit misread: still no card of ours
    ";4111111111111111?",
    "%B4111 1111 1111 1111^DOE/JOHN^3012101?",
    "%B4111111111111111^DOE/JO",  # pulled out too early
    ";4111111111111111=30121010",
]


def with_check(track: str) -> str:
    """Return a track with its longitudinal redundancy check, as ISO/IEC 7811-2 has it."""
    base = 0x30 if track.startswith(";") else 0x20
    return track + chr(reduce(xor, (ord(it) - base for it in track)) + base)


@pytest.mark.parametrize("text", BANK_CARDS)
def test_a_bank_card_is_refused_and_nothing_of_it_is_kept(text):
    found = card_number(text)

    assert found == BankCard()
    assert not any(it.isdigit() for it in repr(found))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (";12345678?", "12345678"),
        (";0001234=99?", "0001234"),
        ("%AMEMBER-7^CHAN TAI MAN^X?", "MEMBER-7"),
        ("%A12345678^CHAN?;87654321?", "87654321"),
        (with_check(";12345678?"), "12345678"),
        (with_check("%A12345678^CHAN?") + with_check(";87654321?"), "87654321"),
        (with_check("%A12345678^CHAN?") + ";87654321?", "87654321"),
    ],
)
def test_a_members_stripe_gives_its_number(text, number):
    assert card_number(text) == CardNumber("magnetic", number)


def test_the_check_character_is_that_of_the_standard():
    # ISO/IEC 7811-2 §10.3 by hand: 1011 ^ 0001 ^ 0010 ^ 0011 ^ 0100 ^ 1111 = 0000, which is "0".
    assert with_check(";1234?") == ";1234?0"
    assert stripe_number(";1234?0") == "1234"


@pytest.mark.parametrize("digit", range(1, 9))
def test_one_misread_character_is_seen(digit):
    right = with_check(";12345678?")
    wrong = right[:digit] + chr(ord(right[digit]) ^ 1) + right[digit + 1 :]

    assert stripe_number(wrong) == BAD


@pytest.mark.parametrize(
    "text", [";?", "%?", ";123?", ";12345678", "%A12345678^CHAN", ";12 34567?", ";123456?;99999?"]
)
def test_a_damaged_stripe_is_told(text):
    assert stripe_number(text) == BAD


def test_a_stripe_that_is_too_long_is_told():
    assert stripe_number(";" + "1" * 200 + "?") == BAD


def test_luhn_is_that_of_the_standard():
    assert passes_luhn("4539319503436467")
    assert not passes_luhn("4539319503436476")


@given(st.text("%;?^=AB0123456789/ <>:", max_size=140))
def test_no_stripe_makes_trouble(text):
    assert isinstance(stripe_number(text), str | Unreadable | BankCard)


@given(st.text("0123456789", min_size=8, max_size=19), st.sampled_from(["01", "12"]))
def test_whatever_is_laid_out_as_a_bank_card_is_one(number, month):
    assert stripe_number(f";{number}=30{month}101?") == BankCard()
