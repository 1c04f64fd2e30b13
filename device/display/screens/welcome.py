"""The screen that waits for the next member, in the shop's colour."""

from device.display.screen_text import CHOICES, readable, wording
from device.display.screens.boxes import Box
from device.display.screens.furniture import edge_button
from device.display.screens.sheet import Align, Sheet
from device.display.screens.typesetting import Paragraph
from device.display.screens.view import View, Words

SIGN_MM = 52.0
WORDS_PER_FLOOR = 5.5  # of the least letters: a line, and two below


def lay_welcome(sheet: Sheet, view: View, words: Words, body: Box) -> None:
    """Draw the greeting and where the card goes in."""
    said = wording(view.screen, readable(view.values, words.labels), words.translate)
    it = sheet.colours
    if "key_phone" in view.choices:
        place = body.bottom_part(max(sheet.px(15), round(1.5 * sheet.setter.floor_px)))
        label = words.translate(CHOICES["key_phone"])
        width = sheet.width_px(label, bold=True) + place.height + sheet.px(4)
        edge_button(
            sheet,
            place.left_part(min(width, place.width)),
            id="choice:key_phone",
            label=label,
            role="choice",
            sign="phone",
            on_brand=True,
        )
        body = body.above(place, sheet.gap)
    paragraphs = [
        Paragraph(said.happened, 12.0 * sheet.scale, bold=True),
        Paragraph(said.do_now, 6.6 * sheet.scale),
    ]
    if sheet.panel.is_tall:
        words_need = round(WORDS_PER_FLOOR * sheet.setter.floor_px)
        sign = body.bottom_part(min(body.height // 2, max(1, body.height - words_need)))
        text = body.above(sign, sheet.px(6))
    else:
        sign = body.right_part(round(body.width * 0.34))
        text = body.left_of(sign, sheet.px(6))
        text = text.inset(sheet.px(3 * sheet.scale), 0)
    align: Align = "centre" if sheet.panel.is_tall else "left"
    sheet.block(paragraphs, text, inks={"ink": it.on_brand}, ground=it.brand, align=align)
    side = min(sheet.px(SIGN_MM * sheet.scale), sign.width, sign.height)
    sheet.symbol("card_in", sign.square(side), it.on_brand)
