"""The reader that a configuration names, built from the modules that it needs and no others."""

import random

from device.links.serial_link import SerialLink
from device.nfc.reader import DriverMissing, Reader
from device.nfc.readers.bus_link import BusLink
from device.nfc.readers.kernel_nodes import KernelI2cNode, KernelSpiNode
from device.nfc.readers.pcsc import PcscPort, PcscReader
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.pn532_buses import I2cBus, SpiBus
from device.nfc.readers.reader_url import (
    I2cPn532,
    LibnfcPlace,
    PcscPlace,
    ReaderPlace,
    ResetLine,
    SerialPn532,
    SpiPn532,
)
from device.nfc.readers.reset_pulse import ResetPin, ResetPulse
from device.nfc.readers.stuck_speed import StuckSpeed
from device.nfc.readers.supervisor import Rescue, Supervisor
from loyalty.clock import Clock


def supervised_reader(
    place: ReaderPlace, reset: ResetLine | None, *, clock: Clock, rng: random.Random
) -> Supervisor:
    """Return the reader at `place` with one who looks after it; it is not yet opened.

    Raises:
        DriverMissing: what drives it is not installed.
    """
    rescues: list[Rescue] = []
    if isinstance(place, SerialPn532):
        rescues.append(StuckSpeed(place.path, place.baud))
    if reset is not None:
        rescues.append(ResetPulse(_gpio_pin(reset), clock))
    return Supervisor(make_reader(place), clock=clock, rng=rng, rescues=rescues)


def make_reader(place: ReaderPlace) -> Reader:
    """Return the reader at `place`, not yet opened and with nobody to look after it.

    Raises:
        DriverMissing: what drives it is not installed.
    """
    match place:
        case SerialPn532(path=path, baud=baud):
            return Pn532(SerialLink(path, baud))
        case LibnfcPlace(connection=connection):
            # Imported only where it is configured: it loads libraries that a PN532 does not need.
            from device.nfc.readers.libnfc import LibnfcReader

            return LibnfcReader(connection)
        case PcscPlace(name_prefix=name_prefix):
            return PcscReader(name_prefix, _pcsc_port())
        case I2cPn532(path=path, address=address):
            return Pn532(BusLink(I2cBus(KernelI2cNode(path, address))))
        case SpiPn532(path=path, hz=hz):
            return Pn532(BusLink(SpiBus(KernelSpiNode(path, hz))))


def _pcsc_port() -> PcscPort:
    try:
        from device.nfc.readers.pyscard_port import PyscardPort
    except ImportError as error:
        wanted = "`apt install pcscd libpcsclite1` and `pip install revisit[pcsc]`"
        raise DriverMissing(f"a PC/SC reader wants {wanted}: {error}") from error
    return PyscardPort()


def _gpio_pin(reset: ResetLine) -> ResetPin:
    try:
        from device.nfc.readers.gpio_pin import GpioPin
    except ImportError as error:
        raise DriverMissing(f"a reset line wants `pip install revisit[gpio]`: {error}") from error
    return GpioPin(reset.chip, reset.line)
