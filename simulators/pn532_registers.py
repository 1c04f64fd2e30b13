"""The registers of a PN532's contactless interface, as far as hosts reach for them.

Source: NXP PN532/C1 data sheet rev. 3.6 §8.6.23 (CIU registers); ISO/IEC 14443-3 annex B for the
checksum.
"""

TX_MODE, RX_MODE = 0x6302, 0x6303
FIFO_DATA, CONTROL = 0x6339, 0x633C
CRC_ENABLED = 0x80  # Of TxMode and RxMode.
FRAMING = 0x03

_LAST_BITS = 0x07


class Registers:
    """What was written to each address; everything else reads as zero."""

    def __init__(self) -> None:
        """Start as after power on."""
        self.values: dict[int, int] = {}

    def read(self, parameters: bytes) -> bytes:
        """ReadRegister, UM0701-02 §7.2.4."""
        places = [parameters[at] << 8 | parameters[at + 1] for at in range(0, len(parameters), 2)]
        return bytes(self.values.get(place, 0) for place in places)

    def write(self, parameters: bytes) -> bytes:
        """WriteRegister, UM0701-02 §7.2.5."""
        for at in range(0, len(parameters), 3):
            place = parameters[at] << 8 | parameters[at + 1]
            self.values[place] = parameters[at + 2]
        return b""

    def note_last_bits(self, bits: int) -> None:
        """Say how many bits of the last byte received count, 0 for all."""
        self.values[CONTROL] = self.values.get(CONTROL, 0) & ~_LAST_BITS | bits


def crc_a(data: bytes) -> bytes:
    """Return the checksum of a frame of type A, low byte first (ISO/IEC 14443-3 annex B)."""
    crc = 0x6363
    for byte in data:
        byte ^= crc & 0xFF
        byte = (byte ^ byte << 4) & 0xFF
        crc = crc >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4
    return (crc & 0xFFFF).to_bytes(2, "little")
