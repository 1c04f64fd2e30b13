"""A simulated Star printer on a pty with our driver at the other end."""

import asyncio
from contextlib import asynccontextmanager

from device.display.printers.star_printer import StarPrinter, StarTimings
from device.links.serial_link import SerialLink
from simulators.plastic import PlasticCard
from simulators.printer_port import PrinterPort
from simulators.star import StarSimulator

QUICK = StarTimings(short_s=0.3, rewrite_s=0.3)


@asynccontextmanager
async def star_on_a_port(
    *,
    held: bool = True,
    slot_open: asyncio.Event | None = None,
    timings: StarTimings = QUICK,
):
    """Give a port, a driver and a card, which the printer holds if `held`."""
    port = PrinterPort(StarSimulator(on_slot_open=slot_open.set if slot_open else None))
    link = SerialLink(port.start())
    await link.open()
    printer = StarPrinter(link, monotonic_s=asyncio.get_running_loop().time, timings=timings)
    card = PlasticCard("anna")
    try:
        if held:
            port.insert(card)
            assert await printer.take_card(1.0)
        yield port, printer, card
    finally:
        await link.close()
        port.stop()
