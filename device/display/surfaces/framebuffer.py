"""A Linux framebuffer: /dev/fb0 as the kernel describes it, never as we assume it.

Depth and stride differ between overlays of the same board, so both are read from sysfs.
"""

import mmap
import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from device.display.surfaces.dots import DEPTHS, as_dots
from device.display.surfaces.surface import Damage, SurfaceMissing

SIDE_MAX_PX = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """How the dots lie in memory."""

    width_px: int
    height_px: int
    bits_per_pixel: int
    stride_bytes: int

    def __post_init__(self) -> None:
        if self.bits_per_pixel not in DEPTHS:
            raise SurfaceMissing(f"framebuffer of {self.bits_per_pixel} bits, {DEPTHS} wanted")
        if not (0 < self.width_px <= SIDE_MAX_PX and 0 < self.height_px <= SIDE_MAX_PX):
            raise SurfaceMissing(f"framebuffer of {self.width_px} × {self.height_px} dots")
        if self.stride_bytes < self.width_px * self.dot_bytes:
            raise SurfaceMissing(f"framebuffer rows of {self.stride_bytes} bytes are too short")

    @property
    def dot_bytes(self) -> int:
        """How many bytes a dot takes."""
        return self.bits_per_pixel // 8


def geometry(sysfs: Path) -> Geometry:
    """Return what the kernel says in `sysfs`, such as /sys/class/graphics/fb0.

    Raises:
        SurfaceMissing: it says nothing, or what we cannot use.
    """
    try:
        width_px, height_px = (int(it) for it in _read(sysfs / "virtual_size").split(","))
        return Geometry(
            width_px=width_px,
            height_px=height_px,
            bits_per_pixel=int(_read(sysfs / "bits_per_pixel")),
            stride_bytes=int(_read(sysfs / "stride")),
        )
    except (OSError, ValueError) as error:
        raise SurfaceMissing(f"no framebuffer at {sysfs}: {error}") from error


class FramebufferSurface:
    """A framebuffer, mapped; only the rows that changed are written."""

    def __init__(self, device: Path, sysfs: Path) -> None:
        """Open `device`, described in `sysfs`.

        Raises:
            SurfaceMissing: it cannot be used.
        """
        self._geometry = geometry(sysfs)
        length = self._geometry.stride_bytes * self._geometry.height_px
        try:
            descriptor = os.open(device, os.O_RDWR)
            try:
                self._memory = mmap.mmap(descriptor, length)
            finally:
                os.close(descriptor)
        except (OSError, ValueError) as error:
            raise SurfaceMissing(f"cannot use framebuffer {device}: {error}") from error

    @property
    def size(self) -> tuple[int, int]:
        """How wide and high its pictures are, in dots."""
        return self._geometry.width_px, self._geometry.height_px

    def show(self, image: Image.Image, damage: Damage) -> None:
        """Show the damaged part of `image`."""
        left, top, right, bottom = damage
        it = self._geometry
        dots = as_dots(image.crop(damage), it.bits_per_pixel)
        row_bytes = (right - left) * it.dot_bytes
        start = top * it.stride_bytes + left * it.dot_bytes
        for row in range(bottom - top):
            at = start + row * it.stride_bytes
            self._memory[at : at + row_bytes] = dots[row * row_bytes : (row + 1) * row_bytes]

    def close(self) -> None:
        """Leave the screen dark."""
        self._memory[:] = bytes(len(self._memory))
        self._memory.close()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()
