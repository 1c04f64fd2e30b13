"""What may be spent while the hub is out of reach: a provisional figure, beside the offers."""

from device.display.screen_text import FIELDS, grouped, readable, wording
from device.display.screens.account import split
from device.display.screens.boxes import Box
from device.display.screens.choices import lay_choices, offered
from device.display.screens.sheet import Sheet
from device.display.screens.typesetting import Paragraph
from device.display.screens.view import View, Words

FIGURE_CAP_MM = 15.0


def lay_account_offline(sheet: Sheet, view: View, words: Words, body: Box) -> None:
    """Draw the figure on a quiet plate, since it is no balance, and the offers that it pays."""
    info, actions = split(sheet, body)
    it = sheet.colours
    sheet.rounded(info, it.panel, outline=it.line)
    inner = info.inset(sheet.px(3), sheet.px(2))
    said = wording(view.screen, readable(view.values, words.labels), words.translate)
    inks = {"ink": it.ink}
    line = sheet.setter.line_px(sheet.setter.floor_px)
    note = sheet.setter.set([Paragraph(said.safe, 0)], inner.width, inner.height)
    if note.is_cut or inner.height < note.height_px + 4 * line:
        sentence = Paragraph(said.happened, 7.0 * sheet.scale, bold=True)
        sheet.block([sentence], inner, inks=inks, ground=it.panel)
    else:
        top, bottom = inner.top_part(line), inner.bottom_part(note.height_px)
        label = words.translate(FIELDS["to_spend_now"])
        sheet.line(label, top, cap_mm=0, ink=it.ink, ground=it.panel)
        sheet.put(note, bottom, inks=inks, ground=it.panel)
        middle = inner.below(top, 0).above(bottom, 0)
        cap_mm = min(FIGURE_CAP_MM * sheet.scale, 0.6 * middle.height / sheet.panel.px_per_mm)
        figure = grouped(int(view.values["points"]))
        sheet.line(figure, middle, cap_mm=cap_mm, ink=it.brand, ground=it.panel, bold=True)
    lay_choices(sheet, actions, offered(view, words), words, page=view.page)
