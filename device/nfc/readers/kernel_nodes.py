"""I2C and SPI through the device nodes of Linux.

Source: the kernel's Documentation/i2c/dev-interface.rst and Documentation/spi/spidev.rst, and the
request numbers of include/uapi/linux/i2c-dev.h and spi/spidev.h as they are on arm, arm64 and x86.
"""

import ctypes
import fcntl
import os
import struct

from device.errors import LinkBusy, LinkLost

_I2C_SLAVE = 0x0703

_SPI_WR_MODE, _SPI_WR_BITS_PER_WORD, _SPI_WR_MAX_SPEED_HZ = 0x40016B01, 0x40016B03, 0x40046B04
_SPI_MESSAGE_OF_ONE = 0x40206B00
# spi_ioc_transfer: both buffers, length, speed, delay, bits, chip select change, four unused.
_SPI_TRANSFER = struct.Struct("=QQIIHBB4x")
_SPI_MODE_0, _BITS_PER_WORD = 0, 8


class _Node:
    """A device node that one program of ours has open at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1

    def close(self) -> None:
        """Give the node back; closing twice does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._set_up()
        except BlockingIOError as error:
            self.close()
            raise LinkBusy(f"{self._path} is used by another program") from error
        except OSError as error:
            self.close()
            raise LinkLost(f"cannot open {self._path}: {error.strerror}") from error

    def _set_up(self) -> None:
        raise NotImplementedError


class KernelI2cNode(_Node):
    """`I2cNode` of the bus `path`; its clock is set for the whole bus, in the device tree."""

    def __init__(self, path: str, address: int) -> None:
        super().__init__(path)
        self._address = address

    def open(self) -> None:
        """Take the address for this program alone. Raises LinkLost or LinkBusy."""
        self._open()

    def read(self, size: int) -> bytes:
        """Return `size` bytes; raises LinkLost if nobody is at the address."""
        try:
            return os.read(self._fd, size)
        except OSError as error:
            raise LinkLost(self._lost(error)) from error

    def write(self, data: bytes) -> None:
        """Send `data` in one transfer; raises LinkLost if nobody is at the address."""
        try:
            os.write(self._fd, data)
        except OSError as error:
            raise LinkLost(self._lost(error)) from error

    def _set_up(self) -> None:
        fcntl.ioctl(self._fd, _I2C_SLAVE, self._address)

    def _lost(self, error: OSError) -> str:
        return f"nothing answers at 0x{self._address:02x} of {self._path}: {error}"


class KernelSpiNode(_Node):
    """`SpiNode` of the device `path`, at `hz` at most."""

    def __init__(self, path: str, hz: int) -> None:
        super().__init__(path)
        self._hz = hz

    def open(self) -> None:
        """Take the device for this program alone. Raises LinkLost or LinkBusy."""
        self._open()

    def transfer(self, data: bytes) -> bytes:
        """Send `data` and return what came meanwhile; raises LinkLost if the kernel cannot."""
        sent = ctypes.create_string_buffer(data, len(data))
        received = ctypes.create_string_buffer(len(data))
        message = _SPI_TRANSFER.pack(
            ctypes.addressof(sent),
            ctypes.addressof(received),
            len(data),
            self._hz,
            0,
            _BITS_PER_WORD,
            0,
        )
        try:
            fcntl.ioctl(self._fd, _SPI_MESSAGE_OF_ONE, message)
        except OSError as error:
            raise LinkLost(f"{self._path} does not transfer: {error}") from error
        return received.raw

    def _set_up(self) -> None:
        fcntl.ioctl(self._fd, _SPI_WR_MODE, struct.pack("=B", _SPI_MODE_0))
        fcntl.ioctl(self._fd, _SPI_WR_BITS_PER_WORD, struct.pack("=B", _BITS_PER_WORD))
        fcntl.ioctl(self._fd, _SPI_WR_MAX_SPEED_HZ, struct.pack("=I", self._hz))
