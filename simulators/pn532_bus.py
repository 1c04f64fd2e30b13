"""A PN532 on I2C or SPI, as the host's end of the wires shows it: transfers in, bytes out.

A frame is gone once it was read, however little of it was; and nothing takes time but being asked,
which counts as POLL_S of the chip's own patience.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §6.2.4 and §6.2.5.
"""

from collections import deque

from device.errors import LinkLost
from simulators.chips.chip import Chip
from simulators.pn532 import WAKE_I2C, WAKE_SPI, Pn532Chip, Sent

POLL_S = 0.001

_READY = 0x01
_WRITE_DATA, _READ_STATUS, _READ_DATA = 0x01, 0x02, 0x03


class Pn532Bus:
    """One PN532 and what it has to say."""

    def __init__(self, wakes_by: int) -> None:
        self.chip = Pn532Chip()
        self.is_wired = True
        self.sleepy_transfers = 0  # How many more it does not acknowledge, for it is waking up.
        self.bytes_in = self.bytes_out = 0
        self._wakes_by = wakes_by
        self._frames: deque[bytes] = deque()
        self._asked_s = 0.0

    def place(self, chip: Chip) -> None:
        """Put a card on the reader."""
        self._hold(self.chip.place(chip))

    def remove(self, chip: Chip | None = None) -> None:
        """Take `chip` off the reader, or every card."""
        self.chip.remove(chip)

    def take(self, data: bytes) -> None:
        """Receive one frame."""
        self._asked_s = 0.0
        self.bytes_in += len(data)
        self._hold(self.chip.feed(data))

    def is_ready(self) -> bool:
        """Return whether there is something to say, once more POLL_S later."""
        self._asked_s += POLL_S
        patience_s = self.chip.patience_s
        if patience_s is not None and self._asked_s >= patience_s:
            self._hold(self.chip.give_up())
        return bool(self._frames)

    def say(self, size: int) -> bytes:
        """Return `size` bytes from the start of the next frame, and forget the frame."""
        self.bytes_out += size
        return self._frames.popleft()[:size].ljust(size, b"\x00")

    def meet(self) -> None:
        """Begin a transfer: it wakes the chip, if one is there."""
        self.chip.wake(self._wakes_by)
        if self.sleepy_transfers:
            self.sleepy_transfers -= 1
            raise LinkLost("nothing answers: not acknowledged")
        if not self.is_wired:
            raise LinkLost("nothing answers: no such device")

    def _hold(self, sent: list[Sent]) -> None:
        for item in sent:
            if item.afresh:
                self._frames.clear()
            if item.data:
                self._frames.append(item.data)


class SimulatedI2cNode:
    """The chip at its address; an `I2cNode`."""

    def __init__(self) -> None:
        self.bus = Pn532Bus(WAKE_I2C)

    def open(self) -> None:
        """Do nothing: a node opens whether a chip is there or not."""

    def close(self) -> None:
        """Do nothing."""

    def read(self, size: int) -> bytes:
        """Return the ready bit and, if it is set, what the chip says."""
        self.bus.meet()
        if not self.bus.is_ready():
            return bytes(size)
        return bytes([_READY]) + (self.bus.say(size - 1) if size > 1 else b"")

    def write(self, data: bytes) -> None:
        """Give the chip a frame."""
        self.bus.meet()
        self.bus.take(data)


class SimulatedSpiNode:
    """The chip behind its chip select; an `SpiNode`, whose bits arrive in the other order."""

    def __init__(self) -> None:
        self.bus = Pn532Bus(WAKE_SPI)

    def open(self) -> None:
        """Do nothing: a node opens whether a chip is there or not."""

    def close(self) -> None:
        """Do nothing."""

    def transfer(self, data: bytes) -> bytes:
        """Do what the first byte says; without a chip the line stays high."""
        if not self.bus.is_wired:
            return b"\xff" * len(data)
        self.bus.meet()
        turned = _turned(data)
        answer = bytes(len(turned))
        if turned[0] == _READ_STATUS:
            answer = bytes([0, _READY if self.bus.is_ready() else 0])
        elif turned[0] == _READ_DATA and self.bus.is_ready():
            answer = b"\x00" + self.bus.say(len(turned) - 1)
        elif turned[0] == _WRITE_DATA:
            self.bus.take(turned[1:])
        return _turned(answer)


def _turned(data: bytes) -> bytes:
    return bytes(sum((byte >> at & 1) << (7 - at) for at in range(8)) for byte in data)
