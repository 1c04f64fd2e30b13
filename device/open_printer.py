"""The driver of the printer that a configuration names, on an open link."""

import asyncio
from contextlib import AsyncExitStack

from device.display.printers.eps3_printer import Eps3Printer
from device.display.printers.printer import CardPrinter
from device.display.printers.star_printer import StarPrinter, StarTimings
from device.display.printers.urls import Eps3Url, PrinterUrl, SerialPlace, StarUrl, TcpPlace
from device.reopened_link import ReopenedLink
from device.serial_link import SerialLink
from device.tcp_link import TcpLink


async def open_printer(url: PrinterUrl, opened: AsyncExitStack) -> CardPrinter:
    """Return the driver for `url`; `opened` closes its link.

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
    raise AssertionError(f"no driver for {url}")


async def _open(place: SerialPlace | TcpPlace, opened: AsyncExitStack) -> ReopenedLink:
    match place:
        case SerialPlace(path=path, baud=baud):
            link = ReopenedLink(SerialLink(path, baud))
        case TcpPlace(host=host, port=port):
            link = ReopenedLink(TcpLink(host, port))
    await link.open()
    opened.push_async_callback(link.close)
    return link
