"""Choices as a column of buttons: never more than six, further ones on further pages."""

from dataclasses import dataclass

from device.display.screen_text import CHOICES, FIELDS, grouped
from device.display.screens.boxes import Box
from device.display.screens.frame import Role
from device.display.screens.furniture import BACK, START_OVER, edge_button, more_place
from device.display.screens.sheet import Align, Kind, Sheet
from device.display.screens.typesetting import Block, Paragraph
from device.display.screens.view import View, Words

CHOICES_MAX = 6  # on one page
ROW_MAX_MM = 22.0
LABEL_CAP_MM, PRICE_CAP_MM, MAIN_CAP_MM = 5.0, 4.2, 6.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One button: what it says, what it costs, and how much it stands out."""

    id: str
    label: str
    price: str = ""
    role: Role = "choice"
    kind: Kind = "plain"


def offered(view: View, words: Words) -> list[Choice]:
    """Return the choices of a view but for Back and Start over, which have places of their own."""
    found = []
    for choice in view.choices:
        if choice in (*BACK, *START_OVER):
            continue
        if choice in CHOICES:
            label, price = words.translate(CHOICES[choice]), ""
        else:
            label, price = words.label(choice), ""
            if choice in words.prices:
                price = words.translate(FIELDS["price"]).format(
                    points=grouped(words.prices[choice])
                )
        found.append(Choice(id=f"choice:{choice}", label=label, price=price))
    return found


def choices_height(sheet: Sheet, box: Box, choices: list[Choice]) -> int:
    """Return the height that `choices` take at the bottom of `box`, and leave room for words."""
    rows = len(choices)
    height = _row_height(sheet, box, choices)
    least = sheet.px(sheet.panel.floors.target_mm)
    needed = rows * (height + sheet.gap) - sheet.gap
    if sheet.panel.reach == "low":
        return max(least, min(needed, box.height))
    return max(least, min(needed, box.height // 2))


def lay_choices(sheet: Sheet, box: Box, choices: list[Choice], words: Words, *, page: int) -> None:
    """Draw one page of `choices` into `box`, from the top, and the way to the next page."""
    if not choices:
        return
    height = min(box.height, _row_height(sheet, box, choices))
    room = max(1, min(CHOICES_MAX, (box.height + sheet.gap) // (height + sheet.gap)))
    shown = choices
    if len(choices) > room:
        start = page % -(-len(choices) // room) * room
        shown = choices[start : start + room]
        more = words.translate(FIELDS["more_choices"])
        place = more_place(sheet)
        edge_button(sheet, place, id="more", label=more, role="page", sign="next_page")
    spread = (box.height + sheet.gap) // len(shown) - sheet.gap
    height = max(height, min(spread, sheet.px(ROW_MAX_MM * sheet.scale)))
    top = box.top
    for choice in shown:
        lay_choice(sheet, Box(box.left, top, box.right, top + height), choice)
        top += height + sheet.gap


def lay_choice(sheet: Sheet, row: Box, choice: Choice) -> None:
    """Draw one button with its words, and its price at the right."""
    ink, ground = sheet.button(
        row, id=choice.id, label=choice.label, role=choice.role, kind=choice.kind
    )
    label_room, price_room = _rooms(sheet, row, choice)
    align: Align = "centre" if choice.kind == "main" else "left"
    cap_mm = MAIN_CAP_MM if choice.kind == "main" else LABEL_CAP_MM
    label = Paragraph(choice.label, cap_mm * sheet.scale, bold=True)
    sheet.block([label], label_room, inks={"ink": ink}, ground=ground, align=align)
    if choice.price:
        quiet = ink if choice.kind == "main" else sheet.colours.brand
        price = Paragraph(choice.price, PRICE_CAP_MM * sheet.scale, bold=True)
        sheet.block([price], price_room, inks={"ink": quiet}, ground=ground, align="right")


def _row_height(sheet: Sheet, box: Box, choices: list[Choice]) -> int:
    """Return the least height of a row in which the words of every choice fit."""
    least = sheet.px(sheet.panel.floors.target_mm)
    line = sheet.setter.floor_px
    for lines in (1, 2, 3):
        height = max(least, round(line * (0.5 + 1.3 * lines)))
        row = Box(box.left, 0, box.right, height)
        if all(not it.is_cut for choice in choices for it in _blocks(sheet, row, choice)):
            return height
    return height


def _blocks(sheet: Sheet, row: Box, choice: Choice) -> list[Block]:
    rooms = _rooms(sheet, row, choice)
    texts = (choice.label, choice.price)
    return [
        sheet.setter.set([Paragraph(text, 0, bold=True)], room.width, room.height)
        for text, room in zip(texts, rooms, strict=True)
        if text
    ]


def _rooms(sheet: Sheet, row: Box, choice: Choice) -> tuple[Box, Box]:
    """Return the room for the words and the room for the price."""
    inner = row.inset(sheet.px(0.5 if sheet.panel.is_handheld else 3.5), sheet.px(0.5))
    if not choice.price:
        return inner, inner.right_part(0)
    width = sheet.width_px(choice.price, bold=True, cap_mm=PRICE_CAP_MM * sheet.scale)
    price = inner.right_part(min(width, inner.width // 2))
    return inner.left_of(price, 2 * sheet.gap), price
