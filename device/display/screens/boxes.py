"""Rectangles in dots, cut into rows and columns: the whole of our layout arithmetic."""

from collections.abc import Iterable
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle; `right` and `bottom` are the first dots outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """How wide it is."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """How high it is."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def inset(self, across: int, down: int | None = None) -> "Box":
        """Return what is left without a border."""
        high = across if down is None else down
        return Box(self.left + across, self.top + high, self.right - across, self.bottom - high)

    def top_part(self, height: int) -> "Box":
        """Return the upper `height` dots."""
        return Box(self.left, self.top, self.right, self.top + height)

    def bottom_part(self, height: int) -> "Box":
        """Return the lower `height` dots."""
        return Box(self.left, self.bottom - height, self.right, self.bottom)

    def left_part(self, width: int) -> "Box":
        """Return the `width` dots at the left."""
        return Box(self.left, self.top, self.left + width, self.bottom)

    def right_part(self, width: int) -> "Box":
        """Return the `width` dots at the right."""
        return Box(self.right - width, self.top, self.right, self.bottom)

    def below(self, other: "Box", gap: int) -> "Box":
        """Return what is left below `other` and a gap."""
        return Box(self.left, other.bottom + gap, self.right, self.bottom)

    def above(self, other: "Box", gap: int) -> "Box":
        """Return what is left above `other` and a gap."""
        return Box(self.left, self.top, self.right, other.top - gap)

    def right_of(self, other: "Box", gap: int) -> "Box":
        """Return what is left at the right of `other` and a gap."""
        return Box(other.right + gap, self.top, self.right, self.bottom)

    def left_of(self, other: "Box", gap: int) -> "Box":
        """Return what is left at the left of `other` and a gap."""
        return Box(self.left, self.top, other.left - gap, self.bottom)

    def rows(self, count: int, gap: int) -> list["Box"]:
        """Return `count` rows of equal height with gaps between."""
        edges = _edges(self.top, self.bottom, count, gap)
        return [Box(self.left, low, self.right, high) for low, high in edges]

    def columns(self, count: int, gap: int) -> list["Box"]:
        """Return `count` columns of equal width with gaps between."""
        edges = _edges(self.left, self.right, count, gap)
        return [Box(low, self.top, high, self.bottom) for low, high in edges]

    def square(self, side: int) -> "Box":
        """Return a square of `side` around the middle."""
        left = self.left + (self.width - side) // 2
        top = self.top + (self.height - side) // 2
        return Box(left, top, left + side, top + side)

    def holds(self, x: int, y: int) -> bool:
        """Return whether a point lies in it."""
        return self.left <= x < self.right and self.top <= y < self.bottom


def _edges(low: int, high: int, count: int, gap: int) -> Iterable[tuple[int, int]]:
    """Cut a length into `count` equal parts; what does not divide is left over at the end."""
    part = (high - low - (count - 1) * gap) // count
    for number in range(count):
        start = low + number * (part + gap)
        yield start, start + part
