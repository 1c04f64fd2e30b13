"""A PN532 as its host sees it: bytes in, bytes out with their delays, no I/O.

It does what libnfc 1.8, nfcpy 1.0 and our own drivers need of the chip; a command that it does not
know is a syntax error. How long it thinks is not known, so it takes no time of its own.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §6.2 for frames and §7 for commands; what a card
takes is told by its chip.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from device.nfc import commands, frames
from simulators.chips.chip import Chip
from simulators.pn532_field import Field
from simulators.pn532_initiator import Initiator
from simulators.pn532_registers import Registers

FIRMWARE = bytes.fromhex("32010607")  # A PN532, firmware 1.6.
BAUD = 115200

# What may wake the chip, as PowerDown (§7.2.11) counts it.
WAKE_I2C, WAKE_SPI, WAKE_UART = 0x80, 0x20, 0x10

_GET_GENERAL_STATUS, _READ_REGISTER, _WRITE_REGISTER = 0x04, 0x06, 0x08
_SET_SERIAL_BAUD_RATE, _SET_PARAMETERS, _POWER_DOWN = 0x10, 0x12, 0x16
_IN_SELECT, _IN_AUTO_POLL = 0x54, 0x60
_ECHO, _TEST_ROM, _TEST_RAM, _TEST_PRESENCE = 0x00, 0x01, 0x02, 0x06
_BAUDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)  # §7.2.8
_WAKE_EDGES = 5  # §7.2.11: rising edges on the line that wake it.


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
    HANG = "hang"  # Neither this command nor any other is heard until a reset.


class Pn532Chip:
    """One PN532; it sleeps until it is woken, as after power on."""

    def __init__(self, *, firmware: bytes = FIRMWARE) -> None:
        """Tell `firmware` to whoever asks."""
        self.field = Field()
        self.commands_seen: dict[int, int] = {}
        self._firmware = firmware
        self._faults: list[tuple[Fault | None, int | None]] = []
        self._registers = Registers()
        self._initiator = initiator = Initiator(self.field, self._registers)
        self._perform_by_code: dict[int, Callable[[bytes], bytes | None]] = {
            commands.DIAGNOSE: self._diagnose,
            commands.GET_FIRMWARE_VERSION: self._get_firmware_version,
            _GET_GENERAL_STATUS: self._get_general_status,
            _READ_REGISTER: self._registers.read,
            _WRITE_REGISTER: self._registers.write,
            _SET_SERIAL_BAUD_RATE: self._set_serial_baud_rate,
            _SET_PARAMETERS: self._set_parameters,
            commands.SAM_CONFIGURATION: self._sam_configuration,
            _POWER_DOWN: self._power_down,
            commands.RF_CONFIGURATION: self._rf_configuration,
            commands.IN_DATA_EXCHANGE: initiator.data_exchange,
            commands.IN_COMMUNICATE_THRU: initiator.communicate_thru,
            commands.IN_DESELECT: initiator.deselect,
            commands.IN_LIST_PASSIVE_TARGET: initiator.list_passive_target,
            commands.IN_RELEASE: initiator.release,
            _IN_SELECT: initiator.select,
            _IN_AUTO_POLL: initiator.auto_poll,
        }
        self.reset()

    def reset(self) -> None:
        """Lose everything but what lies in the field, as the line RSTPDN or lost power do it."""
        self.baud = BAUD
        self._next_baud: int | None = None
        self._wakes_on = WAKE_I2C | WAKE_SPI | WAKE_UART
        self._asleep = True
        self._hangs = False
        self._edges = 0
        self._frames = frames.FrameReader()
        self._last_answer = b""
        self._waiting_command = 0
        self._registers.values.clear()
        self._initiator.reset()
        self.field.switch(on=False)

    def hears(self, baud: int) -> bool:
        """Return whether bytes at this speed make sense, the one it is about to use included."""
        return baud in (self.baud, self._next_baud)

    def wake(self, by: int) -> None:
        """End the sleep if it ends by this."""
        if self._wakes_on & by:
            self._asleep = False

    def feed(self, data: bytes) -> list[Sent]:
        """Return what the chip sends because `data` arrived."""
        sent: list[Sent] = []
        for kind, body in self._frames.feed(self._after_waking(data)):
            if self._hangs:
                break
            if kind == frames.ACKNOWLEDGED:
                sent += self._on_host_ack()
            elif kind == frames.NOT_ACKNOWLEDGED:
                sent.append(Sent(self._last_answer))
            elif kind == frames.INFORMATION:
                sent += self._on_command(body)
        return sent

    def place(self, chip: Chip) -> list[Sent]:
        """Put `chip` into the field; return the answer of a command that was waiting for it."""
        self.field.place(chip)
        if self._initiator.retry is None:
            return []
        self._initiator.air_s = 0.0
        answer = self._initiator.retry()
        return [] if answer is None else [self._answer_waiting(answer)]

    def remove(self, chip: Chip | None = None) -> None:
        """Take `chip` out of the field, or everything."""
        self.field.remove(chip)

    @property
    def patience_s(self) -> float | None:
        """How long a command that waits for a card still would; None if for ever, or none does."""
        return self._initiator.patience_s

    def give_up(self) -> list[Sent]:
        """Return the answer of the command whose `patience_s` is over."""
        if self._initiator.retry is None:
            return []
        return [self._answer_waiting(b"\x00")]

    def fail(
        self, fault: Fault, *, command: int | None = None, after: int = 0, times: int = 1
    ) -> None:
        """Let `times` commands (those with the code `command`) meet `fault`, `after` others."""
        self._faults += [(None if at < after else fault, command) for at in range(after + times)]

    def _after_waking(self, data: bytes) -> bytes:
        """Return what is heard of `data`: nothing before the line has woken the chip."""
        for at, byte in enumerate(data):
            if not self._asleep:
                return data[at:]
            self._edges += _rising_edges(byte)
            if self._edges >= _WAKE_EDGES:
                self.wake(WAKE_UART)
        return b""

    def _on_host_ack(self) -> list[Sent]:
        if self._next_baud is not None:
            self.baud, self._next_baud = self._next_baud, None
        self._stop_waiting()
        return [Sent(b"", afresh=True)]

    def _on_command(self, body: bytes) -> list[Sent]:
        if len(body) < 2 or body[0] != commands.TO_READER:
            return [Sent(frames.ACK, afresh=True), Sent(frames.SYNTAX_ERROR)]
        code = body[1]
        self.commands_seen[code] = self.commands_seen.get(code, 0) + 1
        fault = self._take_fault(code)
        if fault is Fault.HANG:
            self._hangs = True
        if fault in (Fault.NO_ACK, Fault.HANG):
            return []
        if fault is Fault.NACK:
            return [Sent(frames.NACK, afresh=True)]
        self._stop_waiting()  # A new command ends the one before it.
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
        perform = self._perform_by_code.get(code)
        self._initiator.air_s = 0.0
        try:
            answer = None if perform is None else perform(parameters)
        except IndexError:  # Parameters are missing, or not among those that we know.
            perform = None
        if perform is None:
            return [Sent(frames.SYNTAX_ERROR)]
        if answer is None:
            self._waiting_command = code
            return []
        return [self._answer(code, answer)]

    def _answer(self, code: int, data: bytes) -> Sent:
        self._last_answer = frames.encode(bytes([commands.FROM_READER, code + 1]) + data)
        return Sent(self._last_answer, self._initiator.air_s)

    def _answer_waiting(self, data: bytes) -> Sent:
        self._stop_waiting()
        return self._answer(self._waiting_command, data)

    def _stop_waiting(self) -> None:
        self._initiator.retry = self._initiator.patience_s = None

    def _diagnose(self, parameters: bytes) -> bytes:
        test = parameters[0]
        if test == _ECHO:
            return parameters
        if test == _TEST_PRESENCE:
            return b"\x00" if self._initiator.is_present() else b"\x01"
        if test not in (_TEST_ROM, _TEST_RAM):
            raise IndexError(f"test {test} is not modelled")
        return b"\x00"

    def _get_firmware_version(self, _: bytes) -> bytes:
        return self._firmware

    def _get_general_status(self, _: bytes) -> bytes:
        """§7.2.3: last error, field, targets with their speeds (106 kbit/s) and kind, SAM."""
        numbers = self._initiator.numbers()
        targets = b"".join(bytes([number, 0, 0, 0]) for number in numbers)
        return bytes([0, self.field.powered, len(numbers)]) + targets + b"\x00"

    def _set_serial_baud_rate(self, parameters: bytes) -> bytes:
        self._next_baud = _BAUDS[parameters[0]]  # Used once the host has acknowledged the answer.
        return b""

    def _set_parameters(self, parameters: bytes) -> bytes:
        self._initiator.set_parameters(parameters[0])
        return b""

    def _sam_configuration(self, parameters: bytes) -> bytes:
        if parameters[0] != 0x01:
            raise IndexError("only the normal mode, without a SAM, is modelled")
        return b""

    def _power_down(self, parameters: bytes) -> bytes:
        self._wakes_on, self._edges = parameters[0], 0
        self._asleep = True
        self.field.switch(on=False)
        self._initiator.forget()
        return b"\x00"

    def _rf_configuration(self, parameters: bytes) -> bytes:
        item = parameters[0]
        if item == 0x01:
            self.field.switch(on=bool(parameters[1] & 1))
            if not self.field.powered:
                self._initiator.forget()
        elif item == 0x05:
            self._initiator.set_retries(parameters[3])
        return b""


def _rising_edges(byte: int) -> int:
    """Return how often a UART's line rises for `byte`: idle high, start bit, eight bits, stop."""
    bits = byte << 1 | 0x200
    return (~bits & bits >> 1).bit_count()


def _damaged(frame: bytes) -> bytes:
    return frame[:-2] + bytes([frame[-2] ^ 0x55]) + frame[-1:]
