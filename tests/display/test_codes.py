"""QR codes and Code 128, drawn with whole dots."""

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from device.display.cards.codes import (
    BAR_CHARACTERS_MAX,
    BAR_MODULES_MAX,
    QR_MODULES_MAX,
    CodeTooLarge,
    draw_bars,
    draw_qr,
)
from device.display.cards.payload import TEXT_MAX_CHARS

TOKENS = st.text("ABCXYZabcxyz0123456789_.:-", min_size=1, max_size=BAR_CHARACTERS_MAX)


def test_the_longest_payload_fits_the_most_modules():
    code = draw_qr("x" * TEXT_MAX_CHARS, side_px=QR_MODULES_MAX * 4, module_min_px=4)

    assert code.size == (QR_MODULES_MAX * 4, QR_MODULES_MAX * 4)


def test_a_code_whose_modules_would_be_too_small_is_refused():
    with pytest.raises(CodeTooLarge, match="at least 4"):
        draw_qr("x" * 100, side_px=180, module_min_px=4)


@given(TOKENS)
def test_any_members_token_fits_the_most_modules_and_reads(token):
    bars = draw_bars(token, width_px=BAR_MODULES_MAX * 2, height_px=40, module_min_px=2)

    found = zxingcpp.read_barcodes(bars, formats=zxingcpp.BarcodeFormat.Code128)

    assert bars.width <= BAR_MODULES_MAX * 2
    assert [it.text for it in found] == [token]


def test_bars_have_their_quiet_zones():
    bars = draw_bars("hh-1234", width_px=800, height_px=40, module_min_px=4)

    for left in (0, bars.width - 40):
        assert bars.crop((left, 0, left + 40, 40)).getextrema() == (255, 255)


def test_bars_that_would_be_too_thin_are_refused():
    with pytest.raises(CodeTooLarge, match="at least 4"):
        draw_bars("A" * 16, width_px=BAR_MODULES_MAX * 4 - 1, height_px=40, module_min_px=4)
