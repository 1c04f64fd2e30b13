"""Where a reader is and how it is spoken to: the texts that a configuration gives for it.

    pn532+serial:///dev/ttyAMA0?baud=115200     a PN532 on a serial port; 115200 is what is assumed
    pn532+i2c:///dev/i2c-1?address=0x24         on an I2C bus; 0x24 is what is assumed
    pn532+spi:///dev/spidev0.0?hz=1000000       on an SPI bus; 1 MHz is what is assumed
    libnfc:pn532_uart:/dev/ttyUSB0:115200       whatever libnfc drives, by its connection string
    pcsc:ACS%20ACR122U                          a PC/SC reader whose name begins so

`/dev/gpiochip0:17` names the line that resets the reader.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

SPEEDS_BAUD = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
I2C_ADDRESS_MIN, I2C_ADDRESS_MAX = 0x08, 0x77  # The others are reserved by the I2C specification.
SPI_MIN_HZ, SPI_MAX_HZ = 10_000, 5_000_000  # The chip's limit: NXP PN532/C1 rev. 3.6 §12.25.
GPIO_LINE_MAX = 1023

FORMS = (
    "pn532+serial:///dev/…, pn532+i2c:///dev/i2c-…, pn532+spi:///dev/spidev…, "
    "libnfc:DRIVER:… or pcsc:NAME"
)

_QUOTED = re.compile(rb"%([0-9a-fA-F]{2})")
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,4}|0|[1-9][0-9]{0,8}")
_PATH = re.compile(r"/[^\x00-\x1f\x7f]{1,254}")
_CONNECTION = re.compile(r"[a-z][a-z0-9_]{1,30}(:[^\s:]{1,200}){0,2}")
_PCSC_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,127}")
_RESET = re.compile(r"(/[^\s:]{1,200}):([0-9]{1,4})")


class ReaderUrlError(ValueError):
    """A text names no reader; every mistake is one of `mistakes`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialPn532:
    """A PN532 on the serial port `path`, which it uses at `baud`."""

    path: str
    baud: int


@dataclass(frozen=True, slots=True, kw_only=True)
class I2cPn532:
    """A PN532 on the I2C bus `path`, at its 7-bit address."""

    path: str
    address: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiPn532:
    """A PN532 on the SPI device `path`."""

    path: str
    hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LibnfcPlace:
    """What libnfc opens by the connection string `connection`."""

    connection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PcscPlace:
    """The first PC/SC reader whose name begins with `name_prefix`."""

    name_prefix: str


@dataclass(frozen=True, slots=True)
class _Option:
    """The one option that a link to a PN532 has."""

    name: str
    default: int
    allowed: Container[int]
    wanted: str


_OPTIONS = {
    "pn532+serial": _Option(
        "baud", 115200, SPEEDS_BAUD, "one of " + ", ".join(map(str, SPEEDS_BAUD))
    ),
    "pn532+i2c": _Option(
        "address",
        0x24,
        range(I2C_ADDRESS_MIN, I2C_ADDRESS_MAX + 1),
        f"0x{I2C_ADDRESS_MIN:02x} to 0x{I2C_ADDRESS_MAX:02x}",
    ),
    "pn532+spi": _Option(
        "hz", 1_000_000, range(SPI_MIN_HZ, SPI_MAX_HZ + 1), f"{SPI_MIN_HZ} to {SPI_MAX_HZ}"
    ),
}

ReaderPlace = SerialPn532 | I2cPn532 | SpiPn532 | LibnfcPlace | PcscPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetLine:
    """A line of a GPIO chip; low holds the reader in reset."""

    chip: str
    line: int


def parse_reader_url(text: str) -> ReaderPlace:
    """Return the reader that `text` names.

    Raises:
        ReaderUrlError: it names none; each mistake says what was found and what was wanted.
    """
    scheme, colon, rest = text.partition(":")
    mistakes: list[str] = []
    place: ReaderPlace | None = None
    if not colon:
        mistakes.append(f"found {_shown(text)}, wanted {FORMS}")
    elif scheme == "libnfc":
        place = _libnfc(rest, mistakes)
    elif scheme == "pcsc":
        place = _pcsc(rest, mistakes)
    elif scheme in _OPTIONS:
        place = _pn532(scheme, rest, mistakes)
    else:
        mistakes.append(f"found {_shown(scheme + ':')}, wanted {FORMS}")
    if mistakes:
        raise ReaderUrlError(mistakes)
    assert place is not None
    return place


def parse_reset_line(text: str) -> ResetLine:
    """Return the GPIO line that `text` names.

    Raises:
        ReaderUrlError: it names none.
    """
    found = _RESET.fullmatch(text)
    if found is None or int(found[2]) > GPIO_LINE_MAX:
        wanted = f"/dev/gpiochip…:LINE, the line 0 to {GPIO_LINE_MAX}"
        raise ReaderUrlError([f"found {_shown(text)}, wanted {wanted}"])
    return ResetLine(chip=found[1], line=int(found[2]))


def _libnfc(connection: str, mistakes: list[str]) -> LibnfcPlace:
    if not _CONNECTION.fullmatch(connection):
        mistakes.append(
            f"found {_shown(connection)}, wanted a connection string of libnfc such as "
            "pn532_uart:/dev/ttyUSB0:115200"
        )
    return LibnfcPlace(connection=connection)


def _pcsc(quoted: str, mistakes: list[str]) -> PcscPlace:
    name = _unquoted(quoted)
    if not _PCSC_NAME.fullmatch(name):
        mistakes.append(
            f"found {_shown(quoted)}, wanted how the reader's name begins, 1 to 127 characters, "
            "a space as %20"
        )
    return PcscPlace(name_prefix=name)


def _pn532(scheme: str, rest: str, mistakes: list[str]) -> ReaderPlace:
    location, _, query = rest.partition("?")
    path = _unquoted(location.removeprefix("//"))
    if not location.startswith("///") or not _PATH.fullmatch(path):
        mistakes.append(f"found {_shown(location)}, wanted three slashes and a path, as ///dev/…")
    number = _option(_OPTIONS[scheme], query, mistakes)
    match scheme:
        case "pn532+serial":
            return SerialPn532(path=path, baud=number)
        case "pn532+i2c":
            return I2cPn532(path=path, address=number)
        case _:
            return SpiPn532(path=path, hz=number)


def _option(option: _Option, query: str, mistakes: list[str]) -> int:
    found: list[int] = []
    for pair in query.split("&") if query else ():
        name, _, digits = pair.partition("=")
        number = int(digits, 0) if _NUMBER.fullmatch(digits) else -1
        if name != option.name:
            mistakes.append(f"found option {_shown(name)}, wanted none but {option.name}")
        elif number not in option.allowed:
            mistakes.append(f"found {name} {_shown(digits)}, wanted {option.wanted}")
        else:
            found.append(number)
    if len(found) > 1:
        mistakes.append(f"found {option.name} {len(found)} times, wanted it once")
    return found[0] if found else option.default


def _unquoted(text: str) -> str:
    """Return `text` with every %20 and the like as the byte that it stands for (RFC 3986 §2.1)."""
    quoted = text.encode(errors="replace")
    return _QUOTED.sub(lambda it: bytes([int(it[1], 16)]), quoted).decode(errors="replace")


def _shown(text: str) -> str:
    return repr(text)[:60]
