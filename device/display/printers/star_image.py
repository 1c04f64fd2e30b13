"""The cheapest way to bring the Star TCP300II's image memory from one picture to another.

Only columns that change are sent, cut to the bytes that change; neighbours share a frame where that
is shorter. Source: Star TCP300II specification manual, commands 43h (line mode, one column), 4Dh
(block mode, columns of equal length side by side) and 49h (clear). In both modes bytes replace what
was there [inferred: only 42h offers "added writing"].
"""

from dataclasses import dataclass

from device.display.cards.raster import Raster
from device.display.printers.star import Command
from device.display.printers.star_frames import DATA_MAX_BYTES

WIDTH_PX, HEIGHT_PX = 480, 320
COLUMN_BYTES = HEIGHT_PX // 8
BLANK = Raster(width_px=WIDTH_PX, height_px=HEIGHT_PX, columns=bytes(WIDTH_PX * COLUMN_BYTES))

_FRAME_COST_BYTES = 20  # our own frame and header, and ACK, answer and ACK that follow it
_HEADER_MAX_BYTES = len("479,39,40,")


@dataclass(slots=True)
class _Patch:
    """Columns side by side with the same rows to change."""

    left: int
    right: int
    top: int
    bottom: int

    def cost(self) -> int:
        return _FRAME_COST_BYTES + 2 * (self.right - self.left) * (self.bottom - self.top)


def upload(wanted: Raster, present: Raster | None) -> list[tuple[Command, bytes]]:
    """Return the commands that turn `present` into `wanted`; None means memory is not known.

    Raises:
        ValueError: `wanted` is not 480 × 320 dots.
    """
    if (wanted.width_px, wanted.height_px) != (WIDTH_PX, HEIGHT_PX):
        raise ValueError(f"raster of {wanted.width_px} × {wanted.height_px}, wanted 480 × 320")
    afresh = [(Command.CLEAR_BUFFERS, b""), *_changes(wanted, BLANK)]
    if present is None:
        return afresh
    changes = _changes(wanted, present)
    return min(changes, afresh, key=_length)


def _changes(wanted: Raster, present: Raster) -> list[tuple[Command, bytes]]:
    patches: list[_Patch] = []
    for x in range(WIDTH_PX):
        column = _changed_rows(wanted.column(x), present.column(x), x)
        if column is None:
            continue
        joined = _join(patches[-1], column) if patches else None
        if joined is None:
            patches.append(column)
        else:
            patches[-1] = joined
    return [_command(wanted, patch) for patch in patches]


def _changed_rows(wanted: bytes, present: bytes, x: int) -> _Patch | None:
    if wanted == present:
        return None
    differs = int.from_bytes(wanted, "big") ^ int.from_bytes(present, "big")
    top = COLUMN_BYTES - (differs.bit_length() + 7) // 8
    trailing_zero_bits = (differs & -differs).bit_length() - 1
    return _Patch(x, x + 1, top, COLUMN_BYTES - trailing_zero_bits // 8)


def _join(patch: _Patch, column: _Patch) -> _Patch | None:
    """Return one patch for both if they touch, fit one frame and get shorter by it."""
    top, bottom = min(patch.top, column.top), max(patch.bottom, column.bottom)
    both = _Patch(patch.left, column.right, top, bottom)
    hex_bytes = 2 * (both.right - both.left) * (bottom - top)
    fits = patch.right == column.left and hex_bytes <= DATA_MAX_BYTES - _HEADER_MAX_BYTES
    return both if fits and both.cost() <= patch.cost() + column.cost() else None


def _command(wanted: Raster, patch: _Patch) -> tuple[Command, bytes]:
    rows = (wanted.column(x)[patch.top : patch.bottom] for x in range(patch.left, patch.right))
    marks = b"".join(rows).hex().upper().encode()
    if patch.right - patch.left == 1:
        return Command.LINE, b"%d,%d,%b" % (patch.left, patch.top, marks)
    height = patch.bottom - patch.top
    return Command.BLOCK, b"%d,%d,%d,%b" % (patch.left, patch.top, height, marks)


def _length(commands: list[tuple[Command, bytes]]) -> int:
    return sum(_FRAME_COST_BYTES + len(data) for _, data in commands)
