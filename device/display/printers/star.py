"""The host's half of the Star TCP300II's protocol, without any port or clock.

Source: Star TCP300II specification manual, 21 Oct 2005: exchange p. 2–5, status byte p. 11. The
host sends a frame; the printer answers ACK, NAK or DLE within 3 s, carries the command out, and
then sends its response, which the host acknowledges. Resends are the host's to limit.
"""

from dataclasses import dataclass
from enum import IntEnum

from device.display.printers.printer import Fault, FaultCode, Rank, Status
from device.display.printers.star_frames import (
    Damaged,
    Item,
    Response,
    ResponseReader,
    Sign,
    encode,
)

RESENDS_MAX = 3
BLOCK_TIMEOUT_S = 3.0  # "response to the block can take up to 3 s"
STATUS_NORMAL = 0x20


class Command(IntEnum):
    """The commands we use; the manual's p. 12–40."""

    CLEAR_BUFFERS = 0x49
    LINE = 0x43
    BLOCK = 0x4D
    REWRITE = 0x46
    DISCHARGE = 0x50
    TAKE_TO_REAR = 0x51
    TAKE_IN = 0x53
    CANCEL_INSERTION = 0x54
    CANCEL_REMOVAL = 0x55
    STATUS = 0x59
    ALLOW_CLEANING = 0x5B
    RESET = 0x5F
    TRANSPORT_COUNT = 0x95


ERASE_HOLD = b"0,1,0"
ERASE_PRINT_HOLD = b"0,1,1"  # data of REWRITE; buffers survive, so it may be repeated
DISCHARGE_FULLY = b"1"

# To repeat one of these when its acknowledgement got lost costs a rewrite or moves a card twice.
_ONCE_ONLY = frozenset({Command.REWRITE, Command.DISCHARGE})

_FAULTS = {
    0x22: (FaultCode.NO_CARD, Rank.MINOR, "no card to work on"),
    0x23: (FaultCode.READ, Rank.MINOR, "no magnetic stripe"),
    0x31: (FaultCode.READ, Rank.OPERATOR, "stripe parity"),
    0x32: (FaultCode.READ, Rank.OPERATOR, "stripe without start or end"),
    0x33: (FaultCode.READ, Rank.OPERATOR, "stripe LRC"),
    0x34: (FaultCode.READ, Rank.OPERATOR, "stripe holds a wrong character"),
    0x37: (FaultCode.WRITE, Rank.OPERATOR, "stripe could not be written"),
    0x38: (FaultCode.JAM, Rank.OPERATOR, "the card is stuck"),
    0x40: (FaultCode.COVER, Rank.OPERATOR, "the cover is open"),
    0x41: (FaultCode.BAD_DATA, Rank.MINOR, "invalid command"),
    0x42: (FaultCode.MOTOR, Rank.SERVICE, "cam motor"),
    0x43: (FaultCode.HEAD_TEMP, Rank.SERVICE, "erase head temperature"),
    0x45: (FaultCode.PRINTER, Rank.SERVICE, "EEPROM"),
    0x4C: (FaultCode.BAD_DATA, Rank.MINOR, "bad bitmap"),
    0x51: (FaultCode.BAD_DATA, Rank.MINOR, "expansion buffer overflow"),
}


@dataclass(frozen=True, slots=True)
class Failed:
    """The exchange ended without an answer; `accepted` if the command was acknowledged."""

    accepted: bool
    refused: bool
    detail: str


class Exchange:
    """One command from its frame to its acknowledged answer.

    Send what `start`, `feed` and `wake` return; call `wake` at `deadline_s`. `answer` appears when
    it is over. All times are on the caller's clock.
    """

    def __init__(
        self, command: int, data: bytes = b"", *, answer_timeout_s: float, ended_by: int = 0
    ) -> None:
        """`ended_by` is another command whose answer ends this one too (a cancel)."""
        self.answer: Response | Failed | None = None
        self.deadline_s = 0.0
        self._command = command
        self._frame = encode(command, data)
        self._ends = (command, ended_by)
        self._answer_timeout_s = answer_timeout_s
        self._reader = ResponseReader()
        self._accepted = False
        self._resends = 0

    def start(self, now_s: float) -> bytes:
        """Return the frame to send first."""
        self.deadline_s = now_s + BLOCK_TIMEOUT_S
        return self._frame

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take what arrived and return what to send in reply."""
        replies = [self._take(item, now_s) for item in self._reader.feed(data)]
        return b"".join(replies)

    def wake(self, now_s: float) -> bytes:
        """Act on the passing of `deadline_s`: return the frame again, or give up."""
        if self._accepted:
            return self._fail("no answer in time")
        if self._command in _ONCE_ONLY:
            return self._fail("not acknowledged in time, and must not be sent twice")
        return self._resend(now_s, "not acknowledged in time")

    def _take(self, item: Item, now_s: float) -> bytes:
        if self.answer is not None:
            return b""
        if self._accepted:
            return self._take_answer(item, now_s)
        match item:
            case Sign.ACK:
                self._accepted = True
                self._resends = 0
                self.deadline_s = now_s + self._answer_timeout_s
            case Sign.NAK:
                return self._resend(now_s, "refused as damaged")
            case Sign.DLE:
                self.answer = Failed(False, True, f"command {self._command:#04x} refused (DLE)")
            case Response():
                # A late answer to a command that was given up; take it off the printer's hands.
                return bytes((Sign.ACK,))
            case Damaged():
                pass
        return b""

    def _take_answer(self, item: Item, now_s: float) -> bytes:
        match item:
            case Response(command=command):
                if command in self._ends:
                    self.answer = item
                return bytes((Sign.ACK,))
            case Damaged(reason=reason):
                if self._resends >= RESENDS_MAX:
                    return self._fail(f"answer damaged {RESENDS_MAX + 1} times, last: {reason}")
                self._resends += 1
                return bytes((Sign.NAK,))
        return b""

    def _resend(self, now_s: float, why: str) -> bytes:
        if self._resends >= RESENDS_MAX:
            return self._fail(f"{why}, sent {RESENDS_MAX + 1} times")
        self._resends += 1
        self.deadline_s = now_s + BLOCK_TIMEOUT_S
        return self._frame

    def _fail(self, why: str) -> bytes:
        detail = f"command {self._command:#04x}: {why}"
        self.answer = Failed(accepted=self._accepted, refused=False, detail=detail)
        return b""


def fault_of(answer: Response | Failed) -> Fault | None:
    """Return what is wrong according to the end of an exchange, or None if it went well."""
    if isinstance(answer, Failed):
        code = FaultCode.BAD_DATA if answer.refused else FaultCode.COMMS
        return Fault(code, Rank.MINOR if answer.refused else Rank.OPERATOR, answer.detail)
    if answer.status == STATUS_NORMAL:
        return None
    unknown = (FaultCode.PRINTER, Rank.SERVICE, f"status {answer.status:#04x} is not in the manual")
    return Fault(*_FAULTS.get(answer.status, unknown))


def parse_status(data: bytes, fault: Fault | None) -> Status | None:
    """Return what the six characters of a status answer say, or None if they are not six digits.

    Inlet '0' no card, '1' a card we may work on, '2' a card to be taken away; three sensors along
    the path; cover '0' closed, '1' open; one character unused.
    """
    if len(data) < 6 or not data[:6].isdigit():
        return None
    return Status(
        card_held=b"1" in data[1:4] or data[:1] == b"1",
        card_at_gate=data[:1] == b"2",
        cover_open=data[4:5] == b"1",
        fault=fault,
    )
