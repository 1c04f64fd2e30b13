"""From the configuration to a front: the surface that is named, its touch and its loudspeaker."""

import shlex
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TextIO

import structlog

from device.config_table import ConfigError
from device.console_front import ConsoleFront
from device.display.fonts import FontMissing, Fonts, installed_collection
from device.display.i18n import LOCALES, translator
from device.display.screens.artist import ScreenArtist
from device.display.screens.theme import themes
from device.display.screens.touching import Home
from device.display.screens.view import Link, Words
from device.display.surfaces.epaper import open_epaper
from device.display.surfaces.framebuffer import FramebufferSurface
from device.display.surfaces.luma_panel import open_luma
from device.display.surfaces.sdl import RATE_HZ, SdlLoudspeaker, SdlSurface
from device.display.surfaces.surface import Surface, SurfaceMissing
from device.display.tones import NAMES, samples
from device.display.touch.evdev import EvdevTouch, TouchMissing
from device.display.touch.lasting import LastingTouch
from device.graphic_front import GraphicFront, Loudspeaker, Touch
from device.screen_config import ScreenConfig
from loyalty.clock import Clock
from loyalty.programme import Programme

SYSFS = Path("/sys/class/graphics")

log = structlog.get_logger()


def words_of(programme: Programme) -> dict[str, Words]:
    """Return how screens of `programme` are said in each language."""
    brand = programme.faces.brand
    prices = {it.id: it.points for it in programme.offers}
    return {
        locale: Words(
            locale=locale,
            translate=translator(locale),
            labels=labels_of(programme, locale),
            prices=prices,
            shop=brand.in_locale(locale) if brand is not None else programme.name,
        )
        for locale in LOCALES
    }


def labels_of(programme: Programme, locale: str) -> dict[str, str]:
    """Return what tiers and offers of `programme` are called."""
    tiers = {it.id: it.label.in_locale(locale) for it in programme.tiers}
    return tiers | {it.id: it.label.in_locale(locale) for it in programme.offers}


def open_front(
    config: ScreenConfig,
    programme: Programme,
    *,
    locale: str,
    link: Callable[[], Link],
    clock: Clock,
    out: TextIO,
    opened: AsyncExitStack,
) -> ConsoleFront | GraphicFront:
    """Return the front that `config` names; `opened` closes it.

    Raises:
        ConfigError: the surface, its touch or the font is not there.
    """
    words = words_of(programme)
    if config.surface.kind == "console":
        return ConsoleFront(out, translator(locale), words[locale].labels)
    try:
        surface = _surface(config)
        opened.callback(surface.close)
        panel = config.panel
        size = (panel.width_px, panel.height_px)
        wanted = size[::-1] if config.turned in (90, 270) else size
        if surface.size != wanted:
            raise SurfaceMissing(f"screen of {surface.size} dots, the panel has {wanted}")
        artist = ScreenArtist(panel, Fonts(installed_collection()), themes(config.colour))
        return GraphicFront(
            surface,
            artist,
            words=words,
            home=Home(locale=locale, look=config.look),
            link=link,
            clock=clock,
            out=out,
            turned=config.turned,
            touch=_touch(config, surface, clock, opened),
            loudspeaker=_loudspeaker(config, opened),
        )
    except (SurfaceMissing, TouchMissing, FontMissing) as error:
        raise ConfigError(f"screen: {error}") from error


def _surface(config: ScreenConfig) -> Surface:
    kind, place = config.surface.kind, config.surface.place
    if kind == "fb":
        device = Path(place or "/dev/fb0")
        return FramebufferSurface(device, SYSFS / device.name)
    if kind == "luma":
        return open_luma(shlex.split(place))
    if kind == "epaper":
        return open_epaper(place)
    size = (config.panel.width_px, config.panel.height_px)
    turned = size[::-1] if config.turned in (90, 270) else size
    return SdlSurface(turned, is_window=kind == "sdl+window")


def _touch(
    config: ScreenConfig, surface: Surface, clock: Clock, opened: AsyncExitStack
) -> Touch | None:
    if config.touch is None:
        return surface if isinstance(surface, SdlSurface) else None
    width_px, height_px = surface.size
    open_panel = partial(
        EvdevTouch,
        config.touch,
        width_px=width_px,
        height_px=height_px,
        calibration=config.calibration,
    )
    touch = LastingTouch(open_panel, clock)
    opened.callback(touch.close)
    return touch


def _loudspeaker(config: ScreenConfig, opened: AsyncExitStack) -> Loudspeaker | None:
    """Return the loudspeaker, or None: what is heard is seen too, so nobody waits for one."""
    if config.volume_percent == 0:
        return None
    tunes: Mapping[str, bytes] = {
        name: samples(name, volume_percent=config.volume_percent, rate_hz=RATE_HZ) for name in NAMES
    }
    try:
        loudspeaker = SdlLoudspeaker(tunes)
    except SurfaceMissing as error:
        log.warning("no_loudspeaker", error=str(error))
        return None
    opened.callback(loudspeaker.close)
    return loudspeaker
