"""An ANA-U EasyPrinter S3: the printer's own end of its language, and the card inside.

Written from the sources that `device/display/printers/eps3.py` names, and not from our driver:
bytes in, bytes out. What is sent to be printed is forgotten when the print is over, or when there
is no card to print on; a line sent to where one is adds its dots, as nobody says that it replaces
them. A print is over at once; the state byte says so a few questions later.
"""

from collections.abc import Callable

from PIL import Image

from simulators.mechanism import Mechanism, Printed
from simulators.plastic import PlasticCard

WIDTH_PX, HEIGHT_PX = 960, 560
LINE_BYTES = HEIGHT_PX // 8
FIRMWARE = b"EP000226\n"
POLLS_WHILE_PRINTING = 2

_ESC, _START, _ASK_STATE = 0x1B, 0x0C, 0x1A
_LINE = ord("Q")
_PADDING_BYTES = 13  # of a line; beyond the card's edge
_RIGHT_EDGE_AT = 130  # on the long side, where the picture's right edge goes

# How long a command is from its ESC on, by how it begins; a line says so itself.
_LENGTHS = {
    **{bytes((_ESC, letter)): 2 for letter in b"a123cUB#\xa7"},
    b"\x1bL1": 3 + 12,
    b"\x1b%d": 3 + 8,
    b"\x1b%y": 3 + 4,
    b"\x1b%x": 3 + 2,
    b"\x1b%oS": 4,
    b"\x1b$$U": 4,
    b"\x1b$R": 3,
    b"\x1b$D0": 4,
    b"\x1b$D1": 4 + 80,
}


class Eps3Simulator(Mechanism):
    """One printer; `on_reboot` hears when it was told to boot anew."""

    def __init__(
        self,
        on_held: Callable[[PlasticCard | None], None] | None = None,
        *,
        on_slot_open: Callable[[], None] | None = None,
        on_printed: Callable[[PlasticCard], None] | None = None,
        on_reboot: Callable[[], None] | None = None,
    ) -> None:
        self._pending = bytearray()
        self._marks: dict[int, int] = {}  # the dots of each column, as one number
        self._at = 0
        self._erases = False
        self._feeds = False
        self._polls_left = 0
        self._printed = False
        self._held_back = b""
        self._on_reboot = on_reboot
        super().__init__(on_held, on_slot_open=on_slot_open, on_printed=on_printed)

    def feed(self, data: bytes) -> bytes:
        """Return what the printer sends for `data`."""
        out = bytearray()
        for byte in data:
            if not self.powered or self.faults.mute:
                break
            self._pending.append(byte)
            if (length := _length(self._pending)) is None or len(self._pending) < length:
                continue
            command = bytes(self._pending[:length])
            self._pending.clear()
            out += self._said(self._carry_out(command))
        return bytes(out)

    def _carry_out(self, command: bytes) -> bytes:
        """Do what `command` says and return the reply, which most commands have none of."""
        match command[:1], command[1:2], command[2:]:
            case b"\x1a", _, _:
                return bytes((self._state(),))
            case b"\x0c", _, _:
                self._start()
            case _, b"Q", line:
                self._add(line[1 + _PADDING_BYTES :])
            case _, b"L", _:
                self._erases = True
            case _, b"%", place if place[:1] == b"y":
                self._at = _column(place[1:])
            case _, b"1", _:
                self._open_slot()
            case _, b"2", _:
                self._feeds = False
            case _, b"3", _:
                if self.held is not None and not self.jammed:
                    self._printed = False
                    self._discharge()
            case _, b"a", _:
                return FIRMWARE
            case _, b"%", b"oS":
                return b"S3-0001\n"
            case _, b"$", b"$U":
                return self._uid()
            case _, b"$", b"R":
                self._reboot()
        return b""

    def _state(self) -> int:
        held = self.held is not None
        printing, self._polls_left = self._polls_left > 0, max(0, self._polls_left - 1)
        printed = self._printed and not printing
        error = self.jammed or self.faults.head_hot
        bits = [held, self.at_gate is not None, held, held, printing, printed, False, error]
        return sum(bit << place for place, bit in enumerate(bits))

    def _open_slot(self) -> None:
        if self.held is None and self.at_gate is not None:
            self._take_card_in()
        elif self.held is None:
            self._feeds = True
            self._announce_open_slot()

    def _add(self, line: bytes) -> None:
        dots = int.from_bytes(line[:LINE_BYTES].ljust(LINE_BYTES, b"\0"), "big")
        if 0 <= self._at < WIDTH_PX:
            self._marks[self._at] = self._marks.get(self._at, 0) | dots
        self._at -= 1

    def _start(self) -> None:
        marks, erases = dict(self._marks), self._erases
        self._marks.clear()
        self._erases = False
        if self.held is None or self.jammed or self.faults.head_hot:
            return
        if erases:
            self.held.erase()
        self._printed = False
        self._polls_left = POLLS_WHILE_PRINTING
        if not marks or self._draw(self.held, _shown(marks), from_right=True) is Printed.WHOLE:
            self._printed = True

    def _uid(self) -> bytes:
        if self.held is None or self.held.chip is None:
            return b"E\r"
        return b"S " + self.held.chip.uid.hex().upper().encode() + b"\r"

    def _reboot(self) -> None:
        self._start_afresh()
        if self._on_reboot is not None:
            self._on_reboot()

    def _said(self, reply: bytes) -> bytes:
        if not reply or not self.powered or self._used_up("lose_answers"):
            return b""
        if self._used_up("late_answers"):
            self._held_back += reply
            return b""
        late, self._held_back = self._held_back, b""
        return late + reply

    def _is_waiting(self) -> bool:
        return self._feeds

    def _card_came(self) -> bytes:
        self._feeds = False
        return b""

    def _forget(self) -> None:
        self._pending.clear()
        self._marks.clear()
        self._erases = self._feeds = self._printed = False
        self._polls_left = 0
        self._held_back = b""


def _length(begun: bytearray) -> int | None:
    """Return how many bytes the command that begins so has, if that can be said yet."""
    if begun[0] != _ESC:
        return 1
    if begun[1:2] == bytes((_LINE,)):
        return 3 + begun[2] if len(begun) > 2 else None
    for beginning, length in _LENGTHS.items():
        if begun.startswith(beginning):
            return length
    may_become = any(beginning.startswith(bytes(begun)) for beginning in _LENGTHS)
    return None if may_become or len(begun) == 1 else len(begun)


def _column(place: bytes) -> int:
    """Return which column of the picture is meant; one that is none is no column."""
    if not place.isdigit():
        return -1
    return WIDTH_PX - 1 - (int(place) - _RIGHT_EDGE_AT)


def _shown(marks: dict[int, int]) -> Image.Image:
    """Return the picture that columns make: the highest bit at the top."""
    columns = b"".join(marks.get(x, 0).to_bytes(LINE_BYTES, "big") for x in range(WIDTH_PX))
    turned = Image.frombytes("1", (HEIGHT_PX, WIDTH_PX), columns, "raw", "1;I")
    return turned.transpose(Image.Transpose.TRANSPOSE)
