"""Draws faces: a layout filled with what one face says, as the one-bit picture a printer takes."""

from collections.abc import Iterator

from PIL import Image, ImageOps

from device.display.cards.drawing import Drawing
from device.display.cards.face import Face
from device.display.cards.fields import FIGURES, field_texts
from device.display.cards.fitting import Fitted, fit_in
from device.display.cards.layout import Layout
from device.display.cards.payload import encode
from device.display.cards.placing import place_layout
from device.display.cards.profile import Profile
from device.display.cards.raster import threshold
from device.display.cards.sheet import Place, PlacedText
from device.display.cards.words import LOCALES
from device.display.fonts import SIZE_MIN_PX, Fonts
from device.display.lettering import Lettering, Style

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
        sheet = self.sheet
        drawing = Drawing(sheet, self._letterings[face.locale])
        drawing.panels()
        for placed, fitted in self.set_texts(face):
            drawing.text(placed, fitted)
        drawing.code(encode(face.payload))
        if sheet.bars is not None:
            drawing.bars(face.payload.account, sheet.bars)
        if sheet.stamps is not None and face.stamps is not None:
            drawing.stamps(face.stamps, sheet.stamps)
        picture = threshold(drawing.image)
        if sheet.photo is not None and face.photo is not None:
            # Text and codes want hard edges; only a photo is better for dithering.
            picture.paste(_dithered(face.photo, sheet.photo), sheet.photo)
        return picture

    def set_texts(self, face: Face) -> Iterator[tuple[PlacedText, Fitted]]:
        """Yield every box that says something of `face`, and its lines as they are set."""
        lettering = self._letterings[face.locale]
        for it in self.sheet.texts:
            shown = (lettering.showable(text) for text in _paragraphs(it, face))
            paragraphs = tuple(text for text in shown if text)
            if not paragraphs:
                continue
            is_figure = not FIGURES.isdisjoint(it.text.show)
            fitted = fit_in(
                lettering,
                paragraphs,
                width_px=it.place.width - 2 * it.pad_px,
                height_px=it.place.height,
                style=Style(it.size_px, it.text.is_bold),
                least_px=SIZE_MIN_PX if is_figure else it.least_px,
            )
            yield it, fitted

    def missing(self, face: Face) -> str:
        """Return the characters of `face` that its font lacks; they are marked or left out."""
        texts = (text for it in self.sheet.texts for text in _paragraphs(it, face))
        return self._letterings[face.locale].missing("".join(texts))


def _paragraphs(placed: PlacedText, face: Face) -> tuple[str, ...]:
    if placed.text.text is not None:
        return (placed.text.text.in_locale(face.locale),)
    return tuple(it for field in placed.text.show for it in field_texts(face, field))


def _dithered(photo: Image.Image, place: Place) -> Image.Image:
    fitted = ImageOps.fit(photo.convert("L"), (place.width, place.height))
    return ImageOps.autocontrast(fitted, cutoff=1).convert("1")
