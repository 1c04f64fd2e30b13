"""Draws faces: a layout filled with what one face says, as the one-bit picture a printer takes."""

import math

from PIL import Image, ImageDraw, ImageOps

from device.display.cards.codes import draw_bars, draw_qr
from device.display.cards.face import Face, Stamps
from device.display.cards.fields import field_texts
from device.display.cards.fitting import Fitted, fit_in
from device.display.cards.layout import Layout
from device.display.cards.payload import encode
from device.display.cards.placing import Place, PlacedText, Sheet, place_layout
from device.display.cards.profile import Profile
from device.display.cards.raster import threshold
from device.display.cards.words import LOCALES
from device.display.fonts import Fonts
from device.display.lettering import Lettering, Style

STAMPS_IN_A_ROW_MAX = 10

_BLACK, _WHITE = 0, 255
# Where letters stand in their size, in the CJK fonts of Noto: from the top to the baseline, and
# the middle of capitals and of Chinese characters alike above it.
_ASCENT, _MIDDLE = 0.88, 0.37
_FRAME_PAD, _FRAME_LINE, _FRAME_ROUND = 0.4, 0.09, 0.35  # of the letters' size
_CLOCKWISE = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


class FaceArtist:
    """Draws faces of one layout for one profile, keeping opened fonts and repeated lettering."""

    def __init__(self, layout: Layout, profile: Profile, fonts: Fonts) -> None:
        """Lay the layout out.

        Raises:
            LayoutUnfit: it cannot be printed on the profile.
        """
        self.sheet = place_layout(layout, profile)
        self._letterings = {locale: Lettering(fonts, locale) for locale in LOCALES}

    def draw(self, face: Face) -> Image.Image:
        """Return `face` as a one-bit image of the profile's raster.

        Raises:
            CodeTooLarge: the payload or the number does not fit its box.
        """
        image = self.draw_upright(face)
        turn_degrees = self.sheet.profile.turn_degrees
        return image.transpose(_CLOCKWISE[turn_degrees]) if turn_degrees else image

    def draw_upright(self, face: Face) -> Image.Image:
        """Return `face` as people look at it; raises as `draw` does."""
        drawing = _Drawing(self.sheet, self._letterings[face.locale])
        drawing.panels()
        for it in self.sheet.texts:
            drawing.text(it, face)
        drawing.codes(face)
        if self.sheet.stamps is not None and face.stamps is not None:
            drawing.stamps(self.sheet.stamps, face.stamps)
        picture = threshold(drawing.image)
        if self.sheet.photo is not None and face.photo is not None:
            # Text and codes want hard edges; only a photo is better for dithering.
            picture.paste(_dithered(face.photo, self.sheet.photo), self.sheet.photo)
        return picture

    def missing(self, face: Face) -> str:
        """Return the characters of `face` that its font lacks; they are marked or left out."""
        texts = (text for it in self.sheet.texts for text in _paragraphs(it, face))
        return self._letterings[face.locale].missing("".join(texts))


class _Drawing:
    """One face being drawn, upright."""

    def __init__(self, sheet: Sheet, lettering: Lettering) -> None:
        self.image = Image.new("L", sheet.profile.face_px, _WHITE)
        self._pen = ImageDraw.Draw(self.image)
        self._sheet = sheet
        self._lettering = lettering

    def panels(self) -> None:
        """Everything that is black whatever the face says."""
        for it in self._sheet.panels:
            # At least two dots: a line of one is lost where a head element is worn.
            right, bottom = max(it.right, it.left + 2), max(it.bottom, it.top + 2)
            self._pen.rectangle((it.left, it.top, right - 1, bottom - 1), fill=_BLACK)

    def text(self, placed: PlacedText, face: Face) -> None:
        """The lines of one box, in their frame if they have one."""
        paragraphs = tuple(self._lettering.showable(it) for it in _paragraphs(placed, face))
        paragraphs = tuple(it for it in paragraphs if it)
        if not paragraphs:
            return
        text, box = placed.text, placed.place
        pad_px = 0 if text.frame == "none" else round(placed.size_px * _FRAME_PAD)
        fitted = fit_in(
            self._lettering,
            paragraphs,
            width_px=box.width - 2 * pad_px,
            height_px=box.height,
            style=Style(placed.size_px, text.is_bold),
            least_px=placed.least_px,
        )
        widths_px = [self._lettering.width_px(it, fitted.style) for it in fitted.lines]
        top_px = box.top + _room_before(text.stand, box.height - fitted.height_px)
        if text.frame != "none":
            self._frame(placed, fitted, math.ceil(max(widths_px)) + 2 * pad_px)
        is_white = text.is_white or text.frame == "solid"
        for index, (line, width_px) in enumerate(zip(fitted.lines, widths_px, strict=True)):
            room_px = box.width - 2 * pad_px - round(width_px)
            self._lettering.paint(
                self.image,
                line,
                left_px=box.left + pad_px + _room_before(text.align, room_px),
                baseline_px=top_px
                + index * fitted.leading_px
                + round(fitted.style.size_px * _ASCENT),
                style=fitted.style,
                ink=_WHITE if is_white else _BLACK,
            )

    def codes(self, face: Face) -> None:
        """The QR code in the middle of its box, and the bars in theirs."""
        profile, box = self._sheet.profile, self._sheet.code
        side_px = min(box.width, box.height)
        code = draw_qr(encode(face.payload), side_px=side_px, module_min_px=profile.module_min_px)
        self._paste_in_middle(code, box)
        place = self._sheet.bars
        if place is not None:
            bars = draw_bars(
                face.payload.account,
                width_px=place.width,
                height_px=place.height,
                module_min_px=profile.bar_min_px,
            )
            self._paste_in_middle(bars, place)

    def stamps(self, box: Place, stamps: Stamps) -> None:
        """A row or two of circles, those that the member has filled in."""
        if not stamps.of:
            return
        rows = math.ceil(stamps.of / STAMPS_IN_A_ROW_MAX)
        in_a_row = math.ceil(stamps.of / rows)
        pitch_px = min(box.width / in_a_row, box.height / rows)
        line_px = max(2, round(pitch_px / 14))
        for index in range(stamps.of):
            row, column = divmod(index, in_a_row)
            left, top = box.left + round(column * pitch_px), box.top + round(row * pitch_px)
            side_px = round(pitch_px * 0.82)
            circle = (left, top, left + side_px, top + side_px)
            self._pen.ellipse(
                circle,
                outline=_BLACK,
                width=line_px,
                fill=_BLACK if index < stamps.have else _WHITE,
            )

    def _frame(self, placed: PlacedText, fitted: Fitted, width_px: int) -> None:
        text, box, size_px = placed.text, placed.place, fitted.style.size_px
        left = box.left + _room_before(text.align, box.width - width_px)
        around = (left, box.top, left + width_px, box.bottom - 1)
        self._pen.rounded_rectangle(
            around,
            round(size_px * _FRAME_ROUND),
            outline=_BLACK,
            fill=_BLACK if text.frame == "solid" else None,
            width=max(2, round(size_px * _FRAME_LINE)),
        )

    def _paste_in_middle(self, picture: Image.Image, box: Place) -> None:
        left = box.left + (box.width - picture.width) // 2
        self.image.paste(picture, (left, box.top + (box.height - picture.height) // 2))


def _paragraphs(placed: PlacedText, face: Face) -> tuple[str, ...]:
    if placed.text.text is not None:
        return (placed.text.text.in_locale(face.locale),)
    return tuple(it for field in placed.text.show for it in field_texts(face, field))


def _room_before(where: str, room_px: int) -> int:
    """Return how much of `room_px` is before what stands at its start, middle or end."""
    if where in ("left", "top"):
        return 0
    return room_px // 2 if where == "middle" else room_px


def _dithered(photo: Image.Image, box: Place) -> Image.Image:
    fitted = ImageOps.fit(photo.convert("L"), (box.width, box.height))
    return ImageOps.autocontrast(fitted, cutoff=1).convert("1")
