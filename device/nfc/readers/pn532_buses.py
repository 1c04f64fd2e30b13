"""A PN532 on I2C and on SPI: how its readiness is asked and its frames are carried.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §6.2.4 for I2C (a byte with the ready bit comes
before all that is read) and §6.2.5 for SPI (a byte says what a transfer is; the least significant
bit goes first).
"""

from typing import Protocol

_READY = 0x01

_WRITE_DATA, _READ_STATUS, _READ_DATA = 0x01, 0x02, 0x03

# The kernel's SPI sends the most significant bit first, and few controllers can do otherwise.
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class I2cNode(Protocol):
    """One address on an I2C bus."""

    def open(self) -> None: ...
    def close(self) -> None: ...
    def read(self, size: int) -> bytes: ...
    def write(self, data: bytes) -> None: ...


class SpiNode(Protocol):
    """One chip select on an SPI bus; every transfer sends and receives as much."""

    def open(self) -> None: ...
    def close(self) -> None: ...
    def transfer(self, data: bytes) -> bytes: ...


class I2cBus:
    """`Bus` of a PN532 at its address."""

    def __init__(self, node: I2cNode) -> None:
        self._node = node
        self.open, self.close, self.write = node.open, node.close, node.write

    def is_ready(self) -> bool:
        """Return whether the chip has something to say."""
        return bool(self._node.read(1)[0] & _READY)

    def read(self, most_bytes: int) -> bytes:
        """Return the first bytes of what it says, none if it is not ready after all."""
        data = self._node.read(1 + most_bytes)
        return data[1:] if data[0] & _READY else b""


class SpiBus:
    """`Bus` of a PN532 behind its chip select."""

    def __init__(self, node: SpiNode) -> None:
        self._node = node
        self.open, self.close = node.open, node.close

    def is_ready(self) -> bool:
        """Return whether the chip has something to say."""
        # Nothing but this: a line without a chip is all ones.
        return self._transfer(bytes([_READ_STATUS, 0]))[1] == _READY

    def read(self, most_bytes: int) -> bytes:
        """Return the first bytes of what it says."""
        return self._transfer(bytes([_READ_DATA]) + bytes(most_bytes))[1:]

    def write(self, frame: bytes) -> None:
        """Send one frame."""
        self._transfer(bytes([_WRITE_DATA]) + frame)

    def _transfer(self, data: bytes) -> bytes:
        return self._node.transfer(data.translate(_TURNED)).translate(_TURNED)
