"""A layout laid out for a profile: what stands where, in dots."""

from dataclasses import dataclass
from typing import NamedTuple

from device.display.cards.layout import Text
from device.display.cards.profile import Profile

_FRAME_PAD = 0.4  # of the letters' size


class Place(NamedTuple):
    """A rectangle in dots; right and bottom are just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Dots across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Dots down."""
        return self.bottom - self.top

    def overlaps(self, other: "Place") -> bool:
        """Return whether the two have a dot in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text with its place, and its letters' size and least size in dots."""

    text: Text
    place: Place
    size_px: int
    least_px: int

    @property
    def pad_px(self) -> int:
        """Dots between the letters and the frame at their sides."""
        return 0 if self.text.frame == "none" else round(self.size_px * _FRAME_PAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A face upright, as people look at it: what stands where, in dots."""

    profile: Profile
    panels: tuple[Place, ...]
    texts: tuple[PlacedText, ...]
    code: Place
    bars: Place | None
    photo: Place | None
    stamps: Place | None

    def on_raster(self, place: Place) -> Place:
        """Return where `place` lies on the profile's raster."""
        left, top, right, bottom = place
        width_px, height_px = self.profile.face_px
        match self.profile.turn_degrees:
            case 90:
                return Place(height_px - bottom, left, height_px - top, right)
            case 180:
                return Place(width_px - right, height_px - bottom, width_px - left, height_px - top)
            case 270:
                return Place(top, width_px - right, bottom, width_px - left)
            case _:
                return place
