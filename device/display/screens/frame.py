"""A drawn screen: the picture, what can be touched on it, and every line of text with its place.

The same targets serve hit-testing, whoever reads screens aloud, and the tests of our rules.
"""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from device.display.screens.boxes import Box
from device.display.screens.theme import Colour

Role = Literal["choice", "confirm", "back", "start_over", "language", "look", "page", "key"]


@dataclass(frozen=True, slots=True)
class Target:
    """A place to touch: what it is called in our code, where, in words, and what for."""

    id: str
    box: Box
    label: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRun:
    """A line of text as it was set: the room it was given and the box its letters take.

    `is_needed` says that somebody has to read it in order to act.
    """

    text: str
    box: Box
    room: Box
    size_px: int
    ink: Colour
    ground: Colour
    is_needed: bool = True
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, with what stands on it."""

    image: Image.Image
    targets: tuple[Target, ...]
    runs: tuple[TextRun, ...]

    def hit(self, x_px: int, y_px: int) -> str:
        """Return the id of the target at a point, or nothing."""
        return next((it.id for it in self.targets if it.box.holds(x_px, y_px)), "")
