"""A small SPI panel, driven by luma: its driver has the picture's bytes and the wiring."""

from typing import Any

from PIL import Image

from device.display.surfaces.surface import Damage, SurfaceMissing


class LumaSurface:
    """A panel of luma's; the whole picture is sent each time, as its drivers want it."""

    def __init__(self, device: Any) -> None:
        """Take a device of luma's: it has `size`, `mode`, `display` and `cleanup`."""
        self._device = device

    @property
    def size(self) -> tuple[int, int]:
        """How wide and high its pictures are, in dots."""
        width_px, height_px = self._device.size
        return width_px, height_px

    def show(self, image: Image.Image, damage: Damage) -> None:
        """Show `image`."""
        self._device.display(image.convert(self._device.mode))

    def close(self) -> None:
        """Leave the panel dark."""
        self._device.cleanup()


def open_luma(arguments: list[str]) -> LumaSurface:
    """Return the panel that `arguments` describe, as luma's own programs take them.

    For example `--display ili9341 --interface spi --width 320 --height 240`.

    Raises:
        SurfaceMissing: luma or the panel's package is not installed, or it does not answer.
    """
    try:
        from luma.core import cmdline, error  # type: ignore[import-untyped] # it ships no types
    except ImportError as missing:
        raise SurfaceMissing(
            f"luma is not installed: {missing}; install revisit[luma]"
        ) from missing
    try:
        options = cmdline.create_parser("revisit").parse_args(arguments)
        return LumaSurface(cmdline.create_device(options))
    except (error.Error, ImportError, OSError, SystemExit) as problem:
        raise SurfaceMissing(f"luma: no panel for {' '.join(arguments)}: {problem}") from problem
