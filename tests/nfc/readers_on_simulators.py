"""Every reader that we drive, each on a simulator of what it expects."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from device.links.serial_link import SerialLink
from device.nfc.reader import Reader
from device.nfc.readers.bus_link import BusLink
from device.nfc.readers.libnfc import LibnfcReader
from device.nfc.readers.pcsc import PcscReader
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.pn532_buses import I2cBus, SpiBus
from simulators.chips.chip import Chip
from simulators.pcsc import ACR122U, SimulatedPcsc
from simulators.pn532_bus import SimulatedI2cNode, SimulatedSpiNode
from simulators.pn532_port import Pn532Port


class Field(Protocol):
    """Where cards are put and taken away."""

    def place(self, chip: Chip) -> None: ...
    def remove(self) -> None: ...


OpenedReader = AbstractAsyncContextManager[tuple[Reader, Field]]


@asynccontextmanager
async def over_serial() -> AsyncIterator[tuple[Reader, Field]]:
    port = Pn532Port()
    async with _opened(Pn532(SerialLink(port.start()))) as reader:
        yield reader, port
    port.stop()


@asynccontextmanager
async def over_i2c() -> AsyncIterator[tuple[Reader, Field]]:
    node = SimulatedI2cNode()
    async with _opened(Pn532(BusLink(I2cBus(node)))) as reader:
        yield reader, node.bus


@asynccontextmanager
async def over_spi() -> AsyncIterator[tuple[Reader, Field]]:
    node = SimulatedSpiNode()
    async with _opened(Pn532(BusLink(SpiBus(node)))) as reader:
        yield reader, node.bus


@asynccontextmanager
async def through_libnfc() -> AsyncIterator[tuple[Reader, Field]]:
    port = Pn532Port()
    async with _opened(LibnfcReader(f"pn532_uart:{port.start()}")) as reader:
        yield reader, port
    port.stop()


@asynccontextmanager
async def through_pcsc() -> AsyncIterator[tuple[Reader, Field]]:
    port = SimulatedPcsc()
    async with _opened(PcscReader(ACR122U, port)) as reader:
        yield reader, port


READERS: dict[str, Callable[[], OpenedReader]] = {
    "serial": over_serial,
    "i2c": over_i2c,
    "spi": over_spi,
    "libnfc": through_libnfc,
    "pcsc": through_pcsc,
}


@asynccontextmanager
async def _opened(reader: Reader) -> AsyncIterator[Reader]:
    await reader.open()
    try:
        yield reader
    finally:
        await reader.close()
