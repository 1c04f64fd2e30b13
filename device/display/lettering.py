"""Sets single lines of text in ink, remembering what it has set before.

Labels, tiers and messages repeat from card to card: their ink is kept and pasted. Characters that
the font lacks are found by comparing them with the font's own box for "no such character".
"""

import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from device.display.fonts import Font, Fonts
from device.display.wrapping import fit, widest_piece, wrap

INKS_MAX = 256
WRAPPED_MAX = 256
WIDTHS_MAX = 1024
KNOWN_CHARACTERS_MAX = 8192
STAND_IN = "〓"  # the printer's mark for a letter that is not in the case

_NO_SUCH_CHARACTER = "\U0010fffd"  # private use, in no font of ours
_PROBE_PX = 24


@dataclass(frozen=True, slots=True)
class Style:
    """How a line looks."""

    size_px: int
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Ink:
    """A line as a grey mask, and where its pen origin and baseline are in it."""

    mask: Image.Image
    origin_px: int
    baseline_px: int


class Lettering:
    """Lines of text in one language, ready to be pasted."""

    def __init__(self, fonts: Fonts, locale: str) -> None:
        self._fonts = fonts
        self._locale = locale
        self._inks: OrderedDict[tuple[str, Style], Ink] = OrderedDict()
        self._wrapped: dict[tuple[str, Style, int, int], list[str]] = {}
        self._widths: dict[tuple[str, Style], float] = {}
        self._known: dict[str, bool] = {}
        self._blank_box: bytes | None = None

    def paint(
        self,
        image: Image.Image,
        text: str,
        *,
        left_px: int,
        baseline_px: int,
        style: Style,
        ink: int | tuple[int, int, int],
    ) -> None:
        """Put `text` on `image` with its pen starting at `left_px` on `baseline_px`.

        `ink` is a grey on an image of mode L, a colour on one of mode RGB.
        """
        if not text:
            return
        line = self._ink(text, style)
        image.paste(ink, (left_px - line.origin_px, baseline_px - line.baseline_px), line.mask)

    def width_px(self, text: str, style: Style) -> float:
        """Return how wide `text` is in `style`."""
        key = (text, style)
        if (width_px := self._widths.get(key)) is None:
            if len(self._widths) >= WIDTHS_MAX:
                self._widths.clear()
            width_px = self._widths[key] = self._font(style).width_px(text)
        return width_px

    def shrink(self, text: str, *, style: Style, width_px: int, least_px: int) -> Style:
        """Return `style`, or the largest smaller one in which `text` is at most `width_px` wide.

        It never goes below `least_px`.
        """
        found = self.width_px(text, style)
        if found <= width_px:
            return style
        smaller_px = max(least_px, int(style.size_px * width_px / found))
        return Style(smaller_px, style.bold)

    def fit(self, text: str, *, style: Style, width_px: int) -> str:
        """Return what can be shown of `text` on one line of `width_px`."""
        return fit(self.showable(text), measure=self._measure(style), width_px=width_px)

    def wrap(self, text: str, *, style: Style, width_px: int, lines_max: int) -> list[str]:
        """Return what can be shown of `text` as at most `lines_max` lines of `width_px`."""
        key = (text, style, width_px, lines_max)
        if (lines := self._wrapped.get(key)) is None:
            if len(self._wrapped) >= WRAPPED_MAX:
                self._wrapped.clear()
            lines = self._wrapped[key] = wrap(
                self.showable(text),
                measure=self._measure(style),
                width_px=width_px,
                lines_max=lines_max,
            )
        return lines

    def showable(self, text: str) -> str:
        """Return `text` without control characters, and with symbols it cannot show left out.

        A letter that it cannot show becomes `STAND_IN`.
        """
        shown = []
        for char in unicodedata.normalize("NFC", text):
            if char.isspace():
                shown.append(" ")
            elif unicodedata.category(char)[0] == "C":
                continue
            elif self._has(char):
                shown.append(char)
            elif unicodedata.category(char)[0] == "L":
                shown.append(STAND_IN)
        return "".join(shown)

    def missing(self, text: str) -> str:
        """Return the characters of `text` that the font lacks, each once."""
        visible = (it for it in text if not it.isspace() and unicodedata.category(it)[0] != "C")
        return "".join(it for it in dict.fromkeys(visible) if not self._has(it))

    def widest_piece_px(self, text: str, style: Style) -> float:
        """Return the width of the widest part of `text` that should stay whole."""
        return widest_piece(self.showable(text), measure=self._measure(style))

    def _measure(self, style: Style) -> Callable[[str], float]:
        return lambda text: self.width_px(text, style)

    def _font(self, style: Style) -> Font:
        return self._fonts.get(size_px=style.size_px, bold=style.bold, locale=self._locale)

    def _ink(self, text: str, style: Style) -> Ink:
        key = (text, style)
        if (ink := self._inks.get(key)) is not None:
            self._inks.move_to_end(key)
            return ink
        if len(self._inks) >= INKS_MAX:
            self._inks.popitem(last=False)
        ink = self._inks[key] = _set_in_ink(text, self._font(style))
        return ink

    def _has(self, char: str) -> bool:
        if (known := self._known.get(char)) is None:
            if len(self._known) >= KNOWN_CHARACTERS_MAX:
                self._known.clear()
            known = self._known[char] = self._probe(char) != self._box()
        return known

    def _box(self) -> bytes:
        if self._blank_box is None:
            self._blank_box = self._probe(_NO_SUCH_CHARACTER)
        return self._blank_box

    def _probe(self, char: str) -> bytes:
        return bytes(self._font(Style(_PROBE_PX)).face.getmask(char))


def _set_in_ink(text: str, font: Font) -> Ink:
    # The anchor "ls" puts the pen on the baseline, so lines of different languages sit level.
    left, top, right, bottom = (
        int(edge) for edge in font.face.getbbox(text, stroke_width=font.stroke_px, anchor="ls")
    )
    origin_px, baseline_px = 2 - left, 2 - top
    size = (max(1, right - left + 4), max(1, bottom - top + 4))
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).text(
        (origin_px, baseline_px),
        text,
        fill=255,
        font=font.face,
        anchor="ls",
        stroke_width=font.stroke_px,
    )
    return Ink(mask, origin_px, baseline_px)
