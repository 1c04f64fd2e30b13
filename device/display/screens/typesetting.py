"""Text into boxes: the largest letters that fit, and never smaller than people can read."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from device.display.lettering import Lettering, Style
from device.display.screens.boxes import Box
from device.display.screens.panel import Panel

LINES_MAX = 12
SHRINK = 0.93  # from one size that was tried to the next
ASCENT_PER_EM, DESCENT_PER_EM = 0.90, 0.24
MIDDLE_PER_EM = 0.37  # of capitals and of Chinese characters, above the baseline
BETWEEN_PER_EM = 0.22  # paragraphs
ONE_LINE_SHARE = 0.78  # of its size a paragraph gives up rather than spill over
SETTINGS_MAX = 256

_LEADING_PER_EM = {"en": 1.18}
_CHINESE_LEADING_PER_EM = 1.28


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text that wants capitals of `cap_mm`; `part` says whose ink it gets."""

    text: str
    cap_mm: float
    bold: bool = False
    part: str = "ink"


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line of a block: its baseline below the block's top."""

    text: str
    style: Style
    part: str
    baseline_px: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Paragraphs set below each other."""

    lines: tuple[SetLine, ...]
    height_px: int

    @property
    def is_cut(self) -> bool:
        """Whether something had to be left out, or a word was broken."""
        return any(it.is_cut for it in self.lines)


class Typesetter:
    """Sets text in one language on one panel.

    In large text `floor_px` is larger than `least_px`, and what would not fit is set smaller,
    down to that, before it is cut.
    """

    def __init__(self, lettering: Lettering, panel: Panel, *, locale: str, is_large: bool) -> None:
        self.lettering = lettering
        self.least_px = panel.em_px(panel.floors.cap_mm)
        self.floor_px = panel.em_px(panel.floors.large_cap_mm) if is_large else self.least_px
        self._panel = panel
        self._leading = _LEADING_PER_EM.get(locale, _CHINESE_LEADING_PER_EM)
        self._settings: dict[tuple[tuple[Paragraph, ...], int, int], Block] = {}

    def size_px(self, cap_mm: float) -> int:
        """Return the font size for capitals of `cap_mm`, or the least that is allowed."""
        return max(self.floor_px, self._panel.em_px(cap_mm))

    def line_px(self, size_px: int) -> int:
        """Return the height that one line of a size needs."""
        return round(size_px * (ASCENT_PER_EM + DESCENT_PER_EM))

    def set(self, paragraphs: Iterable[Paragraph], width_px: int, height_px: int) -> Block:
        """Return the paragraphs at the largest size, in their proportions, that fits.

        Where even the least size does not fit, what is too much is cut and marked so.
        """
        key = (tuple(it for it in paragraphs if it.text), width_px, height_px)
        if (block := self._settings.get(key)) is None:
            if len(self._settings) >= SETTINGS_MAX:
                self._settings.clear()
            block = self._settings[key] = self._set(*key)
        return block

    def set_line(
        self, text: str, *, cap_mm: float, bold: bool, width_px: int, floor_px: int | None = None
    ) -> SetLine:
        """Return one line at the largest size up to `cap_mm` that fits `width_px`.

        `floor_px` is for text that nobody needs in order to act.
        """
        least_px = self.least_px if floor_px is None else floor_px
        wanted_px = self._panel.em_px(cap_mm) if floor_px is not None else self.size_px(cap_mm)
        style = Style(max(least_px, wanted_px), bold)
        found_px = self.lettering.width_px(text, style)
        if found_px > width_px:
            style = Style(max(least_px, int(style.size_px * width_px / found_px)), bold)
        shown = self.lettering.fit(text, style=style, width_px=width_px)
        return SetLine(shown, style, "ink", 0, is_cut=_is_cut([shown], text))

    def _set(self, paragraphs: tuple[Paragraph, ...], width_px: int, height_px: int) -> Block:
        scale = 1.0
        floor_px = self.floor_px
        while True:
            sizes = [max(floor_px, round(self.size_px(it.cap_mm) * scale)) for it in paragraphs]
            block = self._set_at(paragraphs, sizes, width_px)
            if block.height_px <= height_px and not block.is_cut:
                return block
            scale *= SHRINK
            if all(it == floor_px for it in sizes):
                if floor_px == self.least_px:
                    return _cut_to(block, height_px, self.line_px(floor_px))
                floor_px = max(self.least_px, round(floor_px * SHRINK))

    def _set_at(self, paragraphs: tuple[Paragraph, ...], sizes: list[int], width_px: int) -> Block:
        lines: list[SetLine] = []
        below_px = 0.0  # the last line's baseline; the first has its ascent above
        for paragraph, wanted_px in zip(paragraphs, sizes, strict=True):
            style = self._in_one_line(paragraph, wanted_px, width_px)
            size_px = style.size_px
            wrapped = self._wrap(paragraph.text, style, width_px)
            breaks_word = self.lettering.widest_piece_px(paragraph.text, style) > width_px
            for number, text in enumerate(wrapped):
                if not lines:
                    below_px = size_px * ASCENT_PER_EM
                elif number == 0:
                    last_px = lines[-1].style.size_px
                    below_px += last_px * DESCENT_PER_EM + size_px * (
                        ASCENT_PER_EM + BETWEEN_PER_EM
                    )
                else:
                    below_px += size_px * self._leading
                is_last = number == len(wrapped) - 1
                is_cut = breaks_word or (is_last and _is_cut(wrapped, paragraph.text))
                lines.append(SetLine(text, style, paragraph.part, round(below_px), is_cut))
        if not lines:
            return Block((), 0)
        return Block(tuple(lines), round(below_px + lines[-1].style.size_px * DESCENT_PER_EM))

    def _in_one_line(self, paragraph: Paragraph, size_px: int, width_px: int) -> Style:
        """Return a somewhat smaller style if that keeps the paragraph from spilling over."""
        style = Style(size_px, paragraph.bold)
        found_px = self.lettering.width_px(paragraph.text, style)
        if found_px <= width_px:
            return style
        smaller_px = int(size_px * width_px / found_px)
        is_near = smaller_px >= max(self.floor_px, size_px * ONE_LINE_SHARE)
        return Style(smaller_px, paragraph.bold) if is_near else style

    def _wrap(self, text: str, style: Style, width_px: int) -> list[str]:
        """Return `text` in as few lines as fit `width_px`, about equally long."""
        lines = self._wrap_at(text, style, width_px)
        widest_px = ceil(self.lettering.widest_piece_px(text, style))
        low_px, high_px = max(widest_px, width_px // 2) - 1, width_px
        if len(lines) == 1 or _is_cut(lines, text):
            return lines
        while high_px - low_px > style.size_px // 2:
            middle_px = (low_px + high_px) // 2
            narrower = self._wrap_at(text, style, middle_px)
            if len(narrower) == len(lines) and not _is_cut(narrower, text):
                lines, high_px = narrower, middle_px
            else:
                low_px = middle_px
        return lines

    def _wrap_at(self, text: str, style: Style, width_px: int) -> list[str]:
        return self.lettering.wrap(text, style=style, width_px=width_px, lines_max=LINES_MAX)


def baseline_in(box: Box, size_px: int) -> int:
    """Return the baseline that puts one line of a size into the middle of `box`."""
    return round((box.top + box.bottom) / 2 + size_px * MIDDLE_PER_EM)


def _is_cut(lines: list[str], text: str) -> bool:
    return bool(lines) and lines[-1].endswith("…") and not text.rstrip().endswith("…")


def _cut_to(block: Block, height_px: int, line_px: int) -> Block:
    """Return the lines that fit, the last of them marked as cut."""
    kept = [it for it in block.lines if it.baseline_px + line_px // 4 <= height_px] or [
        block.lines[0]
    ]
    last = kept[-1]
    kept[-1] = SetLine(last.text, last.style, last.part, last.baseline_px, is_cut=True)
    return Block(tuple(kept), min(block.height_px, height_px))
