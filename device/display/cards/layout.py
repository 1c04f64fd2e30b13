"""How a face is laid out: boxes in millimetres on a window of a card, as a designer wrote them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from loyalty.programme_terms import Label

ALIGNS = ("left", "middle", "right")
STANDS = ("top", "middle", "bottom")
FRAMES = ("none", "line", "solid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a box lies along one edge: two of three say it, the third is None.

    `near_mm` and `far_mm` are the distances from the two ends of the edge.
    """

    near_mm: float | None = None
    far_mm: float | None = None
    length_mm: float | None = None

    def within(self, edge_mm: float) -> tuple[float, float]:
        """Return where it starts and where it ends along an edge of `edge_mm`."""
        if self.near_mm is None:
            assert self.far_mm is not None
            assert self.length_mm is not None
            return edge_mm - self.far_mm - self.length_mm, edge_mm - self.far_mm
        if self.far_mm is None:
            assert self.length_mm is not None
            return self.near_mm, self.near_mm + self.length_mm
        return self.near_mm, edge_mm - self.far_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle on the face; `where` names it to the designer: file, line and table."""

    across: Span
    down: Span
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Lines of text in `box`: each field of `show` that says something, or else `text` itself.

    Letters are `size_mm` high, or as much smaller as it takes, down to `least_mm`; what does not
    fit even then ends in an ellipsis. `align` is one of `ALIGNS`, `stand` of `STANDS` and `frame`
    of `FRAMES`: a frame hugs the lines: a `line` around them, or `solid`
    black behind white letters.
    """

    box: Box
    show: tuple[str, ...]
    text: Label | None
    size_mm: float
    least_mm: float
    is_bold: bool
    is_white: bool
    align: str
    stand: str
    frame: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A whole face: black `panels`, `texts`, the QR `code`, and what more it has.

    Millimetres are true on a window of `width_mm` × `height_mm`. A larger window shows everything
    larger by one factor; what is then left over in one direction goes to the boxes that are held
    by the far edge.
    """

    name: str
    width_mm: float
    height_mm: float
    panels: tuple[Box, ...]
    texts: tuple[Text, ...]
    code: Box
    bars: Box | None
    photo: Box | None
    stamps: Box | None


def contents(layout: Layout) -> Iterator[Box]:
    """Yield every box that must be legible: all but the panels."""
    yield layout.code
    yield from (it.box for it in layout.texts)
    yield from (it for it in (layout.bars, layout.photo, layout.stamps) if it is not None)
