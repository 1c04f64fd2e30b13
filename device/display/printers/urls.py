"""The address of a printer, as a technician writes it.

star+serial:///dev/ttyUSB0?baud=115200&preset=cold
eps3+tcp://10.0.0.9:20007
eps3+serial:///dev/ttyS1?baud=9600
ipp://127.0.0.1:631/printers/cards
evolis:///Evolis%20Primacy%202?film=mblue
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from device.display.printers.presets import PRESETS, Preset

BAUDS = (9600, 19200, 38400, 57600, 115200)
FILMS = ("mblack", "mblue")
URL_MAX_CHARACTERS = 255
EPS3_PORT = 20007
IPP_PORT = 631

T = TypeVar("T")

_SHAPE = re.compile(r"([^:/?#]*)://([^/?#]*)([^?#]*)(?:\?([^#]*))?", re.DOTALL)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")


class UrlError(ValueError):
    """A printer's address that cannot be used; `mistakes` has a sentence for each thing wrong."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class SerialPlace:
    """A serial port of this machine."""

    path: str
    baud: int


@dataclass(frozen=True, slots=True)
class TcpPlace:
    """A port of a machine on the network."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class StarUrl:
    """A Star TCP300II."""

    place: SerialPlace
    preset: Preset


@dataclass(frozen=True, slots=True)
class Eps3Url:
    """An EasyPrinter S3."""

    place: SerialPlace | TcpPlace


@dataclass(frozen=True, slots=True)
class IppUrl:
    """A printer or a print queue that speaks IPP; `path` is its resource."""

    place: TcpPlace
    path: str


@dataclass(frozen=True, slots=True)
class EvolisUrl:
    """An Evolis printer by the name that its SDK knows it by, and the film of its cards."""

    name: str
    film: str


PrinterUrl = StarUrl | Eps3Url | IppUrl | EvolisUrl
SCHEMES = ("star+serial", "eps3+serial", "eps3+tcp", "ipp", "evolis")


def parse_printer_url(text: str) -> PrinterUrl:
    """Return what `text` names.

    Raises:
        UrlError: with every mistake, each with what was found and wanted.
    """
    if len(text) > URL_MAX_CHARACTERS:
        raise UrlError([f"{len(text)} characters, at most {URL_MAX_CHARACTERS}"])
    shape = _SHAPE.fullmatch(text)
    scheme = shape[1] if shape else ""
    if shape is None or scheme not in SCHEMES:
        raise UrlError([f"found {text[:40]!r}, wanted one of {', '.join(SCHEMES)} and ://"])
    parts = _Parts(shape[2], shape[3], shape[4] or "")
    found = _READERS[scheme](parts)
    parts.end()
    if parts.mistakes:
        raise UrlError(parts.mistakes)
    return found


class _Parts:
    """What stands behind the scheme; each part is asked for once and mistakes are collected."""

    def __init__(self, authority: str, path: str, query: str) -> None:
        self.mistakes: list[str] = []
        self._authority = authority
        self._path = path
        self._options = self._split(query)

    def serial(self) -> SerialPlace:
        """Return the port in the path; there is no host."""
        self._want_no_host("a serial port has no host: three slashes, as in ///dev/ttyUSB0")
        if len(self._path) < 2:
            self.mistakes.append(f"path {self._path!r}, wanted a port such as /dev/ttyUSB0")
        bauds = {str(baud): baud for baud in BAUDS}
        return SerialPlace(self._path, self.option("baud", bauds, default=BAUDS[0]))

    def tcp(self, default_port: int) -> TcpPlace:
        """Return host and port."""
        found = _HOST.fullmatch(self._authority)
        if found is None:
            self.mistakes.append(f"host {self._authority!r}, wanted a name or address, and a port")
            return TcpPlace("", default_port)
        port = int(found[2] or default_port)
        if not 0 < port < 65536:
            self.mistakes.append(f"port {port}, wanted 1 to 65535")
        return TcpPlace(found[1].strip("[]"), port)

    def no_path(self) -> None:
        """Note a path, where none is wanted."""
        if self._path not in ("", "/"):
            self.mistakes.append(f"path {self._path!r}, wanted none")

    def resource(self) -> str:
        """Return the path as it stands."""
        if not re.fullmatch(r"/[\x21-\x7e]+", self._path):
            self.mistakes.append(f"path {self._path!r}, wanted a queue such as /printers/cards")
        return self._path

    def name(self) -> str:
        """Return the path as a name, with %20 for a space; there is no host."""
        self._want_no_host("a name stands behind three slashes, as in ///Evolis%20Primacy")
        codes = _PERCENT.findall(self._path)
        name = _PERCENT.sub(lambda it: chr(int(it[1], 16)) if it[1] else "", self._path[1:])
        if not name.strip() or "" in codes or not name.isprintable():
            self.mistakes.append(f"path {self._path!r}, wanted the name of a printer")
        return name

    def option(self, key: str, choices: Mapping[str, T], *, default: T) -> T:
        """Return what `key` chooses."""
        text = self._options.pop(key, None)
        if text is None:
            return default
        if text not in choices:
            self.mistakes.append(f"{key} {text!r}, wanted one of {', '.join(choices)}")
            return default
        return choices[text]

    def end(self) -> None:
        """Note every option that nobody asked for."""
        self.mistakes += [f"{key!r} is no option of this printer" for key in self._options]

    def _want_no_host(self, wanted: str) -> None:
        if self._authority:
            self.mistakes.append(f"host {self._authority!r}, but {wanted}")

    def _split(self, query: str) -> dict[str, str]:
        options: dict[str, str] = {}
        for option in filter(None, query.split("&")):
            key, _, value = option.partition("=")
            if key in options:
                self.mistakes.append(f"{key!r} twice")
            options[key] = value
        return options


def _star(parts: _Parts) -> StarUrl:
    return StarUrl(parts.serial(), parts.option("preset", PRESETS, default=PRESETS["normal"]))


def _eps3_serial(parts: _Parts) -> Eps3Url:
    return Eps3Url(parts.serial())


def _eps3_tcp(parts: _Parts) -> Eps3Url:
    parts.no_path()
    return Eps3Url(parts.tcp(EPS3_PORT))


def _ipp(parts: _Parts) -> IppUrl:
    return IppUrl(parts.tcp(IPP_PORT), parts.resource())


def _evolis(parts: _Parts) -> EvolisUrl:
    films = {film: film for film in FILMS}
    return EvolisUrl(parts.name(), parts.option("film", films, default=FILMS[0]))


_READERS: Mapping[str, Callable[[_Parts], PrinterUrl]] = {
    "star+serial": _star,
    "eps3+serial": _eps3_serial,
    "eps3+tcp": _eps3_tcp,
    "ipp": _ipp,
    "evolis": _evolis,
}
