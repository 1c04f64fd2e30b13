"""A PN532 as its serial port shows it: bytes in, bytes out with their delays, no I/O.

It does what libnfc 1.8 and our own driver need of the chip. Statuses for what a card refuses are an
assumption (0x14): the manual does not say, and no chip was at hand.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §6.2 for frames and §7 for commands; what a card
takes is told by its chip.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from device.nfc import commands, frames
from simulators.chips.chip import Chip

FIRMWARE = bytes.fromhex("32010607")  # A PN532, firmware 1.6.
CHIPS_MAX = 2

_WRITE_REGISTER, _READ_REGISTER = 0x08, 0x06
_SET_PARAMETERS, _POWER_DOWN = 0x12, 0x16
_IN_COMMUNICATE_THRU, _IN_SELECT = 0x42, 0x54
_TX_MODE, _RX_MODE = 0x6302, 0x6303
_FIFO_DATA = 0x6339
_FIFO_AFTER_FAILED_POLL = 0x26
_TYPE_A_106 = 0x00

_SELECT_S = 0.003
_NO_ANSWER_S = 0.005


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes for the host, `after_s` behind the one before; `afresh` drops what is not yet out."""

    data: bytes
    after_s: float = 0.0
    afresh: bool = False


class Fault(Enum):
    """What can be wrong with the next answer."""

    NO_ACK = "no ack"  # The command is lost: neither acknowledged nor done.
    NACK = "nack"  # The command is refused as damaged, and not done.
    SILENCE = "silence"  # Acknowledged, then nothing, and not done.
    LOST_ANSWER = "lost answer"  # Acknowledged and done, but the answer never comes.
    BAD_CHECKSUM = "bad checksum"  # Done, but the answer arrives damaged.


class Pn532Chip:
    """One PN532 and what lies in its field."""

    def __init__(self, *, firmware: bytes = FIRMWARE) -> None:
        self.field: list[Chip] = []
        self.commands_seen: dict[int, int] = {}
        self._firmware = firmware
        self._faults: list[tuple[Fault | None, int | None]] = []
        self._frames = frames.FrameReader()
        self._last_answer = b""
        self._air_s = 0.0
        self._waiting: Callable[[], bytes | None] | None = None
        self._power_up()

    def feed(self, data: bytes) -> list[Sent]:
        """Return what the chip sends because `data` arrived."""
        sent: list[Sent] = []
        for kind, body in self._frames.feed(data):
            if kind == frames.ACKNOWLEDGED:
                self._waiting = None
                sent.append(Sent(b"", afresh=True))
            elif kind == frames.NOT_ACKNOWLEDGED:
                sent.append(Sent(self._last_answer))
            elif kind == frames.INFORMATION:
                sent += self._on_command(body)
        return sent

    def place(self, chip: Chip) -> list[Sent]:
        """Put `chip` into the field; return the answer of a command that was waiting for it."""
        if len(self.field) >= CHIPS_MAX:
            raise ValueError(f"{len(self.field)} chips in the field, at most {CHIPS_MAX}")
        self.field.append(chip)
        return self._retry_waiting()

    def remove(self) -> None:
        """Take everything out of the field."""
        for chip in self.field:
            chip.leave_field()
        self.field.clear()

    def fail(
        self, fault: Fault, *, command: int | None = None, after: int = 0, times: int = 1
    ) -> None:
        """Let `times` commands (those with the code `command`) meet `fault`, `after` others."""
        self._faults += [(None if at < after else fault, command) for at in range(after + times)]

    def _power_up(self) -> None:
        self._field_on = False
        self._retries = commands.RETRY_FOR_EVER
        self._registers: dict[int, int] = {}
        self._targets: dict[int, Chip] = {}

    def _on_command(self, body: bytes) -> list[Sent]:
        if len(body) < 2 or body[0] != commands.TO_READER:
            return [Sent(frames.ACK, afresh=True), Sent(frames.SYNTAX_ERROR)]
        code = body[1]
        self.commands_seen[code] = self.commands_seen.get(code, 0) + 1
        fault = self._take_fault(code)
        if fault is Fault.NO_ACK:
            return []
        if fault is Fault.NACK:
            return [Sent(frames.NACK, afresh=True)]
        self._waiting = None  # A new command ends the one before it.
        sent = [Sent(frames.ACK, afresh=True)]
        if fault is Fault.SILENCE:
            return sent
        sent += self._perform(code, body[2:])
        if fault is Fault.LOST_ANSWER:
            return sent[:1]
        if fault is Fault.BAD_CHECKSUM and len(sent) > 1:
            sent[1] = Sent(_damaged(sent[1].data), sent[1].after_s)
        return sent

    def _take_fault(self, code: int) -> Fault | None:
        for at, (fault, command) in enumerate(self._faults):
            if command in (None, code):
                del self._faults[at]
                return fault
        return None

    def _perform(self, code: int, parameters: bytes) -> list[Sent]:
        perform = self._PERFORM.get(code)
        self._air_s = 0.0
        try:
            answer = None if perform is None else perform(self, parameters)
        except IndexError:  # Parameters are missing.
            perform = None
        if perform is None:
            return [Sent(frames.SYNTAX_ERROR)]
        return [] if answer is None else [self._answer(code, answer)]

    def _answer(self, code: int, data: bytes) -> Sent:
        self._last_answer = frames.encode(bytes([commands.FROM_READER, code + 1]) + data)
        return Sent(self._last_answer, self._air_s)

    def _retry_waiting(self) -> list[Sent]:
        if self._waiting is None:
            return []
        self._air_s = 0.0
        answer = self._waiting()
        if answer is None:
            return []
        self._waiting = None
        return [self._answer(commands.IN_LIST_PASSIVE_TARGET, answer)]

    def _diagnose(self, parameters: bytes) -> bytes:
        return parameters if parameters[0] == 0 else b"\x00"

    def _get_firmware_version(self, parameters: bytes) -> bytes:
        return self._firmware

    def _accept(self, parameters: bytes) -> bytes:
        return b""

    def _read_register(self, parameters: bytes) -> bytes:
        places = [parameters[at] << 8 | parameters[at + 1] for at in range(0, len(parameters), 2)]
        return bytes([self._registers.get(place, 0) for place in places])

    def _write_register(self, parameters: bytes) -> bytes:
        for at in range(0, len(parameters), 3):
            place = parameters[at] << 8 | parameters[at + 1]
            self._registers[place] = parameters[at + 2]
        return b""

    def _power_down(self, parameters: bytes) -> bytes:
        self._switch_field_off()
        return b"\x00"

    def _rf_configuration(self, parameters: bytes) -> bytes:
        item = parameters[0]
        if item == 0x01 and not parameters[1] & 1:
            self._switch_field_off()
        elif item == 0x01:
            self._field_on = True
        elif item == 0x05:
            self._retries = parameters[3]
        return b""

    def _list_passive_target(self, parameters: bytes) -> bytes | None:
        most, kind, wanted = parameters[0], parameters[1], _without_cascade(parameters[2:])
        self._field_on = True

        def attempt() -> bytes | None:
            return self._select_cards(most, wanted) if kind == _TYPE_A_106 else None

        self._registers[_TX_MODE] = self._registers[_RX_MODE] = 0x83 if kind == 3 else 0x80
        found = attempt()
        if found is not None:
            return found
        if self._retries == commands.RETRY_FOR_EVER:
            self._waiting = attempt
            return None
        self._registers[_FIFO_DATA] = _FIFO_AFTER_FAILED_POLL
        self._air_s = _SELECT_S * (self._retries + 1)
        return b"\x00"

    def _select_cards(self, most: int, wanted: bytes) -> bytes | None:
        self._targets = {}
        for chip in self.field:
            meant = len(self._targets) < most and (not wanted or chip.uid == wanted)
            # Assumed: a search for one UID wakes a halted card, as libnfc expects; others do not.
            if meant and chip.select(wake=bool(wanted)):
                self._targets[len(self._targets) + 1] = chip
        self._air_s += _SELECT_S * max(1, len(self._targets))
        if not self._targets:
            return None
        listed = b"".join(
            bytes([number]) + chip.atqa + bytes([chip.sak, len(chip.uid)]) + chip.uid
            for number, chip in self._targets.items()
        )
        return bytes([len(self._targets)]) + listed

    def _in_data_exchange(self, parameters: bytes) -> bytes:
        chip = self._targets.get(parameters[0] & 0x0F)
        if chip is None:
            return bytes([commands.WRONG_CONTEXT])
        if chip not in self.field or not self._field_on:
            self._air_s = _NO_ANSWER_S
            return bytes([commands.TIMED_OUT])
        status, data = chip.exchange(parameters[1:])
        self._air_s = _NO_ANSWER_S if status == commands.TIMED_OUT else chip.took_s
        return bytes([status]) + data

    def _in_communicate_thru(self, parameters: bytes) -> bytes:
        # Our chips know no plain frames once selected: a Classic answers RATS with silence, and so
        # does every type A chip a type B probe. HALT is obeyed in silence too.
        if parameters[:1] == b"\x50":
            self._halt_targets()
        self._air_s = _NO_ANSWER_S
        return bytes([commands.TIMED_OUT])

    def _in_deselect(self, parameters: bytes) -> bytes:
        self._halt_targets()
        return b"\x00"

    def _in_release(self, parameters: bytes) -> bytes:
        self._halt_targets()
        self._targets = {}
        return b"\x00"

    def _in_select(self, parameters: bytes) -> bytes:
        chip = self._targets.get(parameters[0] or 1)
        if chip is None:
            return bytes([commands.WRONG_CONTEXT])
        self._air_s = _SELECT_S
        ok = chip in self.field and chip.select()
        return bytes([commands.OK if ok else commands.TIMED_OUT])

    def _halt_targets(self) -> None:
        for chip in self._targets.values():
            chip.halt()

    def _switch_field_off(self) -> None:
        self._field_on = False
        self._targets = {}
        for chip in self.field:
            chip.leave_field()

    _PERFORM: dict[int, Callable[["Pn532Chip", bytes], bytes | None]] = {  # noqa: RUF012  # never changed
        commands.DIAGNOSE: _diagnose,
        commands.GET_FIRMWARE_VERSION: _get_firmware_version,
        commands.SAM_CONFIGURATION: _accept,
        commands.RF_CONFIGURATION: _rf_configuration,
        commands.IN_DATA_EXCHANGE: _in_data_exchange,
        commands.IN_DESELECT: _in_deselect,
        commands.IN_LIST_PASSIVE_TARGET: _list_passive_target,
        commands.IN_RELEASE: _in_release,
        _READ_REGISTER: _read_register,
        _WRITE_REGISTER: _write_register,
        _SET_PARAMETERS: _accept,
        _POWER_DOWN: _power_down,
        _IN_COMMUNICATE_THRU: _in_communicate_thru,
        _IN_SELECT: _in_select,
    }


def _damaged(frame: bytes) -> bytes:
    return frame[:-2] + bytes([frame[-2] ^ 0x55]) + frame[-1:]


def _without_cascade(uid: bytes) -> bytes:
    """Return the UID without the tag 88 that marks each level but the last."""
    return uid[1:] if len(uid) == 8 and uid[0] == 0x88 else uid
