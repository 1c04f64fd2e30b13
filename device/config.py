"""A device's configuration: kiosk.toml or handheld.toml, checked whole before anything starts.

Paths are taken from the file's own directory. The shape::

    locale = "zh_Hant_HK"
    credentials = "credentials.json"  # who it is and where the broker is: `revisit kiosk pair`

    [files]
    journal = "journal.db"
    catalogue = "catalogue.json"
    card_keys = "card-keys.toml"      # only where this terminal writes cards
    status = "/run/revisit-k1/status.json"    # how it is, for whoever watches it; optional

    [reader]
    url = "pn532+serial:///dev/ttyAMA0"
    reset = "/dev/gpiochip0:17"       # only where the reader's reset pin is wired

    [printer]                         # only where there is one
    url = "star+serial:///dev/ttyUSB0?baud=9600"

    [scanner]                         # only where there is one
    url = "keyboard:///dev/input/by-id/usb-Scanner-event-kbd"

    [screen]                          # without it: text on the console
    surface = "sdl:"                  # or fb:/dev/fb0, luma:…, epaper:…; docs/screens.md
    panel = "kiosk-7"

    [face]                            # only where the ordinary face will not do
    layout = "wallet"                 # or a file such as "own.toml"; docs/faces.md
    turn = 180                        # clockwise, where cards go in the other way round
    invert = true                     # milky-white film, which shows what is not marked

Without `credentials`, what `revisit hub add-device` printed is written by hand::

    device = "h1"
    store = "s1"

    [hub]
    host = "hub.local"
    port = 1883
    password_file = "password"        # or password = "…"
    ca_file = "ca.crt"                # only where the broker speaks TLS; then, if it asks for one:
    certificate_file = "device.crt"
    key_file = "device.key"
    public_key = "…"                  # the hub's, 64 hexadecimal digits; docs/offline.md

    [[hub.secrets]]                   # two while one replaces the other, the newest last
    kid = "k1"
    file = "secret-k1"                # hexadecimal digits; or hex = "…"
"""

from dataclasses import dataclass
from pathlib import Path

from device.card_keys import read_card_keys
from device.config_table import ConfigError, Table, read_table
from device.display.cards.layout_files import ORDINARY
from device.display.cards.profile import TURNS_DEGREES
from device.display.printers.urls import PrinterUrl, parse_printer_url
from device.hub_config import read_paired, read_told
from device.mqtt.identity import Broker, Identity
from device.nfc.readers.reader_url import (
    ReaderPlace,
    ResetLine,
    parse_reader_url,
    parse_reset_line,
)
from device.scanners.scanner_url import ScannerPlace, parse_scanner_url
from device.screen_config import ScreenConfig, read_screen

LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderConfig:
    """Where the card reader is, and the line that resets it."""

    place: ReaderPlace
    reset: ResetLine | None


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """What faces look like: a shipped layout's name or a file's path, and how cards take it."""

    layout: str = ORDINARY
    turn_degrees: int = 0
    invert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfig:
    """Everything a terminal is told from outside; secrets never show in its repr.

    `credentials` is the file of one that was paired.
    """

    identity: Identity
    broker: Broker
    credentials: Path | None
    hub_key: bytes
    locale: str
    journal: Path
    catalogue: Path
    card_keys: Path | None
    status: Path | None
    reader: ReaderConfig
    printer: PrinterUrl | None
    scanner: ScannerPlace | None
    face: FaceConfig
    screen: ScreenConfig


def read_config(path: Path) -> DeviceConfig:
    """Return the configuration in the file at `path`.

    Raises:
        ConfigError: it cannot be read, or has mistakes; all of them are named, with the key, what
            was found and what was wanted. What stands in a secret's place is not repeated.
    """
    top = read_table(path)
    config = _config(top)
    if config is None:
        raise ConfigError("\n".join(f"{path}: {it}" for it in top.mistakes))
    return config


def _config(top: Table) -> DeviceConfig | None:
    is_paired = top.has("credentials")
    device, store = ("", "") if is_paired else (top.name("device"), top.name("store"))
    locale = top.one_of("locale", LOCALES)
    files = top.table("files")
    journal, catalogue = files.path("journal"), files.path("catalogue")
    card_keys = _card_keys(files) if files.has("card_keys") else None
    status = files.path("status") if files.has("status") else None
    files.end()
    who = read_paired(top) if is_paired else read_told(top.table("hub"), device, store)
    reader = _reader(top.table("reader"))
    is_kiosk = top.has("printer")
    printer = _printer(top.table("printer")) if is_kiosk else None
    screen = (
        _screen(top.table("screen"), is_kiosk=is_kiosk) if top.has("screen") else ScreenConfig()
    )
    face = _face(top.table("face")) if top.has("face") else FaceConfig()
    scanner = _scanner(top.table("scanner")) if top.has("scanner") else None
    top.end()
    if top.mistakes:
        return None
    assert who is not None
    assert reader is not None
    return DeviceConfig(
        identity=who.identity,
        broker=who.broker,
        credentials=who.credentials,
        hub_key=who.hub_key,
        locale=locale,
        journal=journal,
        catalogue=catalogue,
        card_keys=card_keys,
        status=status,
        reader=reader,
        printer=printer,
        scanner=scanner,
        face=face,
        screen=screen,
    )


def _card_keys(files: Table) -> Path | None:
    """Return the path of the file of keys, after noting what is wrong in that file too."""
    path: Path | None = files.path("card_keys")
    if path is not None:
        try:
            read_card_keys(path)
        except ConfigError as error:
            for mistake in str(error).splitlines():
                files.complain("card_keys", mistake)
    return path


def _reader(table: Table) -> ReaderConfig | None:
    place = table.parsed("url", parse_reader_url)
    reset = table.parsed("reset", parse_reset_line) if table.has("reset") else None
    table.end()
    return None if place is None else ReaderConfig(place=place, reset=reset)


def _face(table: Table) -> FaceConfig:
    layout = table.text("layout") if table.has("layout") else ORDINARY
    if str(layout).endswith(".toml"):
        layout = str(table.beside(layout))
    turn = table.one_of("turn", TURNS_DEGREES) if table.has("turn") else 0
    invert = table.one_of("invert", (False, True)) if table.has("invert") else False
    table.end()
    return FaceConfig(layout=layout, turn_degrees=turn, invert=invert)


def _printer(table: Table) -> PrinterUrl | None:
    url: PrinterUrl | None = table.parsed("url", parse_printer_url)
    table.end()
    return url


def _screen(table: Table, *, is_kiosk: bool) -> ScreenConfig:
    config = read_screen(table, is_kiosk=is_kiosk)
    table.end()
    return config


def _scanner(table: Table) -> ScannerPlace | None:
    place: ScannerPlace | None = table.parsed("url", parse_scanner_url)
    table.end()
    return place
