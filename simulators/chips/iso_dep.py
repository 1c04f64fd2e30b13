"""ISO/IEC 14443-4, the block protocol of chips that speak APDUs: the chip's side and the reader's.

Blocks carry neither CID nor NAD, as a PN532 sends them. A chip here asks for as much time as it is
told to (`waits`) before each answer, so that the reader's side is tried with that too.

Source: ISO/IEC 14443-4:2008 §5 for the activation, §7 for blocks; its rules are named where they
are followed.
"""

from typing import Protocol

from device.nfc import commands
from simulators.chips.chip import SILENT, Activation, Chip, Nvm, air_s

RATS = 0xE0
HALT = b"\x50\x00"
DESELECT = b"\xc2"
WAIT = 0xF2
APDU_MAX_BYTES = 512
BLOCKS_MAX = 64  # Of one exchange, as the reader's side counts.
RETRIES_MAX = 2

_FRAME_BYTES = (16, 24, 32, 40, 48, 64, 96, 128, 256)  # §5.1, table 1: FSDI and FSCI.
_FRAME_EXTRA_BYTES = 3  # The protocol control byte and the CRC.
_READER_FSDI = 5  # What a PN532 announces: 64 bytes.
_INFORMATION, _RECEIVED, _SUPERVISORY = 0x00, 0x80, 0xC0
_KIND, _CHAINED, _NOT_RECEIVED, _NUMBER = 0xC0, 0x10, 0x10, 0x01
_INFORMATION_BLOCK, _RECEIVED_BLOCK = 0x02, 0xA2
_PROTOCOL_ERROR = (0x0B, b"")


class Applet(Protocol):
    """What runs on a chip that speaks APDUs; `took_s` is how long its last answer took."""

    nvm: Nvm

    @property
    def took_s(self) -> float: ...

    def answer(self, apdu: bytes) -> bytes | None:
        """Return the answer to a whole APDU, or None where power fails within."""
        ...

    def forget(self) -> None:
        """Lose all but the memory: sessions, selections, what was not committed."""
        ...


class IsoDepChip:
    """The chip's side: frames in, APDUs to its applet, frames out."""

    sak = 0x20

    def __init__(self, uid: bytes, *, ats: bytes, applet: Applet) -> None:
        """Answer a search with `uid` and a RATS with `ats`, its length byte in front."""
        self.uid = uid
        self.atqa = b"\x03\x44"
        self.ats = ats
        self.applet = applet
        self.nvm = applet.nvm
        self.waits = 0
        self.took_s = 0.0
        self._activation = Activation()
        self._reset()

    def select(self, *, wake: bool = True) -> bool:
        """Answer a search, from whatever state."""
        self._reset()
        return self._activation.select(wake=wake) and not self.nvm.torn

    def halt(self) -> None:
        """Fall silent until woken."""
        self._activation.halt()
        self._reset()

    def leave_field(self) -> None:
        """Lose power; a chip that was torn starts afresh when it comes back."""
        self._activation.lose_power()
        self._reset()
        self.nvm.regain_power()

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        """Say nothing: this chip knows no MIFARE commands."""
        return SILENT

    def exchange_raw(self, frame: bytes) -> tuple[int, bytes]:
        """Return (OK, frame), or SILENT for what the protocol answers with silence."""
        self.took_s = self._worked_s = 0.0
        if not self._activation.active or self.nvm.torn or not frame:
            return SILENT
        if not self._speaks:
            answer = self._activate(frame)
        elif frame[:1] == DESELECT:
            answer = DESELECT
            self.halt()
        else:
            answer = self._on_block(frame)
        if answer is None or self.nvm.torn:
            return SILENT
        self.took_s = air_s(len(frame), len(answer)) + self._worked_s
        return commands.OK, answer

    def _reset(self) -> None:
        self._speaks = False
        self._number = 1  # §7.5.3, rule C.
        self._reader_bytes = _FRAME_BYTES[0]
        self._received = b""
        self._to_send = b""
        self._waiting: bytes | None = None
        self._waits_left = 0
        self._last = b""
        self._worked_s = 0.0
        self.applet.forget()

    def _activate(self, frame: bytes) -> bytes | None:
        if frame == HALT:
            self.halt()
            return None
        if len(frame) != 2 or frame[0] != RATS:
            self._activation.lapse()
            return None
        self._speaks = True
        self._reader_bytes = _FRAME_BYTES[min(frame[1] >> 4, len(_FRAME_BYTES) - 1)]
        return self.ats

    def _on_block(self, frame: bytes) -> bytes | None:
        control = frame[0]
        if control & _KIND == _SUPERVISORY:
            return self._on_wait(frame)
        if control & _KIND == _RECEIVED:
            return self._on_received(control)
        if control & 0xEE != _INFORMATION_BLOCK:
            return None
        self._number ^= 1  # Rule D.
        if len(self._received) + len(frame) - 1 > APDU_MAX_BYTES:
            self._received = b""
            return None
        self._received += frame[1:]
        if control & _CHAINED:
            return self._said(bytes([_RECEIVED_BLOCK | self._number]))  # Rule 2.
        apdu, self._received = self._received, b""
        self._waiting, self._waits_left = apdu, self.waits
        return self._perform()

    def _perform(self) -> bytes | None:
        """Ask for more time if that is to be tried, otherwise answer."""
        if self._waits_left:
            self._waits_left -= 1
            return self._said(bytes([WAIT, 1]))
        assert self._waiting is not None
        apdu, self._waiting = self._waiting, None
        answer = self.applet.answer(apdu)
        self._worked_s = self.applet.took_s
        if answer is None:
            return None
        self._to_send = answer
        return self._next_block()

    def _on_wait(self, frame: bytes) -> bytes | None:
        if frame[0] != WAIT or self._waiting is None:
            return None
        return self._perform()

    def _on_received(self, control: int) -> bytes | None:
        if control & _NUMBER == self._number:
            return self._last or None  # Rule 11.
        if control & _NOT_RECEIVED:
            return bytes([_RECEIVED_BLOCK | self._number])  # Rule 12.
        if not self._to_send:
            return None
        self._number ^= 1  # Rule E.
        return self._next_block()

    def _next_block(self) -> bytes:
        room = self._reader_bytes - _FRAME_EXTRA_BYTES
        part, self._to_send = self._to_send[:room], self._to_send[room:]
        chained = _CHAINED if self._to_send else 0
        return self._said(bytes([_INFORMATION_BLOCK | chained | self._number]) + part)

    def _said(self, block: bytes) -> bytes:
        self._last = block
        return block


class IsoDepReader:
    """The reader's side, on one selected chip; `took_s` is how long the last call took."""

    def __init__(self, chip: Chip) -> None:
        self.took_s = 0.0
        self._chip = chip
        self._number = 0  # §7.5.3, rule A.
        self._chip_bytes = _FRAME_BYTES[2]

    def activate(self) -> bytes | None:
        """Return the chip's answer to select, with its length byte, or None for silence."""
        self.took_s = 0.0
        self._number = 0
        ats = self._send(bytes([RATS, _READER_FSDI << 4]))
        if ats is None or not ats or ats[0] != len(ats):
            return None
        if len(ats) > 1:
            self._chip_bytes = _FRAME_BYTES[min(ats[1] & 0x0F, len(_FRAME_BYTES) - 1)]
        return ats

    def exchange(self, apdu: bytes) -> tuple[int, bytes]:
        """Return the status, as a PN532 reports it, and the chip's answer to `apdu`."""
        self.took_s = 0.0
        room = self._chip_bytes - _FRAME_EXTRA_BYTES
        while len(apdu) > room:
            part, apdu = apdu[:room], apdu[room:]
            block = self._ask(bytes([_INFORMATION_BLOCK | _CHAINED | self._number]) + part)
            if block is None:
                return SILENT
            if block != bytes([_RECEIVED_BLOCK | self._number]):
                return _PROTOCOL_ERROR
            self._number ^= 1  # Rule B.
        return self._collect(self._ask(bytes([_INFORMATION_BLOCK | self._number]) + apdu))

    def deselect(self) -> None:
        """Have the chip fall silent until woken."""
        self._send(DESELECT)

    def _collect(self, block: bytes | None) -> tuple[int, bytes]:
        answer = b""
        for _ in range(BLOCKS_MAX):
            if block is None:
                return SILENT
            self._number ^= 1
            if not block or block[0] & 0xEE != _INFORMATION_BLOCK:
                return _PROTOCOL_ERROR
            answer += block[1:]
            if not block[0] & _CHAINED:
                return commands.OK, answer
            block = self._ask(bytes([_RECEIVED_BLOCK | self._number]))
        return _PROTOCOL_ERROR

    def _ask(self, block: bytes) -> bytes | None:
        """Return what the chip says to `block` once it has had the time it asks for."""
        for _ in range(BLOCKS_MAX):
            answer = self._send_again(block)
            if answer is None or answer[:1] != bytes([WAIT]):
                return answer
            block = bytes([WAIT]) + answer[1:2]
        return None

    def _send_again(self, block: bytes) -> bytes | None:
        answer = self._send(block)
        for _ in range(RETRIES_MAX):
            if answer is not None:
                break
            answer = self._send(bytes([_RECEIVED_BLOCK | _NOT_RECEIVED | self._number]))  # Rule 4.
            if answer == bytes([_RECEIVED_BLOCK | self._number ^ 1]):
                answer = self._send(block)  # Rule 6: the chip never had it.
        return answer

    def _send(self, frame: bytes) -> bytes | None:
        status, answer = self._chip.exchange_raw(frame)
        self.took_s += self._chip.took_s
        return answer if status == commands.OK else None
