"""The ANA-U EasyPrinter S3's language, without any port or clock.

Sources: EasyPrinter S3 Programmer's Manual v1.3 (19 April 2012, firmware EP000226) p. 4, and for
what that page leaves out the open client Portalum.TrwPrinter (MIT), which is in use on the device.
There is no frame, no checksum and no acknowledgement: most commands are not answered at all, and
what became of them shows in the state byte, which is asked for again and again.
"""

from dataclasses import dataclass
from enum import Enum, auto

from device.display.printers.printer import Fault, FaultCode, Outcome, Rank, Status

# Commands.
ASK_STATE = b"\x1a"
START = b"\x0c"  # with no card inserted it deletes what was sent to be printed
FEED_FROM_FRONT = b"\x1b1"
ABORT_FEED = b"\x1b2"
EJECT = b"\x1b3"
ASK_UID = b"\x1b$$U"
REBOOT = b"\x1b$R"

REPLY_MAX_BYTES = 64
_CR, _LF = b"\r", b"\n"

_FAULT = Fault(FaultCode.PRINTER, Rank.OPERATOR, "the printer reports an error, without saying why")


class ReplyError(ValueError):
    """A reply that is none; the message says what was found and wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The short state: one byte, lowest bit first."""

    at_print_sensor: bool
    at_front_sensor: bool
    in_print_position: bool
    printing: bool
    printed: bool
    error: bool

    @property
    def is_empty(self) -> bool:
        """Whether no card is inside; one may be in the front slot."""
        return not (self.at_print_sensor or self.in_print_position or self.printing)

    def status(self, fault: Fault | None = None) -> Status:
        """Return what this says in the words of all printers; `fault` is one we know of already."""
        return Status(
            card_held=not self.is_empty,
            card_at_gate=self.at_front_sensor and self.is_empty,
            cover_open=False,  # it has no word for it
            fault=_FAULT if self.error else fault,
        )


def parse_state(byte: int) -> State:
    """Return what the state byte says; bit 2 repeats bit 0 and bit 6 is not used."""
    return State(
        at_print_sensor=bool(byte & 0x01),
        at_front_sensor=bool(byte & 0x02),
        in_print_position=bool(byte & 0x08),
        printing=bool(byte & 0x10),
        printed=bool(byte & 0x20),
        error=bool(byte & 0x80),
    )


class ReplyKind(Enum):
    """What a reply looks like when it is whole."""

    STATE = auto()
    LINE = auto()  # up to a carriage return or line feed


class Reply:
    """Collects the reply to one request, however it is cut."""

    def __init__(self, kind: ReplyKind) -> None:
        self._kind = kind
        self._found = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Return the reply once it is whole, without its ending; what follows it is dropped.

        Raises:
            ReplyError: it is longer than any reply.
        """
        self._found += data
        if self._kind is ReplyKind.STATE:
            return bytes(self._found[:1]) or None
        for at, byte in enumerate(self._found[:REPLY_MAX_BYTES]):
            if byte in _CR + _LF:
                return bytes(self._found[:at])
        if len(self._found) > REPLY_MAX_BYTES:
            raise ReplyError(f"reply of more than {REPLY_MAX_BYTES} bytes without an end")
        return None


def parse_uid(line: bytes) -> bytes:
    """Return the UID in the reply to `ASK_UID`: `S`, a byte nobody has explained, and its digits.

    Raises:
        ReplyError: the printer could not read the card (`E`), or this is no such reply.
    """
    if line[:1] == b"E":
        raise ReplyError("the printer could not read the card")
    try:
        uid = bytes.fromhex(line[2:].decode("ascii"))
    except ValueError:
        uid = b""
    if line[:1] != b"S" or len(uid) not in (4, 7, 10):
        raise ReplyError(f"UID reply {line!r}, wanted S, a byte and 8, 14 or 20 hexadecimal digits")
    return uid


class PrintWatch:
    """Judges a print from the states that follow its start.

    Only printing, then printed, without an error is a success. A card that says it was printed
    before any state said that it is being printed may mean the print before this one.
    """

    def __init__(self) -> None:
        self._was_printing = False

    def see(self, state: State) -> Outcome | None:
        """Return how the print ended, or None while it goes on."""
        if state.error:
            return Outcome.UNKNOWN
        self._was_printing = self._was_printing or state.printing
        if state.printing or not self._was_printing:
            return None
        return Outcome.OK if state.printed else Outcome.UNKNOWN
