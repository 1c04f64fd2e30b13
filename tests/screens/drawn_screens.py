"""Every sample screen, drawn on every panel in every language and look."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from sample_screens import HANDHELD, KIOSK, pseudo, words_in

from device.display.fonts import Fonts, installed_collection
from device.display.i18n import LOCALES
from device.display.screens.artist import ScreenArtist
from device.display.screens.frame import Frame
from device.display.screens.panel import HANDHELD_PANELS, KIOSK_10, KIOSK_PANELS, KIOSK_TALL, Panel
from device.display.screens.theme import LOOKS, themes
from device.display.screens.view import View

LOW_PANELS = tuple(replace(it, name=f"{it.name}-low", reach="low") for it in (KIOSK_10, KIOSK_TALL))
PANELS = {it.name: it for it in (*KIOSK_PANELS, *LOW_PANELS, *HANDHELD_PANELS)}
LONGER = "pseudo"  # English, some 40 % longer
CASES = [
    (name, language)
    for name, panel in PANELS.items()
    for language in (*LOCALES, LONGER)
    if panel.reach == "normal" or language != LONGER
]

_FONTS = Fonts(installed_collection())


@dataclass(frozen=True)
class Drawn:
    """A screen as it was drawn."""

    name: str
    panel: Panel
    language: str
    view: View
    frame: Frame

    def __str__(self) -> str:
        return f"{self.panel.name} {self.language} {self.view.look} {self.name}"

    def mm(self, length_px: float) -> float:
        return length_px / self.panel.px_per_mm


@cache
def artist(panel_name: str) -> ScreenArtist:
    """Return who draws for a panel."""
    return ScreenArtist(PANELS[panel_name], _FONTS, themes())


def screens_of(panel_name: str, language: str) -> Iterator[Drawn]:
    """Yield every screen of a panel in a language, in every look.

    High contrast has the places and sizes of the normal look: its colours are drawn in English.
    What is longer is not made larger too.
    """
    panel = PANELS[panel_name]
    locale = "en" if language == LONGER else language
    words = words_in(locale, pseudo if language == LONGER else None)
    looks = {"en": LOOKS, LONGER: LOOKS[:1]}.get(language, LOOKS[:2])
    for look in looks:
        for name, sample in (HANDHELD if panel.is_handheld else KIOSK).items():
            view = replace(sample, locale=locale, look=look)
            frame = artist(panel.name).draw(view, words)
            yield Drawn(name, panel, language, view, frame)
