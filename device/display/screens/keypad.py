"""The keypad: a number typed on the screen, with keys that a thumb or a fist can hit."""

from dataclasses import dataclass

from device.display.screen_text import FIELDS, readable, wording
from device.display.screens.boxes import Box
from device.display.screens.furniture import air
from device.display.screens.sheet import Kind, Sheet
from device.display.screens.typesetting import Paragraph
from device.display.screens.view import View, Words

ERASE, DONE = "erase", "done"
ROWS = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), (ERASE, "0", DONE))
FLAT_ROWS = (("1", "2", "3", "4", "5", ERASE), ("6", "7", "8", "9", "0", DONE))
KEY_MAX_MM = 24.0
KEYS_SHARE = 0.54
GROUP_DIGITS = 4  # from the end: how a number is read over the counter


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where the question and the digits stand, and the keys in their rows."""

    info: Box
    keys: Box
    rows: tuple[tuple[str, ...], ...]


def lay_keypad(sheet: Sheet, view: View, words: Words, body: Box) -> None:
    """Draw the question, what was typed so far, and the keys."""
    arranged = _arrange(sheet, body)
    it = sheet.colours
    said = wording(view.screen, readable(view.values, words.labels), words.translate)
    line = round(1.3 * sheet.setter.floor_px)
    digits = arranged.info.bottom_part(max(line, min(2 * line, arranged.info.height // 3)))
    if arranged.info.height <= 2 * line:  # no room for a question: it stands where digits will
        digits = arranged.info
        question, asked_cap_mm = digits.inset(sheet.px(2), 0), 0.0
    else:
        question, asked_cap_mm = arranged.info.above(digits, sheet.gap), 6.0 * sheet.scale
    sheet.rounded(digits, it.panel, outline=it.quiet)
    typed = _shown(sheet, view.typed, digits.inset(sheet.px(1), 0).width)
    if typed or digits != arranged.info:
        room = digits.inset(sheet.px(1), 0)
        cap_mm = 0.5 * digits.height / sheet.panel.px_per_mm
        sheet.line(typed, room, cap_mm=cap_mm, ink=it.ink, ground=it.panel, bold=True)
    if not typed or digits != arranged.info:
        ground = it.panel if digits == arranged.info else it.ground
        asked = Paragraph(said.happened, asked_cap_mm, bold=digits != arranged.info)
        sheet.block([asked], question, inks={"ink": it.ink}, ground=ground)
    gap = sheet.px(sheet.panel.floors.gap_mm)
    for row, keys in zip(arranged.keys.rows(len(arranged.rows), gap), arranged.rows, strict=True):
        for place, key in zip(row.columns(len(keys), gap), keys, strict=True):
            _key(sheet, words, place, key, is_ready=bool(view.typed))


def in_groups(digits: str) -> str:
    """Return `digits` in groups of four, counted from the end."""
    first = len(digits) % GROUP_DIGITS
    groups = [digits[:first]] if first else []
    groups += [digits[it : it + GROUP_DIGITS] for it in range(first, len(digits), GROUP_DIGITS)]
    return " ".join(groups)


def _shown(sheet: Sheet, digits: str, width_px: int) -> str:
    """Return `digits` in groups, or where that is too long without gaps, or their end."""
    for text in (in_groups(digits), digits):
        if sheet.width_px(text, bold=True) <= width_px:
            return text
    kept = digits
    while kept and sheet.width_px(f"…{kept}", bold=True) > width_px:
        kept = kept[1:]
    return f"…{kept}"


def _key(sheet: Sheet, words: Words, place: Box, key: str, *, is_ready: bool) -> None:
    kind: Kind = "main" if key == DONE and is_ready else "plain"
    label = words.translate(FIELDS[key]) if key in (ERASE, DONE) else key
    ink, ground = sheet.button(place, id=f"key:{key}", label=label, role="key", kind=kind)
    if key in (ERASE, DONE):
        side = round(min(place.width, place.height) * 0.5)
        sheet.symbol("erase" if key == ERASE else "tick", place.square(side), ink)
        return
    cap_mm = 0.38 * place.height / sheet.panel.px_per_mm
    sheet.line(key, place, cap_mm=cap_mm, ink=ink, ground=ground, bold=True, align="centre")


def _arrange(sheet: Sheet, body: Box) -> Arrangement:
    """Return the arrangement in which every key is as large as people need."""
    spare, gap = max(2 * sheet.gap, air(sheet)), sheet.px(sheet.panel.floors.gap_mm)
    key, most = sheet.px(sheet.panel.floors.key_mm), sheet.px(KEY_MAX_MM)
    if sheet.panel.is_handheld:  # the keys take the whole height, beside Start over
        whole = sheet.size.inset(sheet.edge)
        keys = whole.right_part(round(whole.width * KEYS_SHARE))
        return Arrangement(body.left_of(keys, spare), keys, ROWS)
    line = round(1.3 * sheet.setter.floor_px)
    if sheet.panel.is_tall:
        keys = body.bottom_part(min(body.height - line - spare, 4 * most + 3 * gap))
        return Arrangement(body.above(keys, spare), keys, ROWS)
    if body.height >= 4 * key + 3 * gap:
        keys = body.right_part(3 * most + 2 * sheet.gap)
        return Arrangement(body.left_of(keys, spare), keys, ROWS)
    keys = body.bottom_part(body.height - line - sheet.gap)
    return Arrangement(body.above(keys, sheet.gap), keys, FLAT_ROWS)
