"""Where a scanner is, as the configuration names it: one text for any scanner.

serial:///dev/ttyACM0?baud=9600                    sends codes over a port; 9600 is the usual
keyboard:///dev/input/by-id/usb-Scanner-event-kbd  types them, as most USB scanners do
"""

import re
from dataclasses import dataclass
from typing import Literal

BAUDS = (9600, 19200, 38400, 57600, 115200)

_SHAPE = re.compile(
    r"(?:(?P<serial>serial)|keyboard)://(?P<path>/[!->@-~]{1,254})"
    r"(?(serial)(?:\?baud=(?P<baud>[0-9]{4,6}))?)",
    re.ASCII,
)


class ScannerUrlError(ValueError):
    """The text names no scanner; `mistakes` say what was found and wanted."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerPlace:
    """Where a scanner is, and how it speaks; `baud` counts on a serial port only."""

    how: Literal["serial", "keyboard"]
    path: str
    baud: int = BAUDS[0]


def parse_scanner_url(url: str) -> ScannerPlace:
    """Return the place that `url` names.

    Raises:
        ScannerUrlError: it names none.
    """
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        wanted = "serial:///dev/… or keyboard:///dev/input/…"
        raise ScannerUrlError((f"found {url[:60]!r}, wanted {wanted}",))
    if shape["serial"] is None:
        return ScannerPlace(how="keyboard", path=shape["path"])
    baud = int(shape["baud"] or BAUDS[0])
    if baud not in BAUDS:
        wanted = ", ".join(map(str, BAUDS))
        raise ScannerUrlError((f"found {baud} baud, wanted one of {wanted}",))
    return ScannerPlace(how="serial", path=shape["path"], baud=baud)
