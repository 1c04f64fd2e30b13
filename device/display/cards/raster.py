"""Grey to one bit, and one bit to the column bytes that printers take, and back.

A raster holds whole columns from left to right; in a column byte the lowest bit is the upper dot
and a set bit is a mark (Star TCP300II manual, command 43h). Pillow's own packers do the bit work;
a loop over dots takes forty times as long.
"""

import hashlib
from dataclasses import dataclass

from PIL import Image

THRESHOLD = 140  # of 255; keeps thin strokes of small Chinese text closed
SIDE_MAX_PX = 2048

_BLACK_OR_WHITE = [255 if grey > THRESHOLD else 0 for grey in range(256)]
_UPPER_DOT_LOWEST = "1;IR"  # Pillow's raw mode: inverted (black is 1), reversed bit order


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """The exact marks a printer is asked for."""

    width_px: int
    height_px: int
    columns: bytes

    def __post_init__(self) -> None:
        if not (0 < self.width_px <= SIDE_MAX_PX and 0 < self.height_px <= SIDE_MAX_PX):
            raise ValueError(f"raster of {self.width_px} × {self.height_px} dots")
        wanted = self.width_px * self.column_bytes
        if len(self.columns) != wanted:
            raise ValueError(f"raster holds {len(self.columns)} bytes, wanted {wanted}")

    @property
    def column_bytes(self) -> int:
        """Bytes in one column; unused bits at the bottom are zero."""
        return (self.height_px + 7) // 8

    def column(self, x_px: int) -> bytes:
        """Return the bytes of one column."""
        return self.columns[x_px * self.column_bytes : (x_px + 1) * self.column_bytes]

    def digest(self) -> str:
        """Return a name for these marks: equal for equal rasters and, in practice, only then."""
        size = f"{self.width_px}x{self.height_px};".encode()
        return hashlib.sha256(size + self.columns).hexdigest()


def threshold(grey: Image.Image) -> Image.Image:
    """Return `grey` (mode L) as one-bit black and white."""
    return grey.point(_BLACK_OR_WHITE, "1")


def pack(image: Image.Image, *, invert: bool = False) -> Raster:
    """Return the marks for a one-bit image; `invert` is for film that shows what is unmarked."""
    shown = image.point(lambda dot: 255 - dot) if invert else image
    turned = shown.transpose(Image.Transpose.TRANSPOSE)
    return Raster(
        width_px=image.width,
        height_px=image.height,
        columns=turned.tobytes("raw", _UPPER_DOT_LOWEST),
    )


def unpack(
    raster: Raster, *, left_px: int = 0, right_px: int | None = None, invert: bool = False
) -> Image.Image:
    """Return what `raster` will show, or only its columns from `left_px` up to `right_px`."""
    end_px = raster.width_px if right_px is None else right_px
    marks = raster.columns[left_px * raster.column_bytes : end_px * raster.column_bytes]
    size = raster.height_px, end_px - left_px
    turned = Image.frombytes("1", size, marks, "raw", _UPPER_DOT_LOWEST)
    shown = turned.transpose(Image.Transpose.TRANSPOSE)
    return shown.point(lambda dot: 255 - dot) if invert else shown
