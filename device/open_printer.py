"""The driver of the printer that a configuration names, on an open link."""

import asyncio
from contextlib import AsyncExitStack

from device.display.printers.eps3_printer import Eps3Printer
from device.display.printers.evolis_printer import EvolisPrinter, installed_sdk
from device.display.printers.ipp_printer import IppPrinter
from device.display.printers.printer import CardPrinter
from device.display.printers.star_printer import StarPrinter, StarTimings
from device.display.printers.urls import (
    Eps3Url,
    EvolisUrl,
    IppUrl,
    PrinterUrl,
    SerialPlace,
    StarUrl,
    TcpPlace,
)
from device.errors import DeviceError, LinkLost
from device.links.reopened_link import ReopenedLink
from device.links.serial_link import SerialLink
from device.links.tcp_link import TcpLink
from device.nfc.reader import CardGone
from device.nfc.readers.supervisor import Supervisor

LOOK_S = 0.3  # for a card before the antenna


async def open_printer(
    url: PrinterUrl, opened: AsyncExitStack, *, reader: Supervisor
) -> CardPrinter:
    """Return the driver for `url`; `opened` closes its link.

    A printer that cannot tell where its card is has the antenna of `reader` inside.

    Raises:
        DeviceError: there is no such port, or another program has it.
    """
    match url:
        case StarUrl(place=place, preset=preset):
            return StarPrinter(
                await _open(place, opened),
                monotonic_s=asyncio.get_running_loop().time,
                timings=StarTimings(rewrite_s=preset.rewrite_s),
                erases=preset.erases,
            )
        case Eps3Url(place=place):
            return Eps3Printer(await _open(place, opened))
        case IppUrl(place=TcpPlace(host=host, port=port), path=path):
            return IppPrinter(
                TcpLink(host, port), _Antenna(reader), host=host, port=port, path=path
            )
        case EvolisUrl(name=name, film=film):
            evolis = EvolisPrinter(installed_sdk(), _Antenna(reader), name=name, film=film)
            await evolis.open()
            opened.push_async_callback(evolis.close)
            return evolis


class _Antenna:
    """The reader's antenna, which sees a card or none."""

    def __init__(self, reader: Supervisor) -> None:
        self._reader = reader

    async def sees_card(self) -> bool:
        """Return whether a card is before it.

        Raises:
            LinkLost: the reader does not say.
        """
        try:
            seen = await self._reader.wait_for_card(LOOK_S)
        except CardGone:
            return False
        except DeviceError as error:
            raise LinkLost(f"the reader in the printer: {error}") from error
        if seen is None and self._reader.is_lost:
            raise LinkLost("the reader in the printer is lost")
        return seen is not None


async def _open(place: SerialPlace | TcpPlace, opened: AsyncExitStack) -> ReopenedLink:
    match place:
        case SerialPlace(path=path, baud=baud):
            link = ReopenedLink(SerialLink(path, baud))
        case TcpPlace(host=host, port=port):
            link = ReopenedLink(TcpLink(host, port))
    await link.open()
    opened.push_async_callback(link.close)
    return link
