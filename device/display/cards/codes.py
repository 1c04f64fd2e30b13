"""QR codes and Code 128 drawn with whole dots, so that no edge falls between two of them."""

import segno
from PIL import Image

from device.display.cards.code128 import modules

QUIET_ZONE_MODULES = 4  # ISO/IEC 18004 §9.1
QR_MODULES_MAX = 45 + 2 * QUIET_ZONE_MODULES  # version 7: the longest payload at level M
BAR_QUIET_ZONE_MODULES = 10  # ISO/IEC 15417 §4.6
BAR_CHARACTERS_MAX = 16  # a member's token
# Start, check and each character are 11 modules, stop is 13 (ISO/IEC 15417 §4.3).
BAR_MODULES_MAX = 11 * (BAR_CHARACTERS_MAX + 2) + 13 + 2 * BAR_QUIET_ZONE_MODULES


class CodeTooLarge(ValueError):
    """The text needs smaller modules than the printer can put down reliably."""


def draw_qr(text: str, *, side_px: int, module_min_px: int) -> Image.Image:
    """Return a square grey image of at most `side_px` with `text` as a QR code, level M or better.

    Modules are the largest whole number of dots that fits; the quiet zone is part of the image.
    Measured: one dot of gain spoils modules of three dots at 300 dpi, four survive it.

    Raises:
        CodeTooLarge: modules would be smaller than `module_min_px`.
    """
    symbol = segno.make_qr(text, error="m")
    modules = int(symbol.symbol_size(border=QUIET_ZONE_MODULES)[0])
    module_px = side_px // modules
    if module_px < module_min_px:
        raise CodeTooLarge(
            f"{len(text)} characters need {modules} modules in {side_px} dots: "
            f"{module_px} dots each, at least {module_min_px}"
        )
    rows = (bytes(row) for row in symbol.matrix_iter(border=QUIET_ZONE_MODULES))
    light_and_dark = bytes.maketrans(b"\x00\x01", b"\xff\x00")
    small = Image.frombytes("L", (modules, modules), b"".join(rows).translate(light_and_dark))
    return small.resize((modules * module_px, modules * module_px), Image.Resampling.NEAREST)


def draw_bars(text: str, *, width_px: int, height_px: int, module_min_px: int) -> Image.Image:
    """Return a grey image of at most `width_px` with `text` as Code 128, quiet zones included.

    Raises:
        CodeTooLarge: modules would be smaller than `module_min_px`.
    """
    quiet = "0" * BAR_QUIET_ZONE_MODULES
    bars = quiet + modules(text) + quiet
    module_px = width_px // len(bars)
    if module_px < module_min_px:
        raise CodeTooLarge(
            f"{len(text)} characters need {len(bars)} modules in {width_px} dots: "
            f"{module_px} dots each, at least {module_min_px}"
        )
    row = bytes(0 if module == "1" else 255 for module in bars)
    small = Image.frombytes("L", (len(bars), 1), row)
    return small.resize((len(bars) * module_px, height_px), Image.Resampling.NEAREST)
