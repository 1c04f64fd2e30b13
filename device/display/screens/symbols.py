"""The drawn symbols of screens: what a person understands before reading.

Each is drawn large in black on a grid of 100 × 100 and shrunk to size, so that edges are smooth.
"""

from collections.abc import Callable
from functools import partial
from math import cos, pi, sin

from PIL import Image, ImageDraw

from device.display.screens.panel import Slot

GRID = 100
SPINNER_DOTS = 8
_FINER = 4  # drawn this many times too large

POINTING = frozenset({"card_in", "card_out"})

Draw = Callable[["Pencil"], None]


class Pencil:
    """Draws on the grid; `mark` puts on, `cut` takes away."""

    def __init__(self, side_px: int) -> None:
        self.image = Image.new("L", (side_px * _FINER, side_px * _FINER))
        self._scale = side_px * _FINER / GRID
        self._draw = ImageDraw.Draw(self.image)

    def line(self, *points: tuple[float, float], width: float = 9, shade: int = 255) -> None:
        """Draw a line with round ends and corners."""
        at = [self._at(it) for it in points]
        self._draw.line(at, fill=shade, width=round(width * self._scale), joint="curve")
        for point in points:
            self.dot(point, width / 2, shade)

    def dot(self, centre: tuple[float, float], radius: float, shade: int = 255) -> None:
        """Draw a disc."""
        x, y = centre
        box = (*self._at((x - radius, y - radius)), *self._at((x + radius, y + radius)))
        self._draw.ellipse(box, fill=shade)

    def arc(
        self, centre: tuple[float, float], radius: float, start: float, end: float, width: float = 9
    ) -> None:
        """Draw a part of a circle, degrees clockwise from three o'clock, with round ends."""
        x, y = centre
        outer = radius + width / 2
        box = (*self._at((x - outer, y - outer)), *self._at((x + outer, y + outer)))
        self._draw.arc(box, start, end, fill=255, width=round(width * self._scale))
        for angle in (start, end):
            turn = angle * pi / 180
            self.dot((x + radius * cos(turn), y + radius * sin(turn)), width / 2)

    def block(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        round_by: float,
        shade: int = 255,
    ) -> None:
        """Draw a rectangle with round corners."""
        box = (*self._at((left, top)), *self._at((right, bottom)))
        self._draw.rounded_rectangle(box, round_by * self._scale, fill=shade)

    def shape(self, *points: tuple[float, float], shade: int = 255) -> None:
        """Draw a filled shape."""
        self._draw.polygon([self._at(it) for it in points], fill=shade)

    def _at(self, point: tuple[float, float]) -> tuple[float, float]:
        return point[0] * self._scale, point[1] * self._scale


def symbol(name: str, side_px: int, *, towards: Slot = "below") -> Image.Image:
    """Return symbol `name` as a grey mask of `side_px`; an arrow to the slot points `towards` it.

    Raises:
        KeyError: there is no such symbol.
    """
    pencil = Pencil(side_px)
    _SYMBOLS[name](pencil)
    mask = pencil.image.reduce(_FINER)
    if name not in POINTING or towards == "below":
        return mask
    clockwise = Image.Transpose.ROTATE_270
    return mask.transpose(clockwise if towards == "left" else Image.Transpose.ROTATE_90)


def corner(radius_px: int) -> Image.Image:
    """Return the mask of a round corner, for the upper left."""
    pencil = Pencil(radius_px)
    pencil.dot((GRID, GRID), GRID)
    return pencil.image.reduce(_FINER)


def disc(side_px: int) -> Image.Image:
    """Return the mask of a disc."""
    pencil = Pencil(side_px)
    pencil.dot((GRID / 2, GRID / 2), GRID / 2)
    return pencil.image.reduce(_FINER)


def _tick(pencil: Pencil) -> None:
    pencil.line((22, 53), (42, 73), (79, 30), width=12)


def _cross(pencil: Pencil) -> None:
    pencil.line((28, 28), (72, 72), width=12)
    pencil.line((72, 28), (28, 72), width=12)


def _exclamation(pencil: Pencil) -> None:
    pencil.line((50, 20), (50, 56), width=13)
    pencil.dot((50, 79), 7.5)


def _information(pencil: Pencil) -> None:
    pencil.dot((50, 21), 7.5)
    pencil.line((50, 44), (50, 80), width=13)


def _card(pencil: Pencil, left: float, top: float, right: float, bottom: float) -> None:
    pencil.block(left, top, right, bottom, round_by=7)
    pencil.block(left + 8, top + 9, left + 22, top + 19, round_by=2, shade=0)


def _card_out(pencil: Pencil) -> None:
    """A card that comes out of the slot above it, and an arrow away from the slot."""
    pencil.block(6, 8, 94, 20, round_by=6)
    pencil.block(16, 12.5, 84, 15.5, round_by=1.5, shade=0)
    _card(pencil, 22, 26, 78, 60)
    _arrow_down(pencil)


def _card_in(pencil: Pencil) -> None:
    """A card, and an arrow to the slot below it."""
    _card(pencil, 22, 6, 78, 40)
    pencil.line((50, 46), (50, 66), width=10)
    pencil.shape((50, 78), (33, 59), (67, 59))
    pencil.block(6, 82, 94, 94, round_by=6)
    pencil.block(16, 86.5, 84, 89.5, round_by=1.5, shade=0)


def _arrow_down(pencil: Pencil) -> None:
    pencil.line((50, 69), (50, 84), width=10)
    pencil.shape((50, 97), (33, 78), (67, 78))


def _tap_card(pencil: Pencil) -> None:
    """A card and the waves of a reader."""
    _card(pencil, 6, 34, 60, 70)
    for radius in (12, 26, 40):
        pencil.arc((50, 52), radius + 6, -42, 42, width=7)


def _printer(pencil: Pencil) -> None:
    pencil.block(26, 10, 74, 30, round_by=4)
    pencil.block(10, 34, 90, 70, round_by=8)
    pencil.dot((78, 46), 4.5, 0)
    pencil.block(24, 56, 76, 92, round_by=5, shade=0)
    pencil.block(29, 60, 71, 90, round_by=4)
    pencil.block(36, 68, 64, 72, round_by=2, shade=0)
    pencil.block(36, 77, 56, 81, round_by=2, shade=0)


def _clock(pencil: Pencil) -> None:
    pencil.arc((50, 50), 38, 0, 359.9, width=9)
    pencil.line((50, 28), (50, 52), (66, 62), width=9)


def _no_signal(pencil: Pencil) -> None:
    for radius in (16, 34, 52):
        pencil.arc((50, 80), radius, -132, -48, width=10)
    pencil.dot((50, 80), 8)
    pencil.line((18, 14), (86, 88), width=20, shade=0)
    pencil.line((18, 14), (86, 88), width=8)


def _erase(pencil: Pencil) -> None:
    pencil.shape((6, 50), (34, 20), (94, 20), (94, 80), (34, 80))
    pencil.line((50, 38), (74, 62), width=8, shade=0)
    pencil.line((74, 38), (50, 62), width=8, shade=0)


def _chevron(pencil: Pencil) -> None:
    pencil.line((38, 22), (66, 50), (38, 78), width=11)


def _back(pencil: Pencil) -> None:
    pencil.line((62, 22), (34, 50), (62, 78), width=11)


def _next_page(pencil: Pencil) -> None:
    for x in (24, 50, 76):
        pencil.dot((x, 50), 9)


def _phone(pencil: Pencil) -> None:
    pencil.block(28, 6, 72, 94, round_by=9)
    pencil.block(34, 16, 66, 76, round_by=2, shade=0)
    pencil.dot((50, 85), 4.5, 0)


def _spinner(pencil: Pencil, step: int) -> None:
    """Dots in a circle, the foremost at `step`, each fainter than the one before it."""
    for number in range(SPINNER_DOTS):
        age = (step - number) % SPINNER_DOTS
        turn = 2 * pi * number / SPINNER_DOTS - pi / 2
        shade = max(40, 255 - 36 * age)
        pencil.dot((50 + 38 * cos(turn), 50 + 38 * sin(turn)), 9, shade)


_SYMBOLS: dict[str, Draw] = {
    "tick": _tick,
    "cross": _cross,
    "exclamation": _exclamation,
    "information": _information,
    "card_out": _card_out,
    "card_in": _card_in,
    "tap_card": _tap_card,
    "printer": _printer,
    "clock": _clock,
    "no_signal": _no_signal,
    "erase": _erase,
    "chevron": _chevron,
    "back": _back,
    "next_page": _next_page,
    "phone": _phone,
    **{f"spinner-{step}": partial(_spinner, step=step) for step in range(SPINNER_DOTS)},
}
