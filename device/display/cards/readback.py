"""Reads our own raster with an independent decoder before a rewrite is spent on it."""

import zxingcpp

from device.display.cards.profile import Profile
from device.display.cards.raster import Raster, unpack

_QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def read_code(raster: Raster, profile: Profile) -> str | None:
    """Return the text of the one QR code that `raster` shows in the profile's code box, if any.

    It starts from the bytes that go to the printer, so a packing mistake shows as well as a drawing
    mistake. The decoder (ZXing) shares no code with the encoder (segno).
    """
    left, top, right, bottom = profile.code_box
    shown = unpack(raster, left_px=left, right_px=right, invert=profile.invert)
    found = zxingcpp.read_barcodes(
        shown.crop((0, top, right - left, bottom)).convert("L"),
        formats=_QR_ONLY,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
    )
    return found[0].text if len(found) == 1 else None
