"""What scanners read: a card's number in one normal form, or a clear mistake, and never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.scanners.codes import CODE_MAX_CHARS, CardNumber, card_number, check_digit
from device.scanners.stripes import BankCard, Unreadable

BAD = Unreadable("unreadable_code")

# Numbers that GS1 itself uses as examples.
ARTICLES = {
    "EAN-13": ("6291041500213", "06291041500213"),
    "UPC-A": ("614141000036", "00614141000036"),
    "EAN-8": ("95050003", "00000095050003"),
    "ITF-14": ("10614141000415", "10614141000415"),
}


@pytest.mark.parametrize(("digits", "number"), ARTICLES.values(), ids=ARTICLES)
def test_article_numbers_of_every_length_have_one_form(digits, number):
    assert card_number(digits) == CardNumber("barcode", number)


def test_a_label_read_as_upc_or_as_ean_is_one_card():
    assert card_number("614141000036") == card_number("0614141000036")


@pytest.mark.parametrize("digits", [it for it, _ in ARTICLES.values()])
def test_one_wrong_digit_is_seen(digits):
    for place, digit in enumerate(digits):
        wrong = digits[:place] + str((int(digit) + 1) % 10) + digits[place + 1 :]
        assert card_number(wrong) == BAD


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("]E06291041500213", CardNumber("barcode", "06291041500213")),
        ("]E06291041500214", BAD),
        ("]E0629104150021", BAD),
        ("]E0HELLO", BAD),
        ("]C012345678", CardNumber("barcode", "12345678")),  # Code 128 checks itself
        ("]C04111111111111111", CardNumber("barcode", "4111111111111111")),
        ("]Q1MEMBER-7", CardNumber("barcode", "MEMBER-7")),
        ("M-1001", CardNumber("barcode", "M-1001")),
        ("123456789", CardNumber("barcode", "123456789")),
        *(("", BAD), ("abc", BAD), ("]C0abc", BAD), ("a b\x07c", BAD), ("卡號12345", BAD)),
        (" 1234", BAD),
        ("x" * CODE_MAX_CHARS, CardNumber("barcode", "x" * CODE_MAX_CHARS)),
        ("x" * (CODE_MAX_CHARS + 1), BAD),
    ],
)
def test_what_a_symbology_promises_is_wanted_of_it(text, found):
    assert card_number(text) == found


@pytest.mark.parametrize(
    "text", ["4111111111111111", "6212345678901232", "4111111111111111=30121010000000000"]
)
def test_a_bank_cards_number_is_refused_even_without_its_stripes_marks(text):
    assert card_number(text) == BankCard()


@given(st.text("0123456789", min_size=7, max_size=7))
def test_a_number_with_its_check_digit_is_read(digits):
    assert isinstance(card_number(digits + check_digit(digits)), CardNumber)


@given(st.text(max_size=CODE_MAX_CHARS + 10) | st.text("%;?^=B0123456789]EQC", max_size=60))
def test_anything_is_a_number_or_a_mistake(text):
    found = card_number(text)

    assert isinstance(found, CardNumber | Unreadable | BankCard)
    if isinstance(found, CardNumber):
        assert found.kind in ("barcode", "magnetic")
        assert found.number.isascii()


def test_a_number_does_not_show_itself_in_a_log():
    assert "M-1001" not in repr(card_number("M-1001"))
