"""The face of a card: what it says, and the pure drawing of it.

A face is a replica. It shows the balance that the hub signed, with its date, and apart from it what
this terminal has written down and the hub has not yet folded in. Both stand in the QR code, drawn
from the same `Payload` as the figures, so the code and the figures cannot disagree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from PIL import Image, ImageDraw

from device.display.cards.codes import draw_qr
from device.display.cards.payload import Payload, encode
from device.display.cards.profile import BAND_UNITS, Profile
from device.display.cards.raster import threshold
from device.display.cards.words import LOCALES, WORDS, Words
from device.display.fonts import Fonts
from device.display.lettering import Lettering, Style

NAME_MAX_CHARS = 60
TIER_MAX_CHARS = 40
MESSAGES_MAX = 3
MESSAGE_MAX_CHARS = 120
MESSAGE_LINES_MAX = 3

_BLACK, _WHITE = 0, 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Everything that stands on one card face.

    `as_of` is `payload.as_of_s` as a day of the programme's zone; `name` may be empty.
    """

    locale: str
    name: str
    tier: str
    payload: Payload
    as_of: date
    messages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.locale not in LOCALES:
            raise ValueError(f"no card face in {self.locale!r}, only in {', '.join(LOCALES)}")
        if len(self.messages) > MESSAGES_MAX:
            raise ValueError(f"{len(self.messages)} messages on a face, at most {MESSAGES_MAX}")
        _at_most("name", self.name, NAME_MAX_CHARS)
        _at_most("tier", self.tier, TIER_MAX_CHARS)
        for message in self.messages:
            _at_most("message", message, MESSAGE_MAX_CHARS)


class FaceArtist:
    """Draws faces for one profile, keeping opened fonts and repeated lettering."""

    def __init__(self, profile: Profile, fonts: Fonts) -> None:
        self._profile = profile
        self._letterings = {locale: Lettering(fonts, locale) for locale in LOCALES}

    def draw(self, face: Face) -> Image.Image:
        """Return `face` as a one-bit image of the profile's size.

        Raises:
            CodeTooLarge: the payload does not fit the profile's code box.
        """
        sheet = _Sheet(self._profile, self._letterings[face.locale])
        words = WORDS[face.locale]
        sheet.band(face.tier, words.card)
        sheet.member(face.name or words.member_number(face.payload.account))
        sheet.balance(face, words)
        sheet.messages(face.messages)
        sheet.code(encode(face.payload))
        return threshold(sheet.image)


def grouped(amount: int) -> str:
    """Return `amount` with thousands apart, as all three languages write it."""
    return f"{amount:,}".replace("-", "−")


def signed(amount: int) -> str:
    """Return `amount` with its sign, so that it cannot be taken for a balance."""
    return f"+{amount:,}" if amount >= 0 else grouped(amount)


class _Sheet:
    """One face being drawn; every length below is in layout units of the profile."""

    def __init__(self, profile: Profile, lettering: Lettering) -> None:
        self.image = Image.new("L", (profile.width_px, profile.height_px), _WHITE)
        self._pen = ImageDraw.Draw(self.image)
        self._profile = profile
        self._lettering = lettering
        self._unit_px = profile.unit_px
        self._left_px = profile.margin_px + 4 * profile.unit_px
        self._right_px = profile.width_px - self._left_px
        self._column_px = profile.code_box[0] - self._left_px  # room beside the code

    def band(self, tier: str, card: str) -> None:
        """The dark band: tier at the left, what the thing is at the right."""
        self._pen.rectangle((0, 0, self._profile.width_px, self._px(BAND_UNITS) - 1), fill=_BLACK)
        small = Style(self._px(20))
        card_px = round(self._lettering.width_px(card, small))
        card_left_px = self._right_px - card_px
        self._write(card, left_px=card_left_px, baseline=29, style=small, grey=_WHITE)
        large = Style(self._px(28), bold=True)
        room_px = card_left_px - self._left_px - self._px(16)
        self._write_fitted(tier, room_px=room_px, baseline=32, style=large, grey=_WHITE)

    def member(self, name: str) -> None:
        """Whose card it is."""
        wanted = Style(self._px(28))
        style = self._lettering.shrink(name, style=wanted, width_px=self._column_px)
        self._write_fitted(name, room_px=self._column_px, baseline=76, style=style)

    def balance(self, face: Face, words: Words) -> None:
        """The signed balance with its date, and pending points in a frame of their own."""
        self._write(words.points, left_px=self._left_px, baseline=103, style=Style(self._px(20)))
        figure = grouped(face.payload.points)
        wanted = Style(self._px(52), bold=True)
        style = self._lettering.shrink(figure, style=wanted, width_px=self._column_px)
        self._write(figure, left_px=self._left_px, baseline=155, style=style)
        as_of = words.as_of(face.as_of)
        self._write(as_of, left_px=self._left_px, baseline=186, style=Style(self._px(20)))
        if face.payload.pending_points:
            self._framed(words.pending(signed(face.payload.pending_points)))

    def messages(self, messages: Iterable[str]) -> None:
        """Up to three lines under a rule, centred in what is left of the height."""
        style = Style(self._px(20))
        width_px = self._right_px - self._left_px
        lines: list[str] = []
        for message in messages:
            room = MESSAGE_LINES_MAX - len(lines)
            lines += self._lettering.wrap(message, style=style, width_px=width_px, lines_max=room)
        top_px, leading_px = self._px(231), self._px(25)
        self._pen.rectangle((self._left_px, top_px, self._right_px, top_px + self._px(1)), fill=0)
        room_px = self._profile.height_px - top_px - len(lines) * leading_px
        baseline_px = top_px + room_px // 2 + self._px(19)
        for line in lines:
            self._lettering.paint(
                self.image,
                line,
                left_px=self._left_px,
                baseline_px=baseline_px,
                style=style,
                ink=_BLACK,
            )
            baseline_px += leading_px

    def code(self, text: str) -> None:
        """The QR code, centred in its box."""
        left, top, right, _ = self._profile.code_box
        side_px = right - left
        code = draw_qr(text, side_px=side_px, module_min_px=self._profile.module_min_px)
        inset_px = (side_px - code.width) // 2
        self.image.paste(code, (left + inset_px, top + inset_px))

    def _framed(self, text: str) -> None:
        style = self._lettering.shrink(
            text, style=Style(self._px(22)), width_px=self._column_px - self._px(20)
        )
        width_px = round(self._lettering.width_px(text, style)) + self._px(20)
        box = (self._left_px, self._px(194), self._left_px + width_px, self._px(224))
        self._pen.rounded_rectangle(box, self._px(8), outline=_BLACK, width=self._px(2))
        self._write(text, left_px=self._left_px + self._px(10), baseline=217, style=style)

    def _write_fitted(
        self, text: str, *, room_px: int, baseline: int, style: Style, grey: int = _BLACK
    ) -> None:
        shown = self._lettering.fit(text, style=style, width_px=room_px)
        self._write(shown, left_px=self._left_px, baseline=baseline, style=style, grey=grey)

    def _write(
        self, text: str, *, left_px: int, baseline: int, style: Style, grey: int = _BLACK
    ) -> None:
        self._lettering.paint(
            self.image,
            text,
            left_px=left_px,
            baseline_px=self._px(baseline),
            style=style,
            ink=grey,
        )

    def _px(self, units: int) -> int:
        return units * self._unit_px


def _at_most(what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise ValueError(f"{what} of {len(text)} characters on a face, at most {limit}")
