"""The sheet a screen is drawn on: fills, symbols, text and buttons, all of it noted on the way."""

from collections import OrderedDict
from collections.abc import Mapping
from math import ceil
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw

from device.display.lettering import Lettering
from device.display.screens.boxes import Box
from device.display.screens.frame import Frame, Role, Target, TextRun
from device.display.screens.panel import Panel, Slot
from device.display.screens.symbols import corner, disc, symbol
from device.display.screens.theme import Colour, Theme
from device.display.screens.typesetting import (
    ASCENT_PER_EM,
    DESCENT_PER_EM,
    Block,
    Paragraph,
    SetLine,
    Typesetter,
    baseline_in,
)

MASKS_MAX = 128

Kind = Literal["main", "plain", "quiet"]
Align = Literal["left", "centre", "right"]


class Masks:
    """Drawn symbols and round corners, kept by name and size; at most `MASKS_MAX`."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._kept: OrderedDict[tuple[str, int], Image.Image] = OrderedDict()

    def get(self, name: str, side_px: int) -> Image.Image:
        """Return the mask of symbol `name`, or of a round `corner`."""
        key = (name, side_px)
        if (mask := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return mask
        if len(self._kept) >= MASKS_MAX:
            self._kept.popitem(last=False)
        mask = self._kept[key] = self._draw(name, side_px)
        return mask

    def _draw(self, name: str, side_px: int) -> Image.Image:
        if name == "corner":
            return corner(side_px)
        if name == "disc":
            return disc(side_px)
        return symbol(name, side_px, towards=self._slot)


class Pen(NamedTuple):
    """What a line is written with."""

    ink: Colour
    ground: Colour
    letters: Lettering
    is_needed: bool = True


class Sheet:
    """One screen being drawn."""

    def __init__(
        self,
        panel: Panel,
        theme: Theme,
        *,
        setter: Typesetter,
        letterings: Mapping[str, Lettering],
        masks: Masks,
        pressed: str,
    ) -> None:
        self.panel = panel
        self.theme = theme
        self.colours = theme.palette
        self.scale = panel.scale
        self.setter = setter
        self.size = Box(0, 0, panel.width_px, panel.height_px)
        self._letterings = letterings
        self._masks = masks
        self._pressed = pressed
        self._image = Image.new("RGB", (panel.width_px, panel.height_px), self.colours.ground)
        self._pen = ImageDraw.Draw(self._image)
        self._targets: list[Target] = []
        self._runs: list[TextRun] = []

    def px(self, length_mm: float) -> int:
        """Return a length in dots."""
        return self.panel.px(length_mm)

    @property
    def gap(self) -> int:
        """Return the usual distance between things."""
        return self.px(self.panel.floors.gap_mm * max(1.0, self.scale**2))

    @property
    def edge(self) -> int:
        """Return how far from the edge things are touched."""
        return self.px(self.panel.floors.edge_mm * max(1.0, self.scale))

    @property
    def radius(self) -> int:
        """Return the radius of round corners."""
        return self.px(2.2 * self.scale)

    def width_px(self, text: str, *, bold: bool, cap_mm: float = 0) -> int:
        """Return how wide `text` is in one line, in the least letters unless told."""
        line = self.setter.set_line(text, cap_mm=cap_mm, bold=bold, width_px=self.size.width)
        return ceil(self.setter.lettering.width_px(line.text, line.style))

    def frame(self) -> Frame:
        """Return what was drawn."""
        return Frame(self._image, tuple(self._targets), tuple(self._runs))

    def fill(self, box: Box, colour: Colour) -> None:
        """Fill a rectangle."""
        if box.width > 0 and box.height > 0:
            self._image.paste(colour, box)

    def rounded(self, box: Box, colour: Colour, *, outline: Colour | None = None) -> None:
        """Fill a rectangle with round corners, with an outline if one is given."""
        if outline is None:
            self._rounded(box, colour, self.radius)
            return
        line_px = max(1, self.px(0.35))
        self._rounded(box, outline, self.radius)
        self._rounded(box.inset(line_px), colour, max(1, self.radius - line_px))

    def symbol(self, name: str, box: Box, colour: Colour) -> None:
        """Draw a symbol as large as `box` allows."""
        square = box.square(min(box.width, box.height))
        self._image.paste(colour, (square.left, square.top), self._masks.get(name, square.width))

    def line(
        self,
        text: str,
        box: Box,
        *,
        cap_mm: float,
        ink: Colour,
        ground: Colour,
        bold: bool = False,
        align: Align = "left",
        locale: str = "",
    ) -> None:
        """Write one line into the middle of `box`'s height, smaller or cut if it must be.

        `locale` is for a word of another language than the screen's.
        """
        line = self.setter.set_line(text, cap_mm=cap_mm, bold=bold, width_px=box.width)
        self._write_line(line, box, ink=ink, ground=ground, align=align, locale=locale)

    def name(self, text: str, box: Box, *, cap_mm: float, ink: Colour, ground: Colour) -> None:
        """Write a name that nobody needs in order to act: it may be smaller than other text."""
        floor_px = self.panel.em_px(min(cap_mm, self.panel.floors.cap_mm) * 0.6)
        line = self.setter.set_line(
            text, cap_mm=cap_mm, bold=True, width_px=box.width, floor_px=floor_px
        )
        self._write_line(line, box, ink=ink, ground=ground, align="left", is_needed=False)

    def block(
        self,
        paragraphs: list[Paragraph],
        box: Box,
        *,
        inks: dict[str, Colour],
        ground: Colour,
        align: Align = "left",
        middle: bool = True,
    ) -> Box:
        """Write paragraphs into `box`, in its middle or from its top; return what they take."""
        return self.put(
            self.setter.set(paragraphs, box.width, box.height),
            box,
            inks=inks,
            ground=ground,
            align=align,
            middle=middle,
        )

    def put(
        self,
        block: Block,
        box: Box,
        *,
        inks: dict[str, Colour],
        ground: Colour,
        align: Align = "left",
        middle: bool = True,
    ) -> Box:
        """Write a block that was set already."""
        top = box.top + (max(0, box.height - block.height_px) // 2 if middle else 0)
        letters = self.setter.lettering
        for line in block.lines:
            left = box.left
            if align != "left":
                spare = box.width - round(letters.width_px(line.text, line.style))
                left += spare // 2 if align == "centre" else spare
            pen = Pen(inks[line.part], ground, letters)
            self._write(line, left, top + line.baseline_px, box, pen)
        return Box(box.left, top, box.right, top + block.height_px)

    def button(
        self,
        box: Box,
        *,
        id: str,
        label: str,
        role: Role,
        kind: Kind,
        on_brand: bool = False,
    ) -> tuple[Colour, Colour]:
        """Draw an empty button and note it; return the ink and ground of what comes on it."""
        ink, ground, outline = self._button_colours(kind, on_brand=on_brand)
        if id == self._pressed:
            ink, ground = ground, ink
        self.rounded(box, ground, outline=outline)
        self.target(box, id=id, label=label, role=role)
        return ink, ground

    def target(self, box: Box, *, id: str, label: str, role: Role) -> None:
        """Note a place to touch."""
        self._targets.append(Target(id, box, label, role))

    def _button_colours(self, kind: Kind, *, on_brand: bool) -> tuple[Colour, Colour, Colour]:
        it = self.colours
        if on_brand:
            return (
                (it.brand, it.on_brand, it.on_brand)
                if kind == "main"
                else (it.on_brand, it.brand, it.on_brand)
            )
        if kind == "main":
            return it.on_brand, it.brand, it.brand
        return (
            it.ink,
            it.panel if kind == "plain" else it.ground,
            it.line if kind == "plain" else it.quiet,
        )

    def _rounded(self, box: Box, colour: Colour, radius_px: int) -> None:
        radius = max(1, min(radius_px, box.width // 2, box.height // 2))
        self.fill(box.inset(radius, 0), colour)
        self.fill(box.left_part(radius).inset(0, radius), colour)
        self.fill(box.right_part(radius).inset(0, radius), colour)
        mask = self._masks.get("corner", radius)
        right, bottom = box.right - radius, box.bottom - radius
        mirror, flip = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM
        self._image.paste(colour, (box.left, box.top), mask)
        self._image.paste(colour, (right, box.top), mask.transpose(mirror))
        self._image.paste(colour, (box.left, bottom), mask.transpose(flip))
        self._image.paste(colour, (right, bottom), mask.transpose(Image.Transpose.ROTATE_180))

    def _write_line(
        self,
        line: SetLine,
        box: Box,
        *,
        ink: Colour,
        ground: Colour,
        align: Align,
        locale: str = "",
        is_needed: bool = True,
    ) -> None:
        letters = self._letterings[locale] if locale else self.setter.lettering
        spare_px = box.width - round(letters.width_px(line.text, line.style))
        left_px = box.left + {"left": 0, "centre": spare_px // 2, "right": spare_px}[align]
        baseline_px = baseline_in(box, line.style.size_px)
        pen = Pen(ink, ground, letters, is_needed)
        self._write(line, left_px, baseline_px, box, pen)

    def _write(self, line: SetLine, left_px: int, baseline_px: int, room: Box, pen: Pen) -> None:
        pen.letters.paint(
            self._image,
            line.text,
            left_px=left_px,
            baseline_px=baseline_px,
            style=line.style,
            ink=pen.ink,
        )
        size_px = line.style.size_px
        box = Box(
            left_px,
            baseline_px - round(size_px * ASCENT_PER_EM),
            left_px + round(pen.letters.width_px(line.text, line.style)),
            baseline_px + round(size_px * DESCENT_PER_EM),
        )
        run = TextRun(
            text=line.text,
            box=box,
            room=room,
            size_px=size_px,
            ink=pen.ink,
            ground=pen.ground,
            is_needed=pen.is_needed,
            is_cut=line.is_cut,
        )
        self._runs.append(run)
