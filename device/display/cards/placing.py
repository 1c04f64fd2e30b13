"""Lays a layout out for a profile.

Everything grows by one factor, the largest with which the layout's window fits the profile's. The
code must stand on the side that is printed last; where the layout has it on the other side, the
column of the code and the one beside it change places.
"""

import math

from device.display.cards.complaints import complaints
from device.display.cards.layout import Box, Layout, Text, contents
from device.display.cards.profile import Profile
from device.display.cards.sheet import Place, PlacedText, Sheet

_NEXT_TO_NOTHING = 1e-6  # so that 2.5 mm at 8 dots are 20 dots whatever floats make of them


class LayoutUnfit(ValueError):
    """The layout cannot be printed on the profile; `complaints` are all reasons."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


def place_layout(layout: Layout, profile: Profile) -> Sheet:
    """Return `layout` laid out for `profile`.

    Raises:
        LayoutUnfit: something would be too small, stand in a margin or on something else.
    """
    face = _Face(layout, profile)
    sheet = Sheet(
        profile=profile,
        panels=tuple(face.place(it) for it in layout.panels),
        texts=tuple(face.placed_text(it) for it in layout.texts),
        code=face.place(layout.code),
        bars=face.place_of(layout.bars),
        photo=face.place_of(layout.photo),
        stamps=face.place_of(layout.stamps),
    )
    found = tuple(complaints(layout, sheet))
    if found:
        raise LayoutUnfit(found)
    return sheet


class _Face:
    """Where things go on the face of one profile, in millimetres and in dots."""

    def __init__(self, layout: Layout, profile: Profile) -> None:
        width_px, height_px = profile.face_px
        self._mm_px = min(width_px / layout.width_mm, height_px / layout.height_mm)
        self._width_mm, self._height_mm = width_px / self._mm_px, height_px / self._mm_px
        left_mm, right_mm = self._across(layout.code)
        wrong_side = "left" if left_mm + right_mm > self._width_mm else "right"
        self._shifts: list[tuple[Box, float]] = []
        if profile.last_side == wrong_side:
            for column in self._columns(layout):
                shift_mm = self._shift_mm(column)
                self._shifts += [(box, shift_mm) for box in column]

    def place(self, box: Box) -> Place:
        """Return the dots of `box`."""
        left_mm, right_mm = self._across(box)
        top_mm, bottom_mm = self._down(box)
        left_mm += next((shift_mm for it, shift_mm in self._shifts if it is box), 0.0)
        left, top = (math.floor(it * self._mm_px + 0.5) for it in (left_mm, top_mm))
        width_mm = right_mm - self._across(box)[0]
        return Place(left, top, left + self._dots(width_mm), top + self._dots(bottom_mm - top_mm))

    def place_of(self, box: Box | None) -> Place | None:
        """Return the dots of `box`, if there is one."""
        return None if box is None else self.place(box)

    def placed_text(self, text: Text) -> PlacedText:
        """Return `text` with its place and sizes."""
        size_px, least_px = self._dots(text.size_mm), self._dots(text.least_mm)
        return PlacedText(text, self.place(text.box), size_px, least_px)

    def _across(self, box: Box) -> tuple[float, float]:
        return box.across.within(self._width_mm)

    def _down(self, box: Box) -> tuple[float, float]:
        return box.down.within(self._height_mm)

    def _dots(self, length_mm: float) -> int:
        """Return the whole dots in a length; equal lengths have equal dots wherever they stand."""
        return math.floor(length_mm * self._mm_px + _NEXT_TO_NOTHING)

    def _columns(self, layout: Layout) -> tuple[list[Box], list[Box]]:
        """Return what stands beside the code, and the code with what stands over or under it."""
        code = layout.code
        others = [it for it in contents(layout) if it is not code]
        beside = [it for it in others if _meet(self._down(it), self._down(code))]
        under = [
            it
            for it in others
            if not any(it is other for other in beside)
            and _meet(self._across(it), self._across(code))
            and any(_meet(self._down(it), self._down(other)) for other in beside)
        ]
        return beside, [code, *under]

    def _shift_mm(self, column: list[Box]) -> float:
        """Return how far to the right brings `column` as near to the other side of the face."""
        if not column:
            return 0.0
        edges_mm = [self._across(it) for it in column]
        return self._width_mm - min(it[0] for it in edges_mm) - max(it[1] for it in edges_mm)


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
