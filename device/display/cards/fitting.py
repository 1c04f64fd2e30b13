"""Chooses the size of a text: the largest at which all of it stands in its box."""

from dataclasses import dataclass

from device.display.lettering import Lettering, Style

STEP = 1 / 16  # of the size: how much smaller each try is
_LEADING = 1.25  # from baseline to baseline, in sizes; Chinese lines want more than Latin ones


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of text in one style, `leading_px` from baseline to baseline.

    `is_cut` says that something was left out for want of room.
    """

    lines: tuple[str, ...]
    style: Style
    leading_px: int
    is_cut: bool = False

    @property
    def height_px(self) -> int:
        """From the top of the first line's letters to the bottom of the last one's."""
        return self.style.size_px + (len(self.lines) - 1) * self.leading_px


def fit_in(
    lettering: Lettering,
    paragraphs: tuple[str, ...],
    *,
    width_px: int,
    height_px: int,
    style: Style,
    least_px: int,
) -> Fitted:
    """Return `paragraphs`, each from a new line on, at most `width_px` by `height_px`.

    Letters shrink from `style` to `least_px`; at that size, what is too much is cut off: the cut
    line ends in an ellipsis, and paragraphs for which there is no line are left out.
    """
    tried = style
    while True:
        leading_px = int(tried.size_px * _LEADING)
        rows = max(1, 1 + (height_px - tried.size_px) // leading_px)
        if rows == 1 and len(paragraphs) == 1:
            return _one_line(lettering, paragraphs[0], width_px, tried, least_px)
        lines: list[str] = []
        for it in paragraphs:
            room = rows + 1 - len(lines)
            lines += lettering.wrap(it, style=tried, width_px=width_px, lines_max=room)
        if len(lines) <= rows:
            return Fitted(tuple(lines), tried, leading_px)
        if tried.size_px <= least_px:
            kept = _cut(lettering, paragraphs, width_px, rows, tried)
            return Fitted(kept, tried, leading_px, is_cut=True)
        tried = Style(max(least_px, tried.size_px - max(1, int(tried.size_px * STEP))), tried.bold)


def _one_line(
    lettering: Lettering, text: str, width_px: int, style: Style, least_px: int
) -> Fitted:
    shrunk = lettering.shrink(text, style=style, width_px=width_px, least_px=least_px)
    line = lettering.fit(text, style=shrunk, width_px=width_px)
    return Fitted((line,), shrunk, int(shrunk.size_px * _LEADING), is_cut=line != text)


def _cut(
    lettering: Lettering, paragraphs: tuple[str, ...], width_px: int, rows: int, style: Style
) -> tuple[str, ...]:
    lines: list[str] = []
    for it in paragraphs:
        room = rows - len(lines)
        lines += lettering.wrap(it, style=style, width_px=width_px, lines_max=room)
    return tuple(lines)
