"""The table [screen] of a configuration: where the screen is, how it looks, what touches it."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from device.display.screens.panel import (
    HANDHELD_FLOORS,
    HANDHELD_PANELS,
    KIOSK_FLOORS,
    KIOSK_PANELS,
    PX_PER_MM_MAX,
    SIDE_MAX_PX,
    Panel,
)
from device.display.screens.theme import BRAND, LOOKS, Colour, themes
from device.display.tones import VOLUME_MAX_PERCENT
from device.display.touch.contact import STRAIGHT, Calibration, Turn

PANELS = {it.name: it for it in (*KIOSK_PANELS, *HANDHELD_PANELS)}
KINDS = ("console", "sdl", "sdl+window", "fb", "luma", "epaper")
IDLE_MIN_S, IDLE_MAX_S = 20, 600
CALIBRATION_MAX = 100.0

_SURFACE = re.compile(r"([a-z+]+):(.*)")
_COLOUR = re.compile(r"#([0-9a-f]{6})")


class ScreenError(ValueError):
    """The text of a key means nothing; `mistakes` says what was found and wanted."""

    def __init__(self, mistake: str) -> None:
        super().__init__(mistake)
        self.mistakes = (mistake,)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfacePlace:
    """Which kind of surface, and where it is in that kind's own words."""

    kind: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenConfig:
    """Where the screen is, how it is drawn, touched and heard."""

    surface: SurfacePlace = SurfacePlace(kind="console", place="")
    panel: Panel = PANELS["kiosk-7"]
    turned: Turn = 0
    look: str = "normal"
    colour: Colour = BRAND
    touch: Path | None = None
    calibration: Calibration = STRAIGHT
    volume_percent: int = 60
    idle_s: int = 60


class Table(Protocol):
    """A table of the configuration that is asked for each key once."""

    def take(self, key: str, wanted: str, is_right: Any) -> Any:
        """Return the value of `key`, or None after noting the mistake."""
        ...

    def one_of(self, key: str, choices: tuple[Any, ...]) -> Any:
        """Return the value of `key`, one of `choices`."""
        ...

    def parsed(self, key: str, parse: Any) -> Any:
        """Return what `parse` makes of the text of `key`."""
        ...

    def path(self, key: str) -> Any:
        """Return the path of `key`."""
        ...

    def has(self, key: str) -> bool:
        """Return whether `key` is there and was not taken."""
        ...


def read_screen(table: Table, *, is_kiosk: bool) -> ScreenConfig:
    """Return what `table` says; mistakes are noted there, and in their place stands the usual."""
    config = ScreenConfig()
    place = table.parsed("surface", parse_surface)
    chosen: dict[str, Any] = {"surface": place or config.surface}
    chosen["panel"] = _panel(table, is_kiosk=is_kiosk)
    if table.has("turn"):
        chosen["turned"] = table.one_of("turn", (0, 90, 180, 270)) or 0
    if table.has("look"):
        chosen["look"] = table.one_of("look", LOOKS) or config.look
    if table.has("colour"):
        chosen["colour"] = table.parsed("colour", parse_colour) or config.colour
    if table.has("touch"):
        chosen["touch"] = table.path("touch")
    if table.has("calibration"):
        numbers = table.take("calibration", "six numbers", _is_calibration)
        chosen["calibration"] = Calibration(*map(float, numbers or (1, 0, 0, 0, 1, 0)))
    if table.has("volume_percent"):
        chosen["volume_percent"] = table.take("volume_percent", "0 to 100", _is_volume)
    if table.has("idle_s"):
        wanted = f"{IDLE_MIN_S} to {IDLE_MAX_S}"
        chosen["idle_s"] = table.take("idle_s", wanted, _is_idle)
    return replace(config, **{key: it for key, it in chosen.items() if it is not None})


def parse_surface(text: str) -> SurfacePlace:
    """Return the place that `text` names, such as `fb:/dev/fb0` or `sdl:`.

    Raises:
        ScreenError: it names none.
    """
    match = _SURFACE.fullmatch(text)
    if match is None or match[1] not in KINDS:
        raise ValueError(
            f"found {text[:40]!r}, wanted one of {', '.join(f'{it}:' for it in KINDS)}"
        )
    return SurfacePlace(kind=match[1], place=match[2])


def parse_colour(text: str) -> Colour:
    """Return the colour that `text` writes as #rrggbb, on which white can be read.

    Raises:
        ScreenError: it writes none, or too light a one.
    """
    match = _COLOUR.fullmatch(text.lower())
    if match is None:
        raise ScreenError(f"found {text[:40]!r}, wanted a colour such as #0b5d4e")
    red, green, blue = bytes.fromhex(match[1])
    try:
        themes((red, green, blue))
    except ValueError as error:
        raise ScreenError(str(error)) from error
    return red, green, blue


def _panel(table: Table, *, is_kiosk: bool) -> Panel:
    usual = KIOSK_PANELS[0] if is_kiosk else HANDHELD_PANELS[0]
    panel = usual
    if table.has("panel"):
        panel = PANELS.get(table.one_of("panel", tuple(PANELS)), usual)
    elif table.has("size_px") or table.has("px_per_mm"):
        size = table.take("size_px", f"two numbers, 1 to {SIDE_MAX_PX}", _is_size)
        density = table.take("px_per_mm", f"a number, 1 to {PX_PER_MM_MAX:.0f}", _is_density)
        if size is not None and density is not None:
            panel = Panel(
                name="own",
                width_px=size[0],
                height_px=size[1],
                px_per_mm=float(density),
                floors=KIOSK_FLOORS if is_kiosk else HANDHELD_FLOORS,
            )
    if table.has("slot"):
        panel = replace(panel, slot=table.one_of("slot", ("below", "left", "right")) or "below")
    if table.has("reach"):
        panel = replace(panel, reach=table.one_of("reach", ("normal", "low")) or "normal")
    return panel


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_calibration(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 6
        and all(_is_number(it) and abs(it) <= CALIBRATION_MAX for it in value)
    )


def _is_size(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(it) is int and 0 < it <= SIDE_MAX_PX for it in value)
    )


def _is_density(value: Any) -> bool:
    return _is_number(value) and 1 <= value <= PX_PER_MM_MAX


def _is_volume(value: Any) -> bool:
    return type(value) is int and 0 <= value <= VOLUME_MAX_PERCENT


def _is_idle(value: Any) -> bool:
    return type(value) is int and IDLE_MIN_S <= value <= IDLE_MAX_S
