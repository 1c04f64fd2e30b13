"""Line breaking for text that mixes Chinese and Latin writing.

Pillow breaks on white space only and refuses Chinese lines. Here every wide character is a place to
break, Latin words stay whole while they fit, closing punctuation never starts a line and opening
punctuation never ends one (避頭尾, kinsoku; W3C Requirements for Chinese Text Layout §3.1).
"""

import unicodedata
from collections.abc import Callable

ELLIPSIS = "…"
TEXT_MAX_CHARS = 240

_NEVER_FIRST = frozenset("，。、；：！？」』）】》〉…—～·％%‰℃,.;:!?)]}’”")
_NEVER_LAST = frozenset("「『（【《〈([{‘“$＄￥¥#")

Measure = Callable[[str], float]


def wrap(text: str, *, measure: Measure, width_px: float, lines_max: int) -> list[str]:
    """Return `text` as at most `lines_max` lines no wider than `width_px`; the cut end gets `…`.

    `measure` gives the width of a string. Only the first `TEXT_MAX_CHARS` characters are looked at.
    """
    lines: list[str] = []
    waiting = _pieces(text[:TEXT_MAX_CHARS])[::-1]
    while waiting and len(lines) < lines_max:
        line = _take_line(waiting, measure=measure, width_px=width_px)
        if line:
            lines.append(line)
    if lines and waiting:
        lines[-1] = _cut(lines[-1] + ELLIPSIS, measure=measure, width_px=width_px)
    return lines


def fit(text: str, *, measure: Measure, width_px: float) -> str:
    """Return `text`, shortened with `…` if it is wider than `width_px`."""
    kept = text[:TEXT_MAX_CHARS]
    return kept if measure(kept) <= width_px else _cut(kept, measure=measure, width_px=width_px)


def widest_piece(text: str, *, measure: Measure) -> float:
    """Return the width of the widest part of `text` that a line break should leave whole."""
    return max((measure(it) for it in _pieces(text[:TEXT_MAX_CHARS])), default=0.0)


def _pieces(text: str) -> list[str]:
    """Cut `text` into what must stay together, spaces as pieces of their own."""
    pieces: list[str] = []
    glued = False
    for char in text:
        if char.isspace():
            pieces.append(" ")
            glued = False
        elif pieces and pieces[-1] != " " and _together(pieces[-1], char, glued):
            pieces[-1] += char
            glued = not _is_wide(char)
        else:
            pieces.append(char)
            glued = not _is_wide(char)
    return pieces


def _together(piece: str, char: str, after_narrow: bool) -> bool:
    if char in _NEVER_FIRST or piece[-1] in _NEVER_LAST:
        return True
    return after_narrow and not _is_wide(char)


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _take_line(waiting: list[str], *, measure: Measure, width_px: float) -> str:
    """Take one line's pieces off the end of `waiting`; a piece wider than a line is split."""
    line = ""
    while waiting:
        piece = waiting.pop()
        if piece == " " and not line:
            continue
        if measure(line + piece) <= width_px:
            line += piece
            continue
        if line.strip():
            waiting.append(piece)
            break
        shown = max(1, _count_that_fits(piece, measure=measure, width_px=width_px))
        line = piece[:shown]
        if piece[shown:]:
            waiting.append(piece[shown:])
        break
    while waiting and waiting[-1] == " ":
        waiting.pop()
    return line.rstrip()


def _count_that_fits(text: str, *, measure: Measure, width_px: float) -> int:
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= width_px else (low, middle - 1)
    return low


def _cut(text: str, *, measure: Measure, width_px: float) -> str:
    kept = text.rstrip(ELLIPSIS).rstrip()
    while kept and measure(kept + ELLIPSIS) > width_px:
        kept = kept[:-1].rstrip()
    return kept + ELLIPSIS
