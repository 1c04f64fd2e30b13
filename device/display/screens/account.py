"""What a member has, as a card in the shop's colour, beside what can be chosen."""

from device.display.masking import masked
from device.display.screen_text import FIELDS, grouped, readable, wording
from device.display.screens.boxes import Box
from device.display.screens.choices import lay_choices, offered
from device.display.screens.furniture import air
from device.display.screens.sheet import Sheet
from device.display.screens.typesetting import Paragraph
from device.display.screens.view import View, Words

INFO_SHARE = 0.37  # of the width, beside the choices
TALL_INFO_MM = 46.0  # the card's height, above the choices
FIGURE_CAP_MM = 17.0


def lay_account(sheet: Sheet, view: View, words: Words, body: Box) -> None:
    """Draw the balance and the choices."""
    if sheet.theme.is_large and body.height < 6 * _line(sheet):  # no room for both side by side
        info = body.top_part(round(1.4 * _line(sheet)))
        actions = body.below(info, 2 * sheet.gap)
    else:
        info, actions = split(sheet, body)
    lay_balance(sheet, view, words, info)
    if view.remark:
        said = wording(view.remark, {}, words.translate)
        remark = Paragraph(said.happened, 6.0 * sheet.scale, bold=True)
        inks = {"ink": sheet.colours.ink}
        sheet.block([remark], actions, inks=inks, ground=sheet.colours.ground)
    lay_choices(sheet, actions, offered(view, words), words, page=view.page)


def split(
    sheet: Sheet, body: Box, *, info_share: float = INFO_SHARE, info_mm: float = TALL_INFO_MM
) -> tuple[Box, Box]:
    """Return the place to read and the place to touch, which is the lower half in low reach."""
    spare = max(2 * sheet.gap, air(sheet))
    if sheet.panel.reach == "low":
        middle = max(sheet.size.height // 2 + 1, body.top)
        return (
            Box(body.left, body.top, body.right, middle - spare),
            Box(body.left, middle, body.right, body.bottom),
        )
    if sheet.panel.is_tall:
        info = body.top_part(min(sheet.px(info_mm), body.height // 2))
        return info, body.below(info, spare)
    info = body.left_part(round(body.width * info_share))
    return info, body.right_of(info, spare)


def lay_balance(sheet: Sheet, view: View, words: Words, box: Box) -> None:
    """Draw the card with the balance: the figure as large as it goes."""
    it = sheet.colours
    sheet.rounded(box, it.brand)
    if box.height < 2 * _line(sheet):
        _on_one_line(sheet, view, words, box.inset(sheet.px(3), 0))
        return
    inner = box.inset(sheet.px(4), sheet.px(2 * sheet.scale))
    line = _line(sheet)
    top, bottom = inner.top_part(line), inner.bottom_part(line)
    sheet.line(_title(view, words), top, cap_mm=0, ink=it.on_brand, ground=it.brand)
    middle = inner.below(top, 0)
    if _is_reserved(view):
        block = sheet.setter.set(
            [Paragraph(_to_spend(view, words), 0)], middle.width, middle.height - line
        )
        if block.is_cut:
            _in_words(sheet, view, words, middle)
            return
        if middle.height >= 2.2 * line + block.height_px:
            _whose(sheet, view, words, bottom)
            middle = middle.above(bottom, 0)
        spendable = middle.bottom_part(block.height_px)
        sheet.put(block, spendable, inks={"ink": it.on_brand}, ground=it.brand)
        middle = middle.above(spendable, 0)
    elif middle.height >= 2.2 * line:
        _whose(sheet, view, words, bottom)
        middle = _lay_ahead(sheet, view, words, middle.above(bottom, 0))
    figure = grouped(int(view.values["points"]))
    cap_mm = min(FIGURE_CAP_MM * sheet.scale, 0.6 * middle.height / sheet.panel.px_per_mm)
    sheet.line(figure, middle, cap_mm=cap_mm, ink=it.on_brand, ground=it.brand, bold=True)


def _lay_ahead(sheet: Sheet, view: View, words: Words, box: Box) -> Box:
    """Write how far the next tier is, if there is one and room for it; return what is left."""
    it = sheet.colours
    if not view.values.get("next_tier"):
        return box
    next_tier = words.translate(FIELDS["next_tier"])
    said = next_tier.format_map(readable(view.values, words.labels))
    apart = box.top_part(box.height - sheet.gap // 2)
    block = sheet.setter.set([Paragraph(said, 0)], apart.width, apart.height)
    if block.is_cut or apart.height - block.height_px < 2.2 * _line(sheet):
        return box
    place = apart.bottom_part(block.height_px)
    sheet.put(block, place, inks={"ink": it.on_brand}, ground=it.brand)
    return apart.above(place, 0)


def _title(view: View, words: Words) -> str:
    """Return what the figure is: the balance, or what may be spent while nobody knows that."""
    is_balance = view.screen == "account"
    return words.translate(FIELDS["your_points" if is_balance else "to_spend_now"])


def _is_reserved(view: View) -> bool:
    """Return whether some of the points are promised to something else."""
    return view.values.get("available_points", view.values["points"]) != view.values["points"]


def _to_spend(view: View, words: Words) -> str:
    to_spend = words.translate(FIELDS["to_spend"])
    return to_spend.format_map(readable(view.values, words.labels))


def _in_words(sheet: Sheet, view: View, words: Words, box: Box) -> None:
    """Write what can be spent, where there is no room for the balance beside it."""
    it = sheet.colours
    said = Paragraph(_to_spend(view, words), 7.0 * sheet.scale, bold=True)
    sheet.block([said], box, inks={"ink": it.on_brand}, ground=it.brand)


def _line(sheet: Sheet) -> int:
    return sheet.setter.line_px(sheet.setter.floor_px)


def _on_one_line(sheet: Sheet, view: View, words: Words, box: Box) -> None:
    """Write the balance beside its word, where there is no room for a card."""
    it = sheet.colours
    if _is_reserved(view):
        _in_words(sheet, view, words, box)
        return
    label, figure = box.columns(2, sheet.gap)
    sheet.line(_title(view, words), label, cap_mm=0, ink=it.on_brand, ground=it.brand)
    points = grouped(int(view.values["points"]))
    sheet.line(
        points, figure, cap_mm=7.0, ink=it.on_brand, ground=it.brand, bold=True, align="right"
    )


def _whose(sheet: Sheet, view: View, words: Words, box: Box) -> None:
    """Write the tier, and at the right as much of the member's number as strangers may see."""
    if "member" not in view.values:
        return
    it = sheet.colours
    number = masked(str(view.values["member"]))
    tier = words.label(str(view.values["tier"]))
    width = sheet.width_px(tier, bold=True)
    left = box.left_part(min(box.width, width))
    sheet.line(tier, left, cap_mm=0, ink=it.on_brand, ground=it.brand, bold=True)
    right = box.right_part(sheet.width_px(number, bold=False))
    if right.left < left.right + sheet.gap:
        return
    sheet.line(number, right, cap_mm=0, ink=it.on_brand, ground=it.brand, align="right")
