"""Code 128 against known symbols and an independent decoder."""

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from device.display.cards.code128 import modules

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
DIGITS = st.text("0123456789", min_size=1, max_size=20)


def read(pattern):
    quiet = "0" * 10
    row = bytes(0 if it == "1" else 255 for it in quiet + pattern + quiet)
    bars = Image.frombytes("L", (len(row), 1), row).resize((len(row) * 3, 60), Image.Resampling.BOX)
    return [it.text for it in zxingcpp.read_barcodes(bars, formats=zxingcpp.BarcodeFormat.Code128)]


def test_a_symbol_is_start_characters_check_and_stop():
    start_b, a, check, stop = "11010010000", "10100011000", "10001011000", "1100011101011"

    assert modules("A") == start_b + a + check + stop


def test_digits_in_pairs_take_half_the_room():
    assert len(modules("1234567890123456")) == 11 * 10 + 13
    assert len(modules("123456789012345")) == 11 * 17 + 13


@given(PRINTABLE | DIGITS)
def test_whatever_is_printable_reads(text):
    assert read(modules(text)) == [text]


@pytest.mark.parametrize("text", ["99", "9999", "0099"])
def test_a_pair_that_means_a_switch_elsewhere_is_a_pair(text):
    assert read(modules(text)) == [text]


@pytest.mark.parametrize("text", ["", "\n", "é", "卡"])
def test_what_bars_cannot_say_is_refused(text):
    with pytest.raises(ValueError, match="wanted printable ASCII"):
        modules(text)
