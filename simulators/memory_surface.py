"""A surface that nobody sees: it keeps the picture for whoever asks what a screen shows."""

from PIL import Image

from device.display.surfaces.surface import Damage


class MemorySurface:
    """Keeps what is shown as `image`."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.image = Image.new("RGB", size)

    @property
    def size(self) -> tuple[int, int]:
        """How wide and high its pictures are, in dots."""
        return self.image.size

    def show(self, image: Image.Image, damage: Damage) -> None:
        """Show the damaged part of `image`."""
        self.image.paste(image.crop(damage), damage)

    def close(self) -> None:
        """Leave it dark."""
        self.image.paste((0, 0, 0), (0, 0, *self.image.size))
