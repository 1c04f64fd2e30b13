"""What every screen has at its edges: languages and look, the offline banner, Back and Start over.

These stay at the same places from screen to screen; what is left between them is the body.
"""

from device.display.screen_text import CALM, CHOICES, FIELDS
from device.display.screens.boxes import Box
from device.display.screens.frame import Role
from device.display.screens.sheet import Kind, Sheet
from device.display.screens.theme import Colour
from device.display.screens.typesetting import Paragraph
from device.display.screens.view import LANGUAGES, View, Words

BACK = ("back",)
START_OVER = ("return", "cancel", "done")  # at most one of them is on a screen
NAME_CAP_MM = 4.0  # the shop's name: nobody needs it in order to act
SHORT_MM = 100.0
BACK_SHARE, MORE_SHARE = 0.28, 0.28  # of the footer's width; Start over has the rest
HANDHELD_START_OVER_SHARE = 0.42
FOOTER_PER_FLOOR = 2.6  # of the least letters: two lines
LOOK_SIGN = "Aa"


_SIGN_OF_START_OVER = {"return": "card_out", "cancel": "cross", "done": "tick"}


def lay_edges(sheet: Sheet, view: View, words: Words, *, ground: Colour) -> Box:
    """Draw header, banner and footer on `ground`; return the body between them."""
    body = sheet.size.inset(sheet.edge)
    if _has_footer(sheet, view):
        footer = body.bottom_part(footer_height(sheet))
        _footer(sheet, view, words)
        body = body.above(footer, air(sheet))
    if not sheet.panel.is_handheld:
        height = header_height(sheet)
        if sheet.panel.reach == "low":
            body = body.above(_places(sheet)[0], air(sheet))  # whether there is a footer or not
            header = body.bottom_part(height)
            body = body.above(header, air(sheet))
        else:
            header = body.top_part(height)
            body = body.below(header, air(sheet))
        _header(sheet, view, words, header, ground=ground)
    return body if view.link.is_online else _banner(sheet, view, words, body)


def air(sheet: Sheet) -> int:
    """Return the distance between the parts of a screen: more where there is room for it."""
    is_short = sheet.size.height < sheet.px(SHORT_MM)
    return sheet.gap if is_short else 2 * sheet.gap


def lower_half(sheet: Sheet, body: Box) -> Box:
    """Return the part of `body` that may be touched: in low reach what is in the lower half."""
    if sheet.panel.reach == "normal":
        return body
    return Box(body.left, max(body.top, sheet.size.height // 2 + 1), body.right, body.bottom)


def more_place(sheet: Sheet) -> Box:
    """Return what is free of the footer: between Back and Start over, or beside them."""
    return _places(sheet)[1]


def header_height(sheet: Sheet) -> int:
    """Return the height of the header: one row, or two where the panel stands."""
    row = sheet.px(sheet.panel.floors.target_mm)
    return 2 * row + sheet.gap if sheet.panel.is_tall else row


def footer_height(sheet: Sheet) -> int:
    """Return the height of Back and Start over: room for two lines where the panel is narrow."""
    floor = sheet.px(sheet.panel.floors.target_mm)
    if not sheet.panel.is_tall and not sheet.panel.is_handheld:
        return floor
    return max(floor, round(FOOTER_PER_FLOOR * sheet.setter.floor_px))


def _has_footer(sheet: Sheet, view: View) -> bool:
    if view.notice or (sheet.panel.is_handheld and view.choices):
        return True
    return any(it in view.choices for it in (*BACK, *START_OVER))


def _header(sheet: Sheet, view: View, words: Words, box: Box, *, ground: Colour) -> None:
    is_on_brand = ground == sheet.colours.brand
    ink = sheet.colours.on_brand if is_on_brand else sheet.colours.brand
    side = sheet.px(sheet.panel.floors.target_mm)
    first, last = box.top_part(side), box.bottom_part(side)
    widths = [max(side, sheet.width_px(it, bold=True) + sheet.px(4)) for it in LANGUAGES.values()]
    if sheet.panel.is_tall:
        spread = (last.width - sum(widths) - 2 * sheet.gap) // len(widths)
        widths = [it + spread for it in widths]
    languages = last.right_part(sum(widths) + (len(widths) - 1) * sheet.gap)
    left = languages.left
    for (locale, name), width in zip(LANGUAGES.items(), widths, strict=True):
        place = Box(left, languages.top, left + width, languages.bottom)
        _language(sheet, view, locale, name, place, on_brand=is_on_brand)
        left = place.right + sheet.gap
    row = first if sheet.panel.is_tall else first.left_of(languages, sheet.gap)
    look = row.right_part(side)
    ink_on, ground_on = sheet.button(
        look,
        id="look",
        label=words.translate(FIELDS["look"]),
        role="look",
        kind="plain",
        on_brand=is_on_brand,
    )
    sheet.line(LOOK_SIGN, look, cap_mm=4.8, ink=ink_on, ground=ground_on, bold=True, align="centre")
    name_room = row.left_of(look, 2 * sheet.gap)
    sheet.name(words.shop, name_room, cap_mm=NAME_CAP_MM * sheet.scale, ink=ink, ground=ground)


def _language(
    sheet: Sheet, view: View, locale: str, name: str, place: Box, *, on_brand: bool
) -> None:
    kind: Kind = "main" if locale == view.locale else "plain"
    ink, ground = sheet.button(
        place, id=f"language:{locale}", label=name, role="language", kind=kind, on_brand=on_brand
    )
    room = place.inset(sheet.px(1), 0)
    sheet.line(
        name, room, cap_mm=0, ink=ink, ground=ground, bold=True, align="centre", locale=locale
    )


def _banner(sheet: Sheet, view: View, words: Words, body: Box) -> Box:
    """Draw the offline banner at the top of the body; return what is left of it."""
    message = FIELDS["offline_handheld" if sheet.panel.is_handheld else "offline_kiosk"]
    text = words.translate(message).format(waiting=f"{view.link.waiting:,}")
    padding = sheet.px(1.5)
    side = sheet.setter.line_px(sheet.setter.floor_px)
    room = body.inset(padding, 0)
    room = Box(room.left + side + padding, room.top, room.right, room.bottom)
    said = [Paragraph(text, 0, bold=True)]
    block = sheet.setter.set(said, room.width, side)
    is_small = bool(block.lines) and block.lines[0].style.size_px < sheet.setter.floor_px
    has_room = sheet.panel.is_tall or sheet.panel.is_handheld
    if block.is_cut or (is_small and has_room):
        block = sheet.setter.set(said, room.width, 4 * side)
    banner = body.top_part(block.height_px + padding)
    sheet.rounded(banner, sheet.colours.notice)
    sign = banner.left_part(side + padding).inset(padding // 2, 0)
    sheet.symbol("no_signal", sign.square(min(side, sign.width)), sheet.colours.on_notice)
    ink = sheet.colours.on_notice
    text_room = Box(room.left, banner.top, room.right, banner.bottom)
    sheet.put(block, text_room, inks={"ink": ink}, ground=sheet.colours.notice)
    return body.below(banner, sheet.gap)


def _places(sheet: Sheet) -> tuple[Box, Box, Box]:
    """Return the places of Back, More and Start over: the same on every screen of a panel."""
    footer = sheet.size.inset(sheet.edge).bottom_part(footer_height(sheet))
    first = footer.left_part(round(footer.width * HANDHELD_START_OVER_SHARE))
    if sheet.panel.is_handheld:  # never both of them, and the keys are at the right
        return first, footer.right_of(first, sheet.gap), first
    back = footer.left_part(round(footer.width * BACK_SHARE))
    rest = footer.right_of(back, sheet.gap)
    more = rest.left_part(round(footer.width * MORE_SHARE))
    return back, more, rest.right_of(more, sheet.gap)


def _footer(sheet: Sheet, view: View, words: Words) -> None:
    back, _, start_over = _places(sheet)
    if view.notice in CALM:  # it comes before the account was seen
        label = words.translate(FIELDS["go_on"])
        edge_button(sheet, back, id="go_on", label=label, role="back", sign="chevron")
    elif view.notice:
        label = words.translate(CHOICES["back"])
        edge_button(sheet, back, id="go_on", label=label, role="back", sign="back")
    for choice in view.choices:
        label = words.translate(CHOICES.get(choice, ""))
        if choice in BACK:
            edge_button(sheet, back, id=f"choice:{choice}", label=label, role="back", sign="back")
        elif choice in START_OVER:
            sign = _SIGN_OF_START_OVER[choice]
            edge_button(
                sheet, start_over, id=f"choice:{choice}", label=label, role="start_over", sign=sign
            )


def edge_button(
    sheet: Sheet,
    box: Box,
    *,
    id: str,
    label: str,
    role: Role,
    sign: str,
    on_brand: bool = False,
) -> None:
    """Draw a button at the edge, with its sign unless that would cost the words a line."""
    ink, ground = sheet.button(box, id=id, label=label, role=role, kind="quiet", on_brand=on_brand)
    inner = box.inset(sheet.px(1.2 * min(1.0, sheet.scale)), sheet.px(0.3))
    words = [Paragraph(label, 0, bold=True)]
    side = min(inner.height, sheet.px(8 * min(1.0, sheet.scale)))
    place = inner.left_part(side)
    room = inner.right_of(place, sheet.px(1.5))
    block = sheet.setter.set(words, room.width, room.height)
    alone = sheet.setter.set(words, inner.width, inner.height)
    is_small = bool(block.lines) and block.lines[0].style.size_px < sheet.setter.floor_px
    if block.is_cut or is_small or len(block.lines) > len(alone.lines):
        sheet.block(words, inner, inks={"ink": ink}, ground=ground, align="centre")
        return
    sheet.symbol(sign, place.square(side), ink)
    sheet.block(words, room, inks={"ink": ink}, ground=ground)
