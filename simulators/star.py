"""A Star TCP300II: the printer's own end of its protocol, and the card inside.

Written from the manual (Star, 21 Oct 2005) and not from our driver: bytes in, bytes out, and what
people and bad luck do to a printer. Commands are carried out at once; the port adds time.
"""

import re
from collections.abc import Callable

from PIL import Image

from simulators.mechanism import Mechanism, Printed
from simulators.plastic import PlasticCard

COLUMNS, COLUMN_BYTES = 480, 40

_STX, _ETX, _ACK, _NAK, _DLE = 0x02, 0x03, 0x06, 0x15, 0x10
_FRAME_MAX_BYTES = 1024 + 4
_NORMAL, _NO_CARD, _JAM, _COVER, _HEAD = 0x20, 0x22, 0x38, 0x40, 0x43


class StarSimulator(Mechanism):
    """One printer."""

    def __init__(
        self,
        on_held: Callable[[PlasticCard | None], None] | None = None,
        *,
        on_slot_open: Callable[[], None] | None = None,
        on_printed: Callable[[PlasticCard], None] | None = None,
    ) -> None:
        self.commands: dict[int, int] = {}
        self.cleaning_allowed = False
        self._memory = bytearray(COLUMNS * COLUMN_BYTES)
        self._pending = bytearray()
        self._waiting_for_card = 0
        self._last_answer = b""
        super().__init__(on_held, on_slot_open=on_slot_open, on_printed=on_printed)

    def feed(self, data: bytes) -> bytes:
        """Return what the printer sends for `data`."""
        if not self.powered or self.faults.mute:
            return b""
        out = bytearray()
        for byte in data:
            out += self._take(byte)
        return bytes(out)

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
            self._announce_open_slot()
            return b""
        if self.held is None:
            self._take_card_in()
        return self._answer(command)

    def _cancel_insertion(self, command: int, data: bytes) -> bytes:
        self._waiting_for_card = 0
        return self._answer(command)

    def _cancel_removal(self, command: int, data: bytes) -> bytes:
        if self.at_gate is None:
            return self._answer(command, _NO_CARD)
        self._take_card_in()
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
        if draw and self._draw(self.held, _shown(self._memory)) is Printed.JAMMED:
            return self._answer(command, _JAM)
        if discharge and self.powered:
            self._discharge()
        return self._answer(command)

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

    def _allow_cleaning(self, command: int, data: bytes) -> bytes:
        self.cleaning_allowed = True
        return self._answer(command)

    def _count_transports(self, command: int, data: bytes) -> bytes:
        return self._answer(command, _NORMAL, b"%d" % self.transport_count)

    def _do_reset(self, command: int, data: bytes) -> bytes:
        self._start_afresh()
        return self._answer(command)

    def _is_waiting(self) -> bool:
        return self._waiting_for_card != 0

    def _card_came(self) -> bytes:
        command, self._waiting_for_card = self._waiting_for_card, 0
        return self._answer(command)

    def _forget(self) -> None:
        self._memory = bytearray(len(self._memory))
        self._pending.clear()
        self._waiting_for_card = 0

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
    0x5B: StarSimulator._allow_cleaning,
    0x5F: StarSimulator._do_reset,
    0x95: StarSimulator._count_transports,
}
_IMAGE = re.compile(rb"(?:[0-9]{1,3},){2,3}(?:[0-9A-F]{2})+")  # as the manual writes them
_REWRITE_DATA = frozenset(b"%d,%d,%d" % (d, e, p) for d in (0, 1) for e in (0, 1) for p in (0, 1))


def _parse_image(command: int, data: bytes) -> tuple[int, int, int, bytes] | None:
    """Return column, first byte row, bytes a column, and the marks; None if the printer refuses."""
    if _IMAGE.fullmatch(data) is None:
        return None
    *numbers, digits = data.decode("ascii").split(",")
    marks = bytes.fromhex(digits)
    values = [int(number) for number in numbers]
    if len(values) != (2 if command == 0x43 else 3):
        return None
    x, top, height = values if command == 0x4D else (*values, len(marks))
    if height < 1 or top + height > COLUMN_BYTES or len(marks) % height:
        return None
    return (x, top, height, marks) if x + len(marks) // height <= COLUMNS else None


def _shown(memory: bytearray) -> Image.Image:
    """Return the picture in memory: columns, upper dot in the lowest bit, 1 is dark."""
    turned = Image.frombytes("1", (COLUMN_BYTES * 8, COLUMNS), bytes(memory), "raw", "1;IR")
    return turned.transpose(Image.Transpose.TRANSPOSE)
