"""A PN532's commands as initiator: how it finds cards and carries frames to them.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §7.3; the section is named at each command.
Assumed: a search without UID is a REQA, so halted cards stay hidden (the FIFO holds its 26 after
one that found nothing; libnfc finds several cards that way), one for a UID is a WUPA; InAutoPoll
reports cards of ISO/IEC 14443-4 as type 20 only; InDataExchange selects its card by itself. Cards
of type B, FeliCa and Jewel do not exist here, nor do frames of seven bits.
"""

from collections.abc import Callable

from device.nfc import commands
from simulators.chips.chip import FOUR_BITS, Chip
from simulators.chips.iso_dep import IsoDepReader
from simulators.pn532_field import Field, InField
from simulators.pn532_registers import (
    CRC_ENABLED,
    FIFO_DATA,
    FRAMING,
    RX_MODE,
    TX_MODE,
    Registers,
    crc_a,
)

_TYPE_A_106, _TYPE_B_106 = 0x00, 0x03
_POLL_ANY, _POLL_MIFARE, _POLL_ISO_DEP = 0x00, 0x10, 0x20
_POLL_PERIOD_S = 0.15
_POLL_FOR_EVER = 0xFF
_REQA = 0x26
_SPEAKS_ISO_DEP = 0x20  # SAK, ISO/IEC 14443-3 §6.5.3.4.
_AUTOMATIC_RATS = 0x10  # SetParameters, §7.2.9.
_SELECT_S = 0.003  # NXP MF1S5009 rev. 3, figure 5; as much again for each collision.
_MORE = 0x40
_TARGET = 0x0F
_SEARCHES_MAX = 256  # Until a search that may go on for ever gives up on a weak field.
_CHECKSUM_ERROR = 0x02


class Target:
    """A card that was found, and the block protocol that it speaks, if it does."""

    def __init__(self, chip: InField) -> None:
        """Be the card `chip`, selected, before its protocol is activated."""
        self.chip = chip
        self.iso_dep: IsoDepReader | None = None
        self.sent = b""  # Of an APDU that comes in parts.
        self.left = b""  # Of an answer that goes in parts.

    def activate(self) -> bytes:
        """Begin the block protocol and return the chip's answer to select; empty for silence."""
        reader = IsoDepReader(self.chip)
        ats = reader.activate()
        self.iso_dep = None if ats is None else reader
        return ats or b""

    def listed(self, ats: bytes) -> bytes:
        """Return the target data of §7.3.5, without the number."""
        chip = self.chip
        return chip.atqa + bytes([chip.sak, len(chip.uid)]) + chip.uid + ats


class Initiator:
    """What the PN532 knows about cards; `air_s` is how long the last command was on the air.

    A command returns its answer's bytes, or None while it waits for a card. Then `retry` tries once
    more, and `patience_s` says how long the chip itself would wait, None for ever.
    """

    def __init__(self, field: Field, registers: Registers) -> None:
        """Search `field`, as `registers` say."""
        self._field = field
        self._registers = registers
        self.reset()

    def reset(self) -> None:
        """Forget cards and settings."""
        self.retry: Callable[[], bytes | None] | None = None
        self.patience_s: float | None = None
        self.air_s = 0.0
        self._retries = commands.RETRY_FOR_EVER
        self._automatic_rats = True
        self.forget()

    def forget(self) -> None:
        """Forget cards."""
        self._targets: dict[int, Target] = {}
        self._current = 0

    def set_retries(self, retries: int) -> None:
        """Search `retries` more times (§7.3.1, item 5)."""
        self._retries = retries

    def set_parameters(self, flags: int) -> None:
        """Activate the block protocol by itself, or not (§7.2.9)."""
        self._automatic_rats = bool(flags & _AUTOMATIC_RATS)

    def numbers(self) -> list[int]:
        """Return the numbers of the cards that it knows."""
        return list(self._targets)

    def list_passive_target(self, parameters: bytes) -> bytes | None:
        """InListPassiveTarget, §7.3.5."""
        most, kind, wanted = parameters[0], parameters[1], _without_cascade(parameters[2:])
        framing = _TYPE_B_106 if kind == _TYPE_B_106 else 0
        self._registers.values[TX_MODE] = self._registers.values[RX_MODE] = CRC_ENABLED | framing

        def attempt() -> bytes | None:
            if kind != _TYPE_A_106:
                return None
            found = self._search(most, wanted)
            listed = b"".join(bytes([number]) + data for number, data in found.items())
            return bytes([len(found)]) + listed if found else None

        answer = attempt()
        if answer is not None:
            return answer
        if self._retries == commands.RETRY_FOR_EVER:
            self.retry, self.patience_s = attempt, None
            return None
        if not wanted:
            self._registers.values[FIFO_DATA] = _REQA
        self.air_s = _SELECT_S * (self._retries + 1)
        return b"\x00"

    def auto_poll(self, parameters: bytes) -> bytes | None:
        """InAutoPoll, §7.3.13."""
        times, periods, kinds = parameters[0], parameters[1], parameters[2:]
        if not kinds:
            raise IndexError("no type to poll for")
        self._registers.values[TX_MODE] = self._registers.values[RX_MODE] = CRC_ENABLED

        def attempt() -> bytes | None:
            for kind in kinds:
                if kind in (_POLL_ANY, _POLL_MIFARE, _POLL_ISO_DEP):
                    for data in self._search(1, b"", kind).values():
                        return bytes([1, kind, len(data) + 1, 1]) + data
            return None

        answer = attempt()
        if answer is None:
            self.retry = attempt
            endless = times == _POLL_FOR_EVER
            self.patience_s = None if endless else times * periods * _POLL_PERIOD_S * len(kinds)
        return answer

    def data_exchange(self, parameters: bytes) -> bytes:
        """InDataExchange, §7.3.8."""
        target = self._make_current(parameters[0] & _TARGET)
        if target is None:
            return bytes([commands.WRONG_CONTEXT])
        if target.iso_dep is None:
            status, data = target.chip.exchange(parameters[1:])
            self.air_s += target.chip.took_s
            return bytes([status]) + data
        if target.left and not parameters[1:]:
            return _in_parts(target, commands.OK)
        target.sent += parameters[1:]
        if parameters[0] & _MORE:
            return bytes([commands.OK])
        apdu, target.sent = target.sent, b""
        status, target.left = target.iso_dep.exchange(apdu)
        self.air_s += target.iso_dep.took_s
        return _in_parts(target, status)

    def communicate_thru(self, frame: bytes) -> bytes:
        """InCommunicateThru, §7.3.9, with the framing that the registers say."""
        target, registers = self._targets.get(self._current), self._registers.values
        if not registers.get(TX_MODE, CRC_ENABLED) & CRC_ENABLED:
            frame = frame[:-2] if frame[-2:] == crc_a(frame[:-2]) else b""
        if target is None or not frame or registers.get(TX_MODE, 0) & FRAMING != _TYPE_A_106:
            # §7.3.9 knows no such error: nobody understands the frame, so nobody answers.
            return bytes([commands.TIMED_OUT])
        status, data = target.chip.exchange_raw(frame)
        self.air_s = target.chip.took_s
        checks_crc = bool(registers.get(RX_MODE, CRC_ENABLED) & CRC_ENABLED)
        self._registers.note_last_bits(4 if status == FOUR_BITS else 0)
        if status == FOUR_BITS:
            return bytes([_CHECKSUM_ERROR]) if checks_crc else bytes([commands.OK]) + data
        if status != commands.OK or checks_crc:
            return bytes([status]) + data
        return bytes([status]) + data + crc_a(data)

    def deselect(self, parameters: bytes) -> bytes:
        """InDeselect, §7.3.10."""
        for target in self._meant(parameters[0]):
            if target.iso_dep is None:
                target.chip.halt()
            else:
                target.iso_dep.deselect()
        if parameters[0] in (0, self._current):
            self._current = 0
        return bytes([commands.OK])

    def release(self, parameters: bytes) -> bytes:
        """InRelease, §7.3.11."""
        answer = self.deselect(parameters)
        meant = self._meant(parameters[0])
        self._targets = {at: it for at, it in self._targets.items() if it not in meant}
        return answer

    def select(self, parameters: bytes) -> bytes:
        """InSelect, §7.3.12."""
        self.air_s = _SELECT_S
        known = parameters[0] in self._targets
        if self._make_current(parameters[0]) is not None:
            return bytes([commands.OK])
        return bytes([commands.TIMED_OUT if known else commands.WRONG_CONTEXT])

    def is_present(self) -> bool:
        """Return whether the current card answers a block that it must answer (§7.2.1, test 6)."""
        target = self._targets.get(self._current)
        if target is None or target.iso_dep is None:
            return False
        return any(
            target.chip.exchange_raw(bytes([block]))[0] == commands.OK for block in (0xB2, 0xB3)
        )

    def _search(self, most: int, wanted: bytes, kind: int = _POLL_ANY) -> dict[int, bytes]:
        """Select up to `most` cards, the last of them at the end; return their data by number."""
        self._field.switch(on=True)
        self.forget()
        found: dict[int, bytes] = {}
        for _ in range(_SEARCHES_MAX if self._retries == commands.RETRY_FOR_EVER else 1):
            for chip in list(self._field.chips):
                if len(found) == most:
                    break
                if (not wanted or chip.uid == wanted) and _is_of_kind(chip, kind):
                    self._try_to_add(found, InField(chip, self._field), wake=bool(wanted))
            if found or not self._field.is_weak:
                break
        self.air_s += _SELECT_S * max(1, len(found))
        return found

    def _try_to_add(self, found: dict[int, bytes], chip: InField, *, wake: bool) -> None:
        if self._current:
            self._targets[self._current].chip.halt()  # So that the next one answers alone.
        if not chip.select(wake=wake):
            return
        target = Target(chip)
        ats = b""
        if chip.sak & _SPEAKS_ISO_DEP and self._automatic_rats:
            ats = target.activate()
            self.air_s += chip.took_s
        self._current = len(found) + 1
        self._targets[self._current] = target
        found[self._current] = target.listed(ats)

    def _make_current(self, number: int) -> Target | None:
        """Return the card `number`, selected; the one before is halted meanwhile."""
        target = self._targets.get(number)
        if target is None or number == self._current:
            return target
        if self._current:
            self._targets[self._current].chip.halt()
        self._current = 0
        if not target.chip.select():
            return None
        if target.iso_dep is not None:
            target.activate()
        self._current = number
        return target

    def _meant(self, number: int) -> list[Target]:
        return [target for at, target in self._targets.items() if number in (0, at)]


def _in_parts(target: Target, status: int) -> bytes:
    """Return the next part of an answer, as much as a frame holds (§7.3.8)."""
    part, target.left = (
        target.left[: commands.DATA_MAX_BYTES],
        target.left[commands.DATA_MAX_BYTES :],
    )
    return bytes([status | (_MORE if target.left else 0)]) + part


def _is_of_kind(chip: Chip, kind: int) -> bool:
    speaks = bool(chip.sak & _SPEAKS_ISO_DEP)
    return kind == _POLL_ANY or speaks == (kind == _POLL_ISO_DEP)


def _without_cascade(uid: bytes) -> bytes:
    """Return the UID without the tag 88 that marks each level but the last."""
    return uid[1:] if len(uid) == 8 and uid[0] == 0x88 else uid
