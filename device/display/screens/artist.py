"""Draws views: the one place where a screen's name finds its layout."""

from collections.abc import Callable, Mapping

from device.display.fonts import FACE_BY_LOCALE, Fonts
from device.display.lettering import Lettering
from device.display.screens.account import lay_account
from device.display.screens.boxes import Box
from device.display.screens.confirm import lay_confirm, lay_more_time
from device.display.screens.frame import Frame
from device.display.screens.furniture import lay_edges
from device.display.screens.keypad import lay_keypad
from device.display.screens.message import lay_message
from device.display.screens.panel import Panel
from device.display.screens.sheet import Masks, Sheet
from device.display.screens.theme import Theme
from device.display.screens.typesetting import Typesetter
from device.display.screens.view import View, Words
from device.display.screens.welcome import lay_welcome

Layout = Callable[[Sheet, View, Words, Box], None]

LAYOUTS: Mapping[str, Layout] = {
    "welcome": lay_welcome,
    "account": lay_account,
    "account_offline": lay_account,
    "confirm": lay_confirm,
    "more_time": lay_more_time,
    "key_phone": lay_keypad,
}  # every other screen is a message


class ScreenArtist:
    """Draws views for one panel, keeping opened fonts and repeated lettering.

    Equal views give equal frames: nothing but the arguments decides what is drawn.
    """

    def __init__(self, panel: Panel, fonts: Fonts, themes: Mapping[str, Theme]) -> None:
        self._panel = panel
        self._themes = themes
        self._letterings = {locale: Lettering(fonts, locale) for locale in FACE_BY_LOCALE}
        self._masks = Masks(panel.slot)
        self._setters: dict[tuple[str, bool], Typesetter] = {}

    def draw(self, view: View, words: Words) -> Frame:
        """Return the frame of `view`, said in `words`."""
        theme = self._themes[view.look]
        sheet = Sheet(
            self._panel,
            theme,
            setter=self._setter(words.locale, is_large=theme.is_large),
            letterings=self._letterings,
            masks=self._masks,
            pressed=view.pressed,
        )
        layout = lay_message if view.notice else LAYOUTS.get(view.screen, lay_message)
        ground = sheet.colours.brand if layout is lay_welcome else sheet.colours.ground
        sheet.fill(sheet.size, ground)
        layout(sheet, view, words, lay_edges(sheet, view, words, ground=ground))
        return sheet.frame()

    def _setter(self, locale: str, *, is_large: bool) -> Typesetter:
        key = (locale, is_large)
        if (setter := self._setters.get(key)) is None:
            letters = self._letterings[locale]
            setter = self._setters[key] = Typesetter(
                letters, self._panel, locale=locale, is_large=is_large
            )
        return setter
