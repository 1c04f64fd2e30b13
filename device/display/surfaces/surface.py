"""What every surface does: it shows pictures, and parts of pictures that changed."""

from typing import Protocol

from PIL import Image, ImageChops

Damage = tuple[int, int, int, int]


class SurfaceMissing(Exception):
    """The screen that the configuration names cannot be used; the message says why."""


class Surface(Protocol):
    """Something that pictures appear on."""

    @property
    def size(self) -> tuple[int, int]:
        """How wide and high its pictures are, in dots."""
        ...

    def show(self, image: Image.Image, damage: Damage) -> None:
        """Show `image` (mode RGB, of our size), of which only `damage` differs from before."""
        ...

    def close(self) -> None:
        """Leave the screen dark."""
        ...


def damage(before: Image.Image | None, after: Image.Image) -> Damage | None:
    """Return the smallest rectangle in which `after` differs, or None if nothing does."""
    if before is None:
        return (0, 0, *after.size)
    return ImageChops.difference(before, after).getbbox()
