"""The reader that a configuration names, built from the modules that it needs and no others."""

from device.errors import DeviceError
from device.nfc.reader import Reader
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.reader_url import ReaderPlace, SerialPn532
from device.serial_link import SerialLink


def make_reader(place: ReaderPlace) -> Reader:
    """Return the reader at `place`, not yet opened.

    Raises:
        DeviceError: what drives it is not installed; the message says what to install.
    """
    match place:
        case SerialPn532(path=path, baud=baud):
            return Pn532(SerialLink(path, baud))
        case _:
            raise DeviceError(f"no driver for {place} is installed")
