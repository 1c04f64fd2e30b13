"""A finger on the screen, and the way from a touch panel's axes to the screen's dots."""

from dataclasses import dataclass
from typing import Literal

Turn = Literal[0, 90, 180, 270]  # degrees clockwise


@dataclass(frozen=True, slots=True)
class Contact:
    """A finger came down at a dot of the screen, or left it there."""

    x_px: int
    y_px: int
    is_down: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Six numbers from a touch panel's axes (0 to 1 each) to the screen (0 to 1 each).

    x' = a·x + b·y + c and y' = d·x + e·y + f, as libinput's calibration matrix has them.
    """

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    def place(self, x: float, y: float, *, width_px: int, height_px: int) -> tuple[int, int]:
        """Return the dot of a screen of that size, on it even where the axes run further."""
        across = self.a * x + self.b * y + self.c
        down = self.d * x + self.e * y + self.f
        return _dot(across, width_px), _dot(down, height_px)


STRAIGHT = Calibration()


def in_picture(contact: Contact, turned: Turn, *, width_px: int, height_px: int) -> Contact:
    """Return `contact` on a picture of that size which is shown `turned` clockwise."""
    x, y = contact.x_px, contact.y_px
    match turned:
        case 90:
            x, y = y, height_px - 1 - x
        case 180:
            x, y = width_px - 1 - x, height_px - 1 - y
        case 270:
            x, y = width_px - 1 - y, x
    return Contact(x, y, contact.is_down)


def _dot(share: float, size_px: int) -> int:
    # What floats lose must not be the dot beside.
    return min(size_px - 1, max(0, int(share * size_px + 0.001)))
