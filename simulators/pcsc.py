"""A PC/SC reader without service or USB: commands for it in, answers out, chips in its field.

It is an ACR122U: it knows value blocks, and frames for the PN532 inside. What it says when a card
refuses (63 00) is from its manual; how it treats a card that has stopped listening is assumed: it
says the same until the card is connected anew.

Source: ACS, ACR122U API V2.04 §3 to §6; PC/SC part 3 rev. 2.01.09.
"""

import threading

from device.errors import LinkLost
from device.nfc import classic, commands
from device.nfc.reader import CardGone
from simulators.chips.chip import FOUR_BITS, Chip
from simulators.chips.iso_dep import IsoDepReader

ACR122U = "ACS ACR122U PICC Interface 00 00"

_DONE, _FAILED, _UNKNOWN = b"\x90\x00", b"\x63\x00", b"\x6a\x81"
_NAMES = {0x08: 0x0001, 0x18: 0x0002, 0x00: 0x0003}
_OPERATIONS = {1: classic.INCREMENT, 2: classic.DECREMENT}


class SimulatedPcsc:
    """A `PcscPort` with one reader; its field may be changed from any thread."""

    def __init__(self, *chips: Chip, name: str = ACR122U) -> None:
        """Begin with `chips` in the field."""
        self.is_plugged_in = True
        self.transmitted: list[bytes] = []
        self._name = name
        self._field = list(chips)
        self._changed = threading.Condition()
        self._is_cancelled = False
        self._chip: Chip | None = None
        self._iso_dep: IsoDepReader | None = None
        self._key = b""
        self.tells_ats = True  # Part 3 §3.2.2.1.3 lets a reader not know that command.

    def place(self, chip: Chip) -> None:
        """Put `chip` on the reader."""
        with self._changed:
            self._field.append(chip)
            self._changed.notify_all()

    def remove(self) -> None:
        """Take everything off the reader."""
        for chip in self._field:
            chip.leave_field()
        self._field.clear()

    def open(self, name_prefix: str) -> str:
        """Return the reader's name, if it begins so."""
        self._check_plug()
        if not self._name.startswith(name_prefix):
            raise LinkLost(f"readers found: {self._name}; wanted one that begins {name_prefix!r}")
        return self._name

    def close(self) -> None:
        """Let go of the card."""
        self.disconnect()

    def wait(self, timeout_s: float) -> bool:
        """Return whether a card is there within `timeout_s`."""
        with self._changed:
            self._is_cancelled = False
            self._changed.wait_for(lambda: self._field or self._is_cancelled, timeout_s)
            self._check_plug()
            return bool(self._field) and not self._is_cancelled

    def cancel(self) -> None:
        """End `wait`."""
        with self._changed:
            self._is_cancelled = True
            self._changed.notify_all()

    def connect(self) -> bytes:
        """Select the first chip that answers and return the ATR made for it."""
        self._check_plug()
        self.disconnect()
        self._chip = next((chip for chip in self._field if chip.select()), None)
        if self._chip is None:
            raise CardGone("PC/SC: no smart card inserted")
        if self._chip.ats:
            self._iso_dep = IsoDepReader(self._chip)
            self._iso_dep.activate()
            return bytes.fromhex("3b8180018080")
        name = _NAMES.get(self._chip.sak, 0)
        return bytes.fromhex("3b8f8001804f0ca00000030603") + name.to_bytes(2, "big") + bytes(5)

    def disconnect(self) -> None:
        """Take the card's power."""
        if self._chip is not None:
            self._chip.leave_field()
        self._chip = self._iso_dep = None

    def transmit(self, apdu: bytes) -> bytes:
        """Return what card or reader answers."""
        self._check_plug()
        self.transmitted.append(apdu)
        if self._chip is None or self._chip not in self._field:
            raise CardGone("PC/SC: card was removed")
        if apdu[0] == 0xFF:
            return self._perform(self._chip, apdu[1], apdu[2:4], apdu[5:], apdu[4:5])
        assert self._iso_dep is not None
        status, answer = self._iso_dep.exchange(apdu)
        return answer if status == commands.OK else b"\x64\x01"

    def _perform(self, chip: Chip, code: int, place: bytes, data: bytes, le: bytes) -> bytes:
        match code:
            case 0xCA if place == b"\x00\x00":
                return chip.uid + _DONE
            case 0xCA if place == b"\x01\x00" and chip.ats and self.tells_ats:
                return chip.ats + _DONE
            case 0x82 if len(data) == classic.KEY_BYTES:
                self._key = data
                return _DONE
            case 0x86 if len(data) == 5:
                opening = bytes([data[3], data[2]]) + self._key + chip.uid[-4:]
                return _said(chip.exchange(opening))
            case 0xB0:
                return _said(chip.exchange(classic.read(place[1])), le[0])
            case 0xD6 if len(data) in (4, 16):
                writing = 0xA0 if len(data) == 16 else 0xA2
                return _said(chip.exchange(bytes([writing, place[1]]) + data))
            case 0xD7:
                return self._count(chip, place[1], data)
            case 0x00 if data[:2] == b"\xd4\x42":
                return _through(*chip.exchange_raw(data[2:]))
        return _UNKNOWN

    def _count(self, chip: Chip, block: int, data: bytes) -> bytes:
        if len(data) == 2 and data[0] == 3:
            first, target = bytes([classic.RESTORE, block]) + bytes(4), data[1]
        elif len(data) == 5 and data[0] in _OPERATIONS:
            first, target = bytes([_OPERATIONS[data[0]], block]) + data[:0:-1], block
        else:
            return _UNKNOWN
        loaded = _said(chip.exchange(first))
        if loaded != _DONE:
            return loaded
        return _said(chip.exchange(classic.transfer(target)))

    def _check_plug(self) -> None:
        if not self.is_plugged_in:
            raise LinkLost(f"{self._name} has been unplugged")


def _said(answer: tuple[int, bytes], most_bytes: int | None = None) -> bytes:
    status, data = answer
    return data[:most_bytes] + _DONE if status == commands.OK else _FAILED


def _through(status: int, data: bytes) -> bytes:
    """Return what a PN532 says of the answer to a frame: four bits have no CRC."""
    if status == FOUR_BITS:
        status, data = commands.CRC_ERROR, b""
    return bytes([commands.FROM_READER, 0x43, status]) + data + _DONE
