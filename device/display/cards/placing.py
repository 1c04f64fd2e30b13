"""A layout laid out for a profile: every box in dots, and whether all of it can be printed.

Everything grows by one factor, the largest with which the layout's window fits the profile's. The
code must stand on the side that is printed last; where the layout has it on the other side, the
code and what stands beside it change places.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from device.display.cards.codes import BAR_MODULES_MAX, QR_MODULES_MAX
from device.display.cards.layout import Box, Layout, Text
from device.display.cards.profile import Profile

_NEXT_TO_NOTHING = 1e-6  # so that 2.5 mm at 8 dots are 20 dots whatever floats make of them


class LayoutUnfit(ValueError):
    """The layout cannot be printed on the profile; `complaints` say all that is wrong."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A face upright, as people look at it: what stands where, in dots."""

    profile: Profile
    mm_px: float
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


def place_layout(layout: Layout, profile: Profile) -> Sheet:
    """Return `layout` laid out for `profile`.

    Raises:
        LayoutUnfit: something would be too small, stand in a margin or on something else.
    """
    face = _Face(layout, profile)
    sheet = Sheet(
        profile=profile,
        mm_px=face.mm_px,
        panels=tuple(face.place(it) for it in layout.panels),
        texts=tuple(face.placed_text(it) for it in layout.texts),
        code=face.place(layout.code),
        bars=face.place_of(layout.bars),
        photo=face.place_of(layout.photo),
        stamps=face.place_of(layout.stamps),
    )
    complaints = tuple(_complaints(layout, sheet))
    if complaints:
        raise LayoutUnfit(complaints)
    return sheet


class _Face:
    """Where things go on the face of one profile, in millimetres and in dots."""

    def __init__(self, layout: Layout, profile: Profile) -> None:
        width_px, height_px = profile.face_px
        self.mm_px = min(width_px / layout.width_mm, height_px / layout.height_mm)
        self._width_mm, self._height_mm = width_px / self.mm_px, height_px / self.mm_px
        self._code = layout.code
        self._beside = [it for it in _contents(layout) if it is not layout.code]
        self._beside = [it for it in self._beside if self._is_beside_code(it)]
        left_mm, right_mm = layout.code.across.within(self._width_mm)
        stands_right = left_mm + right_mm > self._width_mm
        self._is_swapped = profile.last_side == ("left" if stands_right else "right")

    def place(self, box: Box) -> Place:
        """Return the dots of `box`."""
        left_mm, right_mm = box.across.within(self._width_mm)
        top_mm, bottom_mm = box.down.within(self._height_mm)
        left = math.floor((left_mm + self._shift_mm(box)) * self.mm_px + 0.5)
        top = math.floor(top_mm * self.mm_px + 0.5)
        right, bottom = left + self._dots(right_mm - left_mm), top + self._dots(bottom_mm - top_mm)
        return Place(left, top, right, bottom)

    def place_of(self, box: Box | None) -> Place | None:
        """Return the dots of `box`, if there is one."""
        return None if box is None else self.place(box)

    def placed_text(self, text: Text) -> PlacedText:
        """Return `text` with its place and sizes."""
        size_px, least_px = self._dots(text.size_mm), self._dots(text.least_mm)
        return PlacedText(text, self.place(text.box), size_px, least_px)

    def _dots(self, length_mm: float) -> int:
        """Return the whole dots in a length; equal lengths have equal dots wherever they stand."""
        return math.floor(length_mm * self.mm_px + _NEXT_TO_NOTHING)

    def _is_beside_code(self, box: Box) -> bool:
        top_mm, bottom_mm = box.down.within(self._height_mm)
        code_top_mm, code_bottom_mm = self._code.down.within(self._height_mm)
        return top_mm < code_bottom_mm and code_top_mm < bottom_mm

    def _shift_mm(self, box: Box) -> float:
        """Return how far `box` moves to the right because code and column change places."""
        if not self._is_swapped:
            return 0.0
        if box is self._code:
            moved = [box]
        elif any(it is box for it in self._beside):
            moved = self._beside
        else:
            return 0.0
        edges_mm = [it.across.within(self._width_mm) for it in moved]
        return self._width_mm - min(it[0] for it in edges_mm) - max(it[1] for it in edges_mm)


def _contents(layout: Layout) -> Iterator[Box]:
    """Yield every box that must be legible: all but the panels."""
    yield layout.code
    yield from (it.box for it in layout.texts)
    yield from (it for it in (layout.bars, layout.photo, layout.stamps) if it is not None)


def _complaints(layout: Layout, sheet: Sheet) -> Iterator[str]:
    profile = sheet.profile
    placed = [sheet.code, *(it.place for it in sheet.texts)]
    placed += [it for it in (sheet.bars, sheet.photo, sheet.stamps) if it is not None]
    named = [(box.where, it) for box, it in zip(_contents(layout), placed, strict=True)]
    for where, it in named:
        yield from _misplaced(where, it, profile)
    for (where, one), (_, other) in combinations(named, 2):
        if one.overlaps(other):
            yield f"{where}: overlaps another box on {profile.name}, wanted room of its own"
    for text in sheet.texts:
        yield from _too_small(text, profile)
    yield from _unreadable(layout, sheet)


def _misplaced(where: str, it: Place, profile: Profile) -> Iterator[str]:
    width_px, height_px = profile.face_px
    room_px = min(it.left, it.top, width_px - it.right, height_px - it.bottom)
    if it.width < 1 or it.height < 1:
        yield f"{where}: found nothing between its edges on {profile.name}, wanted some room"
    elif room_px < profile.margin_px:
        yield (
            f"{where}: found {room_px} dots to the edge of {profile.name}, "
            f"wanted at least {profile.margin_px}"
        )


def _too_small(it: PlacedText, profile: Profile) -> Iterator[str]:
    where = it.text.box.where
    if it.least_px < profile.text_min_px:
        yield (
            f"{where}: found letters of {it.least_px} dots on {profile.name}, "
            f"wanted at least {profile.text_min_px}"
        )
    if it.place.height < it.least_px:
        yield (
            f"{where}: found a box {it.place.height} dots high on {profile.name}, "
            f"wanted at least its letters' {it.least_px}"
        )


def _unreadable(layout: Layout, sheet: Sheet) -> Iterator[str]:
    profile, code, bars = sheet.profile, sheet.code, sheet.bars
    wanted_px = QR_MODULES_MAX * profile.module_min_px
    if min(code.width, code.height) < wanted_px:
        yield (
            f"{layout.code.where}: found {min(code.width, code.height)} dots on {profile.name}, "
            f"wanted at least {wanted_px} for the longest text"
        )
    side = "bottom" if code.top + code.bottom > profile.face_px[1] else "top"
    if profile.last_side in ("top", "bottom") and side != profile.last_side:
        yield (
            f"{layout.code.where}: found at the {side} of {profile.name}, "
            f"wanted at the {profile.last_side}, which is printed last"
        )
    if layout.bars is None or bars is None:
        return
    wanted_px = BAR_MODULES_MAX * profile.bar_min_px
    if profile.bar_min_px == 0:
        yield f"{layout.bars.where}: {profile.name} is too coarse for bars, wanted the code only"
    elif bars.width < wanted_px:
        yield (
            f"{layout.bars.where}: found {bars.width} dots on {profile.name}, "
            f"wanted at least {wanted_px} for the longest number"
        )
