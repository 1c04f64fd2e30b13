"""What a redemption does to a balance: before, spent, after. Either as a sum or side by side."""

from dataclasses import dataclass

from device.display.screen_text import FIELDS, grouped
from device.display.screens.boxes import Box
from device.display.screens.sheet import Sheet
from device.display.screens.view import View, Words

COLUMN_CAP_MM = 6.4
ROW_CAP_MM = 6.8
QUESTION = ("now", "spend_word", "left")
RESULT = ("was", "spent", "now")


@dataclass(frozen=True, slots=True)
class Sum:
    """One figure with its word."""

    label: str
    figure: str
    is_result: bool = False


def sums_of(view: View, words: Words, *, words_of: tuple[str, str, str]) -> list[Sum]:
    """Return the three figures, if the view has them, with the words that `words_of` names."""
    if "before_points" not in view.values:
        return []
    before, spent, after = (
        int(view.values[key]) for key in ("before_points", "points", "after_points")
    )
    labels = [words.translate(FIELDS[it]) for it in words_of]
    figures = [grouped(before), grouped(-spent), grouped(after)]
    return [
        Sum(label, figure, is_result=number == 2)
        for number, (label, figure) in enumerate(zip(labels, figures, strict=True))
    ]


def result_height(sheet: Sheet, width: int, sums: list[Sum]) -> int:
    """Return the height that the figures need in `width`."""
    setter = sheet.setter
    if not _fit_side_by_side(sheet, width, sums):
        return len(sums) * round(1.45 * setter.floor_px) + sheet.px(3)
    words, figures = (
        setter.line_px(setter.floor_px),
        setter.line_px(setter.size_px(COLUMN_CAP_MM * sheet.scale)),
    )
    return words + figures + 2 * sheet.px(sheet.scale**2)


def lay_result(sheet: Sheet, box: Box, sums: list[Sum]) -> None:
    """Draw the figures side by side, or below each other where they are too long for that."""
    if _fit_side_by_side(sheet, box.width, sums):
        _lay_strip(sheet, box, sums)
    else:
        lay_sum(sheet, box, sums)


def _fit_side_by_side(sheet: Sheet, width: int, sums: list[Sum]) -> bool:
    column = width // len(sums) - sheet.px(2.5)
    return all(sheet.width_px(it.figure, bold=True) <= column for it in sums)


def _lay_strip(sheet: Sheet, box: Box, sums: list[Sum]) -> None:
    """Draw the figures side by side on one plate."""
    it = sheet.colours
    sheet.rounded(box, it.panel, outline=it.line)
    padding = sheet.px(1.5)
    inner = box.inset(padding, sheet.px(sheet.scale**2))
    for column, part in zip(inner.columns(len(sums), padding), sums, strict=True):
        ink = it.brand if part.is_result else it.ink
        label = column.top_part(sheet.setter.line_px(sheet.setter.floor_px))
        figure = column.below(label, 0)
        sheet.line(part.label, label, cap_mm=0, ink=it.quiet, ground=it.panel, align="centre")
        sheet.line(
            part.figure,
            figure,
            cap_mm=COLUMN_CAP_MM * sheet.scale,
            ink=ink,
            ground=it.panel,
            bold=True,
            align="centre",
        )


def lay_sum(sheet: Sheet, box: Box, sums: list[Sum]) -> None:
    """Draw the figures below each other, with a rule above the last, as on a till receipt."""
    it = sheet.colours
    sheet.rounded(box, it.panel, outline=it.line)
    rule = max(2, sheet.px(0.4))
    rows = box.inset(sheet.px(3.5 * sheet.scale), sheet.px(1.5)).rows(len(sums), 2 * rule)
    widest = max(sheet.width_px(part.label, bold=True) for part in sums)
    for row, part in zip(rows, sums, strict=True):
        ink = it.brand if part.is_result else it.ink
        if part.is_result:
            sheet.fill(Box(row.left, row.top - rule, row.right, row.top), it.quiet)
        words = row.left_part(widest)
        cap_mm = min(ROW_CAP_MM * sheet.scale, 0.6 * row.height / sheet.panel.px_per_mm)
        sheet.line(part.label, words, cap_mm=0, ink=it.ink, ground=it.panel, bold=part.is_result)
        sheet.line(
            part.figure,
            row.right_of(words, sheet.px(1.5)),
            cap_mm=cap_mm,
            ink=ink,
            ground=it.panel,
            bold=True,
            align="right",
        )
