"""What every card chip is to a reader: selected, spoken to, and torn away at any byte."""

from collections.abc import Collection
from typing import Protocol

from device.nfc import commands

# A status beside those of the PN532: the chip answered with four bits, not with bytes. They are the
# low half of the one byte of data: 0xA acknowledges, anything else refuses (ISO/IEC 14443-3 leaves
# them to the maker; NXP MF1S50YYX §9.3, MF0ULX1 §9.3).
FOUR_BITS = 0x100
ACKNOWLEDGED = (FOUR_BITS, b"\x0a")

SILENT = (commands.TIMED_OUT, b"")
DONE = (commands.OK, b"")

_BIT_S = 128 / 13.56e6  # At 106 kbit/s (ISO/IEC 14443-2 §8.2).
_FRAME_DELAY_S = 1236 / 13.56e6  # From a command's last bit to the answer (14443-3 §6.2.1.1).
_BITS_PER_BYTE = 9  # Eight and parity.
_BITS_PER_FRAME = 2  # Start and end of communication.
_CRC_BYTES = 2


class Chip(Protocol):
    """Something in the field that a reader can select.

    `ats` is the answer to select with its length byte in front, empty for a chip that does not
    speak ISO/IEC 14443-4. `took_s` is how long the last exchange took, on the air and in the chip.
    """

    uid: bytes
    atqa: bytes
    sak: int
    ats: bytes
    took_s: float

    def select(self, *, wake: bool = True) -> bool:
        """Answer a search and be selected; False if the chip does not answer.

        With `wake` the search is a WUPA, which halted chips answer too; without, it is a REQA.
        """
        ...

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        """Return the status (as a PN532 reports it) and data for a MIFARE command.

        The command is written as the PN532's InDataExchange takes it (`device.nfc.classic`). Chips
        of ISO/IEC 14443-4 are spoken to by `exchange_raw` alone.
        """
        ...

    def exchange_raw(self, frame: bytes) -> tuple[int, bytes]:
        """Return (OK, bytes), (FOUR_BITS, byte) or SILENT for a frame; neither has its CRC."""
        ...

    def halt(self) -> None:
        """Fall silent until woken."""
        ...

    def leave_field(self) -> None:
        """Lose power, and with it all but the memory."""
        ...


class Activation:
    """Where a type A chip stands between power and a reader's attention (ISO/IEC 14443-3 §6.3)."""

    def __init__(self) -> None:
        """Start in the state IDLE, as any chip that comes into a field."""
        self.active = False
        self.halted = False

    def select(self, *, wake: bool) -> bool:
        """Become active if such a search reaches the chip in its state; return whether it did."""
        self.active = wake or not self.halted
        return self.active

    def lapse(self) -> None:
        """Go back, after an error, to the state from which the chip was selected."""
        self.active = False

    def halt(self) -> None:
        """Fall silent until a search that wakes."""
        self.active, self.halted = False, True

    def lose_power(self) -> None:
        """Be as new when power comes back."""
        self.active = self.halted = False


class Nvm:
    """Memory that keeps without power, and that lost power tears at any byte.

    Tear model: bytes are programmed in order, and the one that was being programmed is left as a
    mixture of old and new. Real EEPROM may also leave bits that read differently each time; that is
    not modelled.
    """

    def __init__(self, cells: bytes) -> None:
        """Hold `cells`."""
        self.cells = bytearray(cells)
        # How many more bytes can be programmed before power fails; None is for ever.
        self.bytes_until_power_loss: int | None = None
        self.bytes_programmed = 0
        self.torn = False  # Power failed in a write; only leaving the field brings it back.
        self.worn: Collection[int] = ()  # Where bytes no longer take what is written.

    def program(self, at: int, data: bytes, *, shadowed: bool = False) -> bool:
        """Replace the bytes from `at` on; False if power failed before or right after the last.

        A chip that protects a place against tearing programs it `shadowed`: a copy first, which
        counts only once it is whole.
        """
        room = self.bytes_until_power_loss
        written = len(data) if room is None else min(room, len(data))
        self.bytes_programmed += written
        if room is not None:
            self.bytes_until_power_loss = room - written
            self.torn = written == room
        if written == len(data):
            self._set(at, data)
        elif not shadowed:
            mixed = self.cells[at + written] | data[written]
            self._set(at, data[:written] + bytes([mixed]))
        return not self.torn

    def regain_power(self) -> None:
        """Start afresh after the field was left; what was torn stays as it is."""
        if self.torn:
            self.torn, self.bytes_until_power_loss = False, None

    def _set(self, at: int, data: bytes) -> None:
        for place, byte in enumerate(data, at):
            if place not in self.worn:
                self.cells[place] = byte


def air_s(sent_bytes: int, answer_bytes: int) -> float:
    """Return how long a command and its answer are on the air at 106 kbit/s, CRC bytes added."""
    return (
        (sent_bytes + answer_bytes + 2 * _CRC_BYTES) * _BITS_PER_BYTE + 2 * _BITS_PER_FRAME
    ) * _BIT_S + 2 * _FRAME_DELAY_S
