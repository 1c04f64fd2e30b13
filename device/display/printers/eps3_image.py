"""A card face as the EasyPrinter S3 wants it sent.

Sources: as in `eps3.py`. Lines go across the card, the right-most column of the picture first; in a
line byte 0 is at the top and the highest bit of a byte the upper dot. This order is worked out from
what the open client does to its picture, and was not seen on a card.
"""

from device.display.cards.raster import Raster

WIDTH_PX, HEIGHT_PX = 960, 560
LINE_BYTES = HEIGHT_PX // 8

_LIMITS = b"01001100"  # dots of the long side, from and to
_WHOLE_CARD = b"000100961100"  # to erase: short side in units of 8 dots, long side, twice
_RIGHT_EDGE = b"0130"  # where the first line goes, in dots of the long side

_PADDING = bytes(13)  # before each line, as the client sends it
LINE_BYTES_MAX = len(_PADDING) + LINE_BYTES
_LINE = b"\x1bQ" + bytes((LINE_BYTES_MAX,)) + _PADDING

_UPPER_DOT_HIGHEST = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

_BEFORE = b"\x1bU" + b"\x1b%d" + _LIMITS + b"\x1bL1" + _WHOLE_CARD + b"\x1b%y" + _RIGHT_EDGE


def picture(raster: Raster) -> bytes:
    """Return what puts `raster` into the printer's memory, with the erase that goes before it.

    Raises:
        ValueError: `raster` is not 960 × 560 dots.
    """
    if (raster.width_px, raster.height_px) != (WIDTH_PX, HEIGHT_PX):
        raise ValueError(f"raster of {raster.width_px} × {raster.height_px}, wanted 960 × 560")
    marks = raster.columns.translate(_UPPER_DOT_HIGHEST)
    lines = [marks[at : at + LINE_BYTES] for at in range(0, len(marks), LINE_BYTES)]
    return _BEFORE + _LINE + _LINE.join(reversed(lines))
