"""Reads our own raster with an independent decoder before a rewrite is spent on it.

It starts from the bytes that go to the printer, so a packing mistake shows as well as a drawing
mistake. The decoder (ZXing) shares no code with the encoders (segno and ours).
"""

import zxingcpp
from PIL import Image

from device.display.cards.raster import Raster, unpack
from device.display.cards.sheet import Place, Sheet

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_CODE_128 = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128)
_UPRIGHT = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def read_code(raster: Raster, sheet: Sheet) -> str | None:
    """Return the text of the one QR code that `raster` shows where `sheet` has it, if any."""
    return _read(raster, sheet, sheet.code, _QR)


def read_bars(raster: Raster, sheet: Sheet) -> str | None:
    """Return the text of the one Code 128 that `raster` shows where `sheet` has it, if any."""
    return None if sheet.bars is None else _read(raster, sheet, sheet.bars, _CODE_128)


def _read(
    raster: Raster, sheet: Sheet, place: Place, formats: zxingcpp.BarcodeFormats
) -> str | None:
    left, top, right, bottom = sheet.on_raster(place)
    shown = unpack(raster, left_px=left, right_px=right, invert=sheet.profile.invert)
    upright = shown.crop((0, top, right - left, bottom))
    if sheet.profile.turn_degrees:
        upright = upright.transpose(_UPRIGHT[sheet.profile.turn_degrees])
    found = zxingcpp.read_barcodes(
        upright.convert("L"),
        formats=formats,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
    )
    return found[0].text if len(found) == 1 else None
