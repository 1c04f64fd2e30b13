"""A device's configuration: kiosk.toml or handheld.toml, checked whole before anything starts.

Paths are taken from the file's own directory. The shape::

    locale = "zh_Hant_HK"
    credentials = "credentials.json"  # who it is and where the broker is: `revisit kiosk pair`

    [files]
    journal = "journal.db"
    catalogue = "catalogue.json"
    card_keys = "card-keys.toml"      # only where this terminal writes cards

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

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from device.display.cards.layout_files import ORDINARY
from device.display.cards.profile import TURNS_DEGREES
from device.display.printers.urls import PrinterUrl, UrlError, parse_printer_url
from device.errors import DeviceError
from device.mqtt.credentials import CredentialsError, read_credentials
from device.mqtt.identity import SECRET_MIN_BYTES, SECRETS_MAX, Broker, Identity
from device.nfc.readers.reader_url import (
    ReaderPlace,
    ReaderUrlError,
    ResetLine,
    parse_reader_url,
    parse_reset_line,
)
from device.scanners.scanner_url import ScannerPlace, ScannerUrlError, parse_scanner_url
from device.screen_config import ScreenConfig, ScreenError, read_screen
from loyalty.chain import is_name
from loyalty.signatures import PUBLIC_KEY_BYTES
from loyalty.tls import TlsContext, TlsFileError, client_context

LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN")
CONFIG_MAX_BYTES = 65_536
SECRET_MAX_BYTES = 128
TEXT_MAX_CHARACTERS = 255

_TEXT = f"text of 1 to {TEXT_MAX_CHARACTERS} characters"


class ConfigError(DeviceError):
    """The configuration cannot be used; every mistake is a line of the message."""


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
    try:
        text = path.read_bytes()
        if len(text) > CONFIG_MAX_BYTES:
            raise ConfigError(f"{path}: {len(text)} bytes, at most {CONFIG_MAX_BYTES}")
        table = tomllib.loads(text.decode())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML; both say where
        raise ConfigError(f"{path}: {error}") from error
    mistakes: list[str] = []
    config = _config(_Table("", table, path.parent, mistakes))
    if config is None:
        raise ConfigError("\n".join(f"{path}: {it}" for it in mistakes))
    return config


class _Table:
    """A table of the file that is asked for each key once; mistakes are collected."""

    def __init__(
        self, name: str, values: dict[str, Any], directory: Path, mistakes: list[str]
    ) -> None:
        self._name = name
        self._values = dict(values)
        self._directory = directory
        self.mistakes = mistakes

    def take(self, key: str, wanted: str, is_right: Callable[[Any], bool]) -> Any:
        """Return the value of `key`, or None after noting the mistake."""
        if key not in self._values:
            return self.complain(key, f"missing, wanted {wanted}")
        value = self._values.pop(key)
        if not is_right(value):
            return self.complain(key, f"found {_shown(value)}, wanted {wanted}")
        return value

    def name(self, key: str) -> Any:
        return self.take(key, "1-64 of A-Z a-z 0-9 _ -", is_name)

    def text(self, key: str) -> Any:
        return self.take(key, _TEXT, _is_text)

    def path(self, key: str) -> Any:
        value = self.text(key)
        return None if value is None else self.beside(value)

    def beside(self, path: str) -> Path:
        """Return where `path` leads from the file's own directory."""
        return self._directory / path

    def parsed(self, key: str, parse: Callable[[str], Any]) -> Any:
        """Return what `parse` makes of a text, or None after noting each of its mistakes."""
        text = self.text(key)
        try:
            return None if text is None else parse(text)
        except (ReaderUrlError, ScannerUrlError, ScreenError, UrlError) as error:
            for mistake in error.mistakes:
                self.complain(key, mistake)
            return None

    def one_of(self, key: str, choices: tuple[Any, ...]) -> Any:
        wanted = "one of " + ", ".join(str(it) for it in choices)
        return self.take(key, wanted, lambda it: type(it) is type(choices[0]) and it in choices)

    def hidden(self, key: str, file_key: str) -> Any:
        """Return the text of `key`, or of the file that `file_key` names; never show it."""
        if self.has(key) == self.has(file_key):
            self._values.pop(key, None)
            self._values.pop(file_key, None)
            return self.complain(key, f"wanted either {key} or {file_key}")
        value = self._values.pop(key, None)
        path = self.path(file_key) if value is None else None
        if path is not None:
            try:
                with path.open(encoding="utf-8") as file:
                    value = file.read(TEXT_MAX_CHARACTERS + 1).strip()
            except (OSError, ValueError) as error:
                return self.complain(file_key, f"cannot read {path}: {error}")
        return value if _is_text(value) else self.complain(key, f"wanted {_TEXT}")

    def has(self, key: str) -> bool:
        return key in self._values

    def table(self, key: str) -> "_Table":
        value = self.take(key, "a table", lambda it: isinstance(it, dict))
        return _Table(self._path(key), value or {}, self._directory, self.mistakes)

    def tables(self, key: str, most: int) -> "list[_Table]":
        rows = self.take(key, f"1 to {most} tables", lambda it: _is_list_of_tables(it, most))
        return [
            _Table(f"{self._path(key)}[{number}]", row, self._directory, self.mistakes)
            for number, row in enumerate(rows or [])
        ]

    def end(self) -> None:
        """Note every key that nobody asked for: it is a slip of the pen."""
        for key in self._values:
            self.complain(key, "not a key of this table")

    def complain(self, key: str, problem: str) -> None:
        self.mistakes.append(f"{self._path(key)}: {problem}")

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key


def _config(top: _Table) -> DeviceConfig | None:
    is_paired = top.has("credentials")
    device, store = ("", "") if is_paired else (top.name("device"), top.name("store"))
    locale = top.one_of("locale", LOCALES)
    files = top.table("files")
    journal, catalogue = files.path("journal"), files.path("catalogue")
    card_keys = files.path("card_keys") if files.has("card_keys") else None
    files.end()
    who = _paired(top) if is_paired else _told(top.table("hub"), device, store)
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
        reader=reader,
        printer=printer,
        scanner=scanner,
        face=face,
        screen=screen,
    )


class _Who(NamedTuple):
    identity: Identity
    broker: Broker
    credentials: Path | None
    hub_key: bytes


def _paired(top: _Table) -> _Who | None:
    path = top.path("credentials")
    if path is None:
        return None
    try:
        found = read_credentials(path)
        files = (found.ca_file, found.certificate_file, found.key_file)
        beside = [path.parent / it if it else None for it in files]
        tls = None if beside[0] is None else client_context(beside[0], beside[1], beside[2])
    except (CredentialsError, TlsFileError) as error:
        top.complain("credentials", str(error))
        return None
    secrets = {found.keys.kid: found.keys.secret}
    return _Who(
        Identity(store=found.store, device=found.device, secrets=secrets),
        Broker(host=found.host, port=found.port, password=found.keys.password, tls=tls),
        path,
        found.hub_key,
    )


def _told(hub: _Table, device: str, store: str) -> _Who | None:
    broker = _broker(hub)
    secrets = _secrets(hub)
    hub_key = _hub_key(hub) if hub.has("public_key") else b""
    hub.end()
    if hub.mistakes:
        return None
    assert broker is not None
    identity = Identity(store=store, device=device, secrets=secrets)
    return _Who(identity, broker, None, hub_key)


def _broker(hub: _Table) -> Broker | None:
    host = hub.text("host")
    port = hub.take("port", "a port, 1 to 65535", lambda it: type(it) is int and 0 < it < 65536)
    password = hub.hidden("password", "password_file")
    tls = _tls(hub)
    if None in (host, port, password):
        return None
    return Broker(host=host, port=port, password=password, tls=tls)


def _tls(hub: _Table) -> TlsContext | None:
    keys = ("ca_file", "certificate_file", "key_file")
    paths = {key: hub.path(key) for key in keys if hub.has(key)}
    if not paths or None in paths.values():
        return None
    if "ca_file" not in paths:
        hub.complain("ca_file", "missing, wanted with a certificate or a key")
        return None
    try:
        return client_context(**paths)
    except TlsFileError as error:
        hub.complain(error.key, str(error))
        return None


def _hub_key(hub: _Table) -> bytes:
    digits = hub.text("public_key")
    key = _unhex(digits)
    if digits is not None and len(key) != PUBLIC_KEY_BYTES:
        hub.complain("public_key", f"wanted {2 * PUBLIC_KEY_BYTES} hexadecimal digits")
    return key


def _secrets(hub: _Table) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for row in hub.tables("secrets", SECRETS_MAX):
        kid, digits = row.name("kid"), row.hidden("hex", "file")
        row.end()
        secret = _unhex(digits)
        if digits is not None and not SECRET_MIN_BYTES <= len(secret) <= SECRET_MAX_BYTES:
            row.complain(
                "hex",
                f"wanted {2 * SECRET_MIN_BYTES} to {2 * SECRET_MAX_BYTES} hexadecimal digits",
            )
        elif kid in found:
            row.complain("kid", f"{kid!r} twice, wanted another")
        else:
            found[kid] = secret
    return found


def _reader(table: _Table) -> ReaderConfig | None:
    place = table.parsed("url", parse_reader_url)
    reset = table.parsed("reset", parse_reset_line) if table.has("reset") else None
    table.end()
    return None if place is None else ReaderConfig(place=place, reset=reset)


def _face(table: _Table) -> FaceConfig:
    layout = table.text("layout") if table.has("layout") else ORDINARY
    if str(layout).endswith(".toml"):
        layout = str(table.beside(layout))
    turn = table.one_of("turn", TURNS_DEGREES) if table.has("turn") else 0
    invert = table.one_of("invert", (False, True)) if table.has("invert") else False
    table.end()
    return FaceConfig(layout=layout, turn_degrees=turn, invert=invert)


def _printer(table: _Table) -> PrinterUrl | None:
    url: PrinterUrl | None = table.parsed("url", parse_printer_url)
    table.end()
    return url


def _screen(table: _Table, *, is_kiosk: bool) -> ScreenConfig:
    config = read_screen(table, is_kiosk=is_kiosk)
    table.end()
    return config


def _scanner(table: _Table) -> ScannerPlace | None:
    place: ScannerPlace | None = table.parsed("url", parse_scanner_url)
    table.end()
    return place


def _unhex(digits: str | None) -> bytes:
    try:
        return bytes.fromhex(digits or "")
    except ValueError:
        return b""


def _shown(value: Any) -> str:
    return repr(value)[:40] if isinstance(value, str | int | float) else type(value).__name__


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= TEXT_MAX_CHARACTERS


def _is_list_of_tables(value: Any, most: int) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= most
        and all(isinstance(it, dict) for it in value)
    )
