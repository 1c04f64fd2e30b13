"""A screen that tells something: what happened, what to do now, and that nothing is lost.

Whatever was heard when it came up is seen here too, as a symbol in a colour of its own.
"""

from dataclasses import dataclass, replace

from device.display.screen_text import CALM, CODES, FIELDS, Wording, readable, wording
from device.display.screens.boxes import Box
from device.display.screens.choices import choices_height, lay_choice, lay_choices, offered
from device.display.screens.furniture import air, lower_half, more_place
from device.display.screens.sheet import Align, Sheet
from device.display.screens.sums import RESULT, lay_result, result_height, sums_of
from device.display.screens.symbols import SPINNER_DOTS
from device.display.screens.theme import Colour
from device.display.screens.typesetting import Block, Paragraph
from device.display.screens.view import View, Words

SPINNER_STEP_MS = 250
MOVING = frozenset({"one_moment", "printing", "hold_card"})  # something goes on meanwhile

_CAPS_MM = (8.2, 6.4, 5.2)
_SIGN_SIDES_MM = (40.0, 30.0, 22.0, 16.0, 11.0)
_HEADLINE_PER_FLOOR = 1.2  # below this a smaller sign is better than smaller words

_SIGN_OF_SOUND = {"accepted": "tick", "refused": "exclamation", "take_card": "card_out"}
_SIGN_OF_SCREEN = {
    "tap_card": "tap_card",
    "tap_new_card": "tap_card",
    "more_time": "clock",
    "ready": "tick",
}


@dataclass(frozen=True, slots=True)
class Sign:
    """The symbol of a message; on a disc of its colour, or alone."""

    name: str
    colour: Colour
    on_disc: bool


def lay_message(sheet: Sheet, view: View, words: Words, body: Box) -> None:
    """Draw the screen that `view` names, or the notice that comes before it."""
    screen = view.notice or view.screen
    choices = [] if view.notice else offered(view, words)
    if choices and sheet.panel.is_handheld:
        places = more_place(sheet).columns(len(choices), sheet.gap)
        for place, choice in zip(places, choices, strict=True):
            lay_choice(sheet, place, choice)
    elif choices:
        actions = body.bottom_part(choices_height(sheet, lower_half(sheet, body), choices))
        lay_choices(sheet, actions, choices, words, page=view.page)
        body = body.above(actions, air(sheet))
    if view.values.get("card_is_out"):
        body = _point_to_card(sheet, words, body)
    said = wording(screen, readable(view.values, words.labels), words.translate)
    if screen in CODES:
        said = replace(said, safe=f"{said.safe} ({CODES[screen]})".lstrip())
    sign = sign_of(sheet, view, screen)
    if sums := sums_of(view, words, words_of=RESULT):
        strip = body.bottom_part(result_height(sheet, body.width, sums))
        if fits(sheet, said, sign, body.above(strip, air(sheet))):  # words come before figures
            lay_result(sheet, strip, sums)
            body = body.above(strip, air(sheet))
    tell(sheet, said, sign, body)


def tell(sheet: Sheet, said: Wording, sign: Sign, body: Box) -> None:
    """Draw a sign and the three sentences into `body`, as large as they fit together."""
    sides_mm = _sides_mm(sign)
    side, room, block = _arranged(sheet, said, body, sides_mm)
    colours = sheet.colours
    inks = {"ink": colours.ink, "quiet": colours.quiet}
    align: Align = "centre" if sheet.panel.is_tall else "left"
    sheet.put(block, room, inks=inks, ground=colours.ground, align=align)
    if side is not None:
        draw_sign(sheet, sign, side)


def fits(sheet: Sheet, said: Wording, sign: Sign, body: Box) -> bool:
    """Return whether the sentences fit into `body`, with their sign or at least without it."""
    _, _, block = _arranged(sheet, said, body, _sides_mm(sign))
    return not block.is_cut and block.lines[-1].style.size_px >= sheet.setter.floor_px


def sign_of(sheet: Sheet, view: View, screen: str) -> Sign:
    """Return the sign of a screen: what is going on, else what was heard, else what it is about."""
    colours = sheet.colours
    if view.notice in CALM:
        return Sign("information", colours.brand, on_disc=True)
    if view.notice:
        return Sign("exclamation", colours.bad, on_disc=True)
    if screen in MOVING:
        step = view.elapsed_ms // SPINNER_STEP_MS % SPINNER_DOTS
        return Sign(f"spinner-{step}", colours.brand, on_disc=False)
    if view.sound == "take_card":
        return Sign("card_out", colours.brand, on_disc=False)
    if view.sound:
        colour = colours.good if view.sound == "accepted" else colours.bad
        return Sign(_SIGN_OF_SOUND[view.sound], colour, on_disc=True)
    if screen in CODES:
        return Sign("exclamation", colours.bad, on_disc=True)
    name = _SIGN_OF_SCREEN.get(screen, "tick")
    return Sign(name, colours.brand, on_disc=name in ("tick", "clock"))


def draw_sign(sheet: Sheet, sign: Sign, box: Box) -> None:
    """Draw a sign as large as `box` allows."""
    square = box.square(min(box.width, box.height))
    if not sign.on_disc:
        sheet.symbol(sign.name, square, sign.colour)
        return
    sheet.symbol("disc", square, sign.colour)
    sheet.symbol(sign.name, square.inset(round(square.width * 0.16)), sheet.colours.on_mark)


def _sides_mm(sign: Sign) -> tuple[float, ...]:
    """Return the sizes a sign may have, largest first; a disc needs less than a picture."""
    return _SIGN_SIDES_MM[1:] if sign.on_disc else _SIGN_SIDES_MM


def _arranged(
    sheet: Sheet, said: Wording, body: Box, sides_mm: tuple[float, ...]
) -> tuple[Box | None, Box, Block]:
    """Return where the sign goes, if it has room, where the words go, and the words set."""
    paragraphs = _paragraphs(sheet, said)
    wanted_px = sheet.setter.floor_px * _HEADLINE_PER_FLOOR
    found: list[tuple[Box | None, Box, Block]] = []
    for side_mm in sides_mm:
        sign, room = _beside(sheet, body, sheet.px(side_mm * sheet.scale))
        block = sheet.setter.set(paragraphs, room.width, room.height)
        if not block.is_cut and block.lines[-1].style.size_px >= sheet.setter.floor_px:
            found.append((sign, room, block))
            if block.lines[0].style.size_px >= wanted_px:
                return found[-1]
    if found:
        return found[-1]
    return None, body, sheet.setter.set(paragraphs, body.width, body.height)


def _paragraphs(sheet: Sheet, said: Wording) -> list[Paragraph]:
    happened, do_now, safe = _CAPS_MM
    return [
        Paragraph(said.happened, happened * sheet.scale, bold=True),
        Paragraph(said.do_now, do_now * sheet.scale),
        Paragraph(said.safe, safe * sheet.scale, part="quiet"),
    ]


def _beside(sheet: Sheet, body: Box, side: int) -> tuple[Box, Box]:
    """Return the places of a sign of `side` and of the words: beside it, or below where tall."""
    spare = min(sheet.px(4 * sheet.scale**1.5), side // 4)
    if sheet.panel.is_tall:
        sign = body.top_part(min(side, body.height // 2)).square(min(side, body.height // 2))
        sign = Box(sign.left, body.top + spare, sign.right, body.top + spare + sign.height)
        return sign, body.below(sign, spare)
    column = body.left_part(side)
    square = column.square(min(side, column.height))
    return square, body.right_of(column, spare)


def _point_to_card(sheet: Sheet, words: Words, body: Box) -> Box:
    """Say along the bottom that the card is out; return what is left of the body."""
    colours = sheet.colours
    text = Paragraph(words.translate(FIELDS["please_take_card"]), 4.4 * sheet.scale, bold=True)
    side, padding = sheet.px(9 * sheet.scale), sheet.px(3)
    width = body.width - side - 3 * padding
    block = sheet.setter.set([text], width, 3 * sheet.setter.line_px(sheet.setter.floor_px))
    strip = body.bottom_part(max(side, block.height_px) + sheet.px(1))
    sheet.rounded(strip, colours.brand)
    inner = strip.inset(padding, 0)
    sign = inner.left_part(side).inset(0, sheet.px(0.5))
    sheet.symbol("card_out", sign, colours.on_brand)
    room = inner.right_of(sign, padding)
    sheet.put(block, room, inks={"ink": colours.on_brand}, ground=colours.brand)
    return body.above(strip, sheet.gap)
