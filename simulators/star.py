"""A Star TCP300II: the printer's own end of its protocol, and the card inside.

Written from the manual (Star, 21 Oct 2005) and not from our driver: bytes in, bytes out, and what
people and bad luck do to a printer. Commands are carried out at once; the port adds time.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from simulators.plastic import PlasticCard

COLUMNS, COLUMN_BYTES = 480, 40

_STX, _ETX, _ACK, _NAK, _DLE = 0x02, 0x03, 0x06, 0x15, 0x10
_FRAME_MAX_BYTES = 1024 + 4
_NORMAL, _NO_CARD, _JAM, _COVER, _HEAD = 0x20, 0x22, 0x38, 0x40, 0x43


@dataclass(slots=True)
class Faults:
    """What goes wrong next; numbers count down as they are used up."""

    nak_frames: int = 0
    garble_answers: int = 0
    lose_acks: int = 0
    lose_answers: int = 0
    mute: bool = False
    head_hot: bool = False
    jam_at_percent: int | None = None
    power_cut_at_percent: int | None = None


class StarSimulator:
    """One printer; `on_held` hears which card the reader's antenna has in front of it.

    `on_slot_open` hears that a command waits for a card (the slot's light goes on), `on_printed`
    that a face was printed to its end.
    """

    def __init__(
        self,
        on_held: Callable[[PlasticCard | None], None] | None = None,
        *,
        on_slot_open: Callable[[], None] | None = None,
        on_printed: Callable[[PlasticCard], None] | None = None,
    ) -> None:
        self.faults = Faults()
        self.held: PlasticCard | None = None
        self.at_gate: PlasticCard | None = None
        self.cover_open = False
        self.jammed = False
        self.powered = True
        self.print_count = 0
        self.commands: dict[int, int] = {}
        self._on_held = on_held
        self._on_slot_open = on_slot_open
        self._on_printed = on_printed
        self._memory = bytearray(COLUMNS * COLUMN_BYTES)
        self._pending = bytearray()
        self._waiting_for_card = 0
        self._last_answer = b""

    def feed(self, data: bytes) -> bytes:
        """Return what the printer sends for `data`."""
        if not self.powered or self.faults.mute:
            return b""
        out = bytearray()
        for byte in data:
            out += self._take(byte)
        return bytes(out)

    # What people do.

    def insert(self, card: PlasticCard) -> bytes:
        """Put a card into the slot; it is drawn in only if a command waits for one."""
        if not self.powered or self._waiting_for_card == 0 or self.held or self.at_gate:
            self.at_gate = self.at_gate or card
            return b""
        command, self._waiting_for_card = self._waiting_for_card, 0
        self._hold(card)
        return self._answer(command)

    def pull(self) -> PlasticCard | None:
        """Take away the card at the gate; a held card cannot be pulled out."""
        card, self.at_gate = self.at_gate, None
        return card

    def force_out(self) -> PlasticCard | None:
        """Tear the held card out of the mechanism."""
        card = self.held
        self._hold(None)
        return card

    def open_path(self) -> None:
        """Open the transport path: commands stop."""
        self.powered = False

    def close_path(self) -> None:
        """Close the transport path: the printer resets itself."""
        self.restore_power()

    def clear_jam(self) -> PlasticCard | None:
        """Free a stuck card by hand and give it out."""
        self.jammed = False
        return self.force_out()

    def cut_power(self) -> None:
        """Everything stops; memory is lost."""
        self.powered = False
        self._memory = bytearray(len(self._memory))
        self._pending.clear()
        self._waiting_for_card = 0
        if self._on_held is not None:
            self._on_held(None)

    def restore_power(self) -> None:
        """Start up: a card inside is discharged."""
        self.powered = True
        self._reset()

    # The protocol.

    def _take(self, byte: int) -> bytes:
        if not self._pending and byte != _STX:
            return self._last_answer if byte == _NAK else b""
        self._pending.append(byte)
        if len(self._pending) > 2 and self._pending[-2] == _ETX:
            frame = bytes(self._pending)
            self._pending.clear()
            return self._receive(frame)
        if len(self._pending) > _FRAME_MAX_BYTES:
            self._pending.clear()
            return bytes((_NAK,))
        return b""

    def _receive(self, frame: bytes) -> bytes:
        covered = frame[1:-1]
        check = 0
        for byte in covered:
            check ^= byte
        if check != frame[-1] or self._used_up("nak_frames"):
            return bytes((_NAK,))
        command, data = covered[0], covered[1:-1]
        carry_out = _COMMANDS.get(command)
        if carry_out is None or not self._is_good(command, data):
            return bytes((_DLE,))
        self.commands[command] = self.commands.get(command, 0) + 1
        ack = b"" if self._used_up("lose_acks") else bytes((_ACK,))
        answer = carry_out(self, command, data)
        return ack + answer if self.powered else ack

    def _is_good(self, command: int, data: bytes) -> bool:
        if command in (0x43, 0x4D):
            return _parse_image(command, data) is not None
        if command == 0x46:
            return data == b"" or data in _REWRITE_DATA
        if command == 0x50:
            return data in (b"0", b"1")
        return data == b""

    def _clear(self, command: int, data: bytes) -> bytes:
        self._memory = bytearray(len(self._memory))
        return self._answer(command)

    def _image(self, command: int, data: bytes) -> bytes:
        parsed = _parse_image(command, data)
        assert parsed is not None
        x, top, height, marks = parsed
        for start in range(0, len(marks), height):
            at = x * COLUMN_BYTES + top
            part = marks[start : start + height]
            self._memory[at : at + len(part)] = part
            x += 1
        return self._answer(command)

    def _take_in(self, command: int, data: bytes) -> bytes:
        if self.jammed:
            return self._answer(command, _JAM)
        if self.held is None and self.at_gate is None:
            self._waiting_for_card = command
            if self._on_slot_open is not None:
                self._on_slot_open()
            return b""
        if self.held is None:
            card, self.at_gate = self.at_gate, None
            self._hold(card)
        return self._answer(command)

    def _cancel_insertion(self, command: int, data: bytes) -> bytes:
        self._waiting_for_card = 0
        return self._answer(command)

    def _cancel_removal(self, command: int, data: bytes) -> bytes:
        if self.at_gate is None:
            return self._answer(command, _NO_CARD)
        card, self.at_gate = self.at_gate, None
        self._hold(card)
        return self._answer(command)

    def _rewrite(self, command: int, data: bytes) -> bytes:
        discharge, erase, draw = (part == b"1" for part in (data or b"1,1,1").split(b","))
        if self.jammed:
            return self._answer(command, _JAM)
        if self.held is None:
            return self._answer(command, _NO_CARD)
        if self.faults.head_hot:
            return self._answer(command, _HEAD)
        if erase:
            self.held.erase()
        if draw and not self._draw(self.held):
            return self._answer(command, _JAM)
        if discharge and self.powered:
            self._discharge()
        return self._answer(command)

    def _draw(self, card: PlasticCard) -> bool:
        """Print, as far as luck allows; False if the card got stuck."""
        picture = _shown(self._memory)
        cut, jam = self.faults.power_cut_at_percent, self.faults.jam_at_percent
        self.faults.power_cut_at_percent = self.faults.jam_at_percent = None
        if cut is not None:
            card.print(picture, percent=cut)
            self.cut_power()
            return True
        if jam is not None:
            card.print(picture, percent=jam)
            self.jammed = True
            return False
        card.print(picture)
        self.print_count += 1
        if self._on_printed is not None:
            self._on_printed(card)
        return True

    def _eject(self, command: int, data: bytes) -> bytes:
        if self.jammed:
            return self._answer(command, _JAM)
        if self.held is None:
            return self._answer(command, _NORMAL if self.at_gate else _NO_CARD)
        self._discharge()
        return self._answer(command)

    def _to_rear(self, command: int, data: bytes) -> bytes:
        return self._answer(command, _NORMAL if self.held else _NO_CARD)

    def _status(self, command: int, data: bytes) -> bytes:
        inlet = b"2" if self.at_gate else b"0"
        cover = b"1" if self.cover_open else b"0"
        held = b"010" if self.held else b"000"
        status = _JAM if self.jammed else _NORMAL
        return self._answer(command, status, inlet + held + cover + b"0")

    def _do_reset(self, command: int, data: bytes) -> bytes:
        self._reset()
        return self._answer(command)

    def _reset(self) -> None:
        self._memory = bytearray(len(self._memory))
        self._pending.clear()
        self._waiting_for_card = 0
        if self.held is not None and not self.jammed:
            self._discharge()

    def _discharge(self) -> None:
        self.at_gate = self.held
        self._hold(None)

    def _hold(self, card: PlasticCard | None) -> None:
        self.held = card
        if self._on_held is not None:
            self._on_held(card)

    def _answer(self, command: int, status: int = _NORMAL, data: bytes = b"") -> bytes:
        covered = bytes((command, status)) + data + bytes((_ETX,))
        check = 0
        for byte in covered:
            check ^= byte
        self._last_answer = bytes((_STX,)) + covered + bytes((check,))
        if self._used_up("lose_answers"):
            return b""
        if self._used_up("garble_answers"):
            return self._last_answer[:-1] + bytes((check ^ 0x40,))
        return self._last_answer

    def _used_up(self, fault: str) -> bool:
        left: int = getattr(self.faults, fault)
        if left > 0:
            setattr(self.faults, fault, left - 1)
        return left > 0


_COMMANDS: dict[int, Callable[[StarSimulator, int, bytes], bytes]] = {
    0x43: StarSimulator._image,
    0x46: StarSimulator._rewrite,
    0x49: StarSimulator._clear,
    0x4D: StarSimulator._image,
    0x50: StarSimulator._eject,
    0x51: StarSimulator._to_rear,
    0x53: StarSimulator._take_in,
    0x54: StarSimulator._cancel_insertion,
    0x55: StarSimulator._cancel_removal,
    0x59: StarSimulator._status,
    0x5F: StarSimulator._do_reset,
}
_REWRITE_DATA = frozenset(b"%d,%d,%d" % (d, e, p) for d in (0, 1) for e in (0, 1) for p in (0, 1))


def _parse_image(command: int, data: bytes) -> tuple[int, int, int, bytes] | None:
    """Return column, first byte row, bytes a column, and the marks; None if the printer refuses."""
    try:
        *numbers, digits = data.split(b",")
        marks = bytes.fromhex(digits.decode("ascii"))
        values = [int(number) for number in numbers]
    except ValueError:
        return None
    if len(values) != (2 if command == 0x43 else 3) or not marks:
        return None
    x, top, height = values if command == 0x4D else (*values, len(marks))
    if x < 0 or top < 0 or height < 1 or top + height > COLUMN_BYTES or len(marks) % height:
        return None
    return (x, top, height, marks) if x + len(marks) // height <= COLUMNS else None


def _shown(memory: bytearray) -> Image.Image:
    """Return the picture in memory: columns, upper dot in the lowest bit, 1 is dark."""
    turned = Image.frombytes("1", (COLUMN_BYTES * 8, COLUMNS), bytes(memory), "raw", "1;IR")
    return turned.transpose(Image.Transpose.TRANSPOSE)
