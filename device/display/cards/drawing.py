"""Puts panels, lines of text, codes and stamps on a sheet, in grey; the threshold comes after."""

import math

from PIL import Image, ImageDraw

from device.display.cards.codes import draw_bars, draw_qr
from device.display.cards.face import Stamps
from device.display.cards.fitting import Fitted
from device.display.cards.sheet import Place, PlacedText, Sheet
from device.display.lettering import Lettering

STAMPS_IN_A_ROW_MAX = 10

_BLACK, _WHITE = 0, 255
_LINE_MIN_PX = 2  # a line of one dot is lost where an element of the head is worn
_ASCENT = 0.88  # from the top of the letters' size to the baseline, in the CJK fonts of Noto
_FRAME_LINE, _FRAME_ROUND = 0.09, 0.35  # of the letters' size
_STAMP_SIDE, _STAMP_LINE = 0.82, 0.07  # of the distance from stamp to stamp


class Drawing:
    """One face being drawn, upright."""

    def __init__(self, sheet: Sheet, lettering: Lettering) -> None:
        self.image = Image.new("L", sheet.profile.face_px, _WHITE)
        self._pen = ImageDraw.Draw(self.image)
        self._sheet = sheet
        self._lettering = lettering

    def panels(self) -> None:
        """Everything that is black whatever the face says."""
        for left, top, right, bottom in self._sheet.panels:
            right, bottom = max(right, left + _LINE_MIN_PX), max(bottom, top + _LINE_MIN_PX)
            self._pen.rectangle((left, top, right - 1, bottom - 1), fill=_BLACK)

    def text(self, placed: PlacedText, fitted: Fitted) -> None:
        """The lines of one box, in their frame if they have one."""
        text, box, style = placed.text, placed.place, fitted.style
        widths_px = [round(self._lettering.width_px(it, style)) for it in fitted.lines]
        if text.frame != "none":
            self._frame(placed, fitted, max(widths_px) + 2 * placed.pad_px)
        is_white = text.is_white or text.frame == "solid"
        baseline_px = box.top + _room_before(text.stand, box.height - fitted.height_px)
        baseline_px += round(style.size_px * _ASCENT)
        for line, width_px in zip(fitted.lines, widths_px, strict=True):
            room_px = box.width - 2 * placed.pad_px - width_px
            self._lettering.paint(
                self.image,
                line,
                left_px=box.left + placed.pad_px + _room_before(text.align, room_px),
                baseline_px=baseline_px,
                style=style,
                ink=_WHITE if is_white else _BLACK,
            )
            baseline_px += fitted.leading_px

    def code(self, text: str) -> None:
        """The QR code, in the middle of its box."""
        box = self._sheet.code
        module_min_px = self._sheet.profile.module_min_px
        side_px = min(box.width, box.height)
        self._paste_in_middle(draw_qr(text, side_px=side_px, module_min_px=module_min_px), box)

    def bars(self, text: str, box: Place) -> None:
        """The Code 128, in the middle of its box."""
        bars = draw_bars(
            text,
            width_px=box.width,
            height_px=box.height,
            module_min_px=self._sheet.profile.bar_min_px,
        )
        self._paste_in_middle(bars, box)

    def stamps(self, stamps: Stamps, box: Place) -> None:
        """A row or two of circles, as many filled as the member has, from edge to edge of `box`."""
        rows = math.ceil(stamps.of / STAMPS_IN_A_ROW_MAX) or 1
        in_a_row = math.ceil(stamps.of / rows) or 1
        across, down = in_a_row - 1 + _STAMP_SIDE, rows - 1 + _STAMP_SIDE  # in pitches
        pitch_px = min(box.width / across, box.height / down)
        side_px = round(pitch_px * _STAMP_SIDE)
        line_px = max(_LINE_MIN_PX, round(pitch_px * _STAMP_LINE))
        top_px = box.top + (box.height - pitch_px * down) / 2
        for index in range(stamps.of):
            row, column = divmod(index, in_a_row)
            left, top = box.left + round(column * pitch_px), round(top_px + row * pitch_px)
            self._pen.ellipse(
                (left, top, left + side_px, top + side_px),
                outline=_BLACK,
                width=line_px,
                fill=_BLACK if index < stamps.have else _WHITE,
            )

    def _frame(self, placed: PlacedText, fitted: Fitted, width_px: int) -> None:
        box, size_px = placed.place, fitted.style.size_px
        left = box.left + _room_before(placed.text.align, box.width - width_px)
        self._pen.rounded_rectangle(
            (left, box.top, left + width_px, box.bottom - 1),
            round(size_px * _FRAME_ROUND),
            outline=_BLACK,
            fill=_BLACK if placed.text.frame == "solid" else None,
            width=max(_LINE_MIN_PX, round(size_px * _FRAME_LINE)),
        )

    def _paste_in_middle(self, picture: Image.Image, box: Place) -> None:
        left = box.left + (box.width - picture.width) // 2
        self.image.paste(picture, (left, box.top + (box.height - picture.height) // 2))


def _room_before(where: str, room_px: int) -> int:
    """Return how much of `room_px` is before what stands at its start, middle or end."""
    if where in ("left", "top"):
        return 0
    return room_px // 2 if where == "middle" else room_px
