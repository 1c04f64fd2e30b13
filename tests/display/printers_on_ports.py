"""Each kind of printer that we drive: a simulated one on a port, our driver, and a card."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from PIL import Image, ImageDraw

from device.display.cards.raster import Raster, pack
from device.display.printers.eps3_printer import Eps3Printer, Eps3Timings
from device.display.printers.evolis_printer import EvolisPrinter
from device.display.printers.ipp_printer import IppPrinter, IppTimings
from device.display.printers.printer import CardPrinter
from device.display.printers.star_printer import StarPrinter, StarTimings
from device.links.reopened_link import ReopenedLink
from device.links.serial_link import SerialLink
from device.links.tcp_link import TcpLink
from simulators.chips.classic import ClassicChip
from simulators.eps3 import Eps3Simulator
from simulators.evolis import EvolisSdk, EvolisSimulator
from simulators.ipp import IppSimulator
from simulators.mechanism import Mechanism
from simulators.plastic import PlasticCard
from simulators.printer_port import PrinterPort, PrinterServer
from simulators.star import StarSimulator

STAR_QUICK = StarTimings(short_s=0.3, rewrite_s=0.3)
IPP_QUICK = IppTimings(answer_s=0.5, job_s=3.0)
EPS3_QUICK = Eps3Timings(
    reply_s=0.3, quiet_s=0.05, move_s=0.5, load_s=2.0, rewrite_s=2.0, reboot_s=0.2
)


@dataclass(kw_only=True)
class Bench:
    """A printer and everything around it."""

    port: Any
    driver: CardPrinter
    card: PlasticCard
    slot_opened: asyncio.Event
    new_driver: Callable[[], CardPrinter]

    @property
    def printer(self) -> Any:
        """The simulated printer."""
        return self.port.printer

    @property
    def size(self) -> tuple[int, int]:
        profile = self.driver.traits.profile
        return profile.width_px, profile.height_px

    def picture(self, seed: int = 0) -> Image.Image:
        """Return a picture of the right size that no other seed gives."""
        image = Image.new("1", self.size, 255)
        pen = ImageDraw.Draw(image)
        width, height = self.size
        for number in range(12):
            x, y = (37 * number + 91 * seed) % width, (53 * number + 29 * seed) % height
            pen.line((x, y, width - y % width, height - x % height), fill=0, width=3)
        pen.text((width - 90, 8), f"card {seed}", fill=0)
        return image

    def raster(self, seed: int = 0) -> Raster:
        return pack(self.picture(seed))

    async def hold(self) -> None:
        """Put the card in."""
        taking = asyncio.ensure_future(self.driver.take_card(5.0))
        await self.slot_opened.wait()
        self.slot_opened.clear()
        self.port.insert(self.card)
        assert await taking


@asynccontextmanager
async def star_on_serial() -> AsyncIterator[Bench]:
    slot_opened = asyncio.Event()
    port = PrinterPort(StarSimulator(on_slot_open=slot_opened.set))
    link = ReopenedLink(SerialLink(port.start()))
    await link.open()
    loop = asyncio.get_running_loop()
    new_driver = partial(StarPrinter, link, monotonic_s=loop.time, timings=STAR_QUICK)
    try:
        yield _bench(port, new_driver, slot_opened)
    finally:
        await link.close()
        port.stop()


@asynccontextmanager
async def eps3_on_serial() -> AsyncIterator[Bench]:
    slot_opened = asyncio.Event()
    port = PrinterPort(Eps3Simulator(on_slot_open=slot_opened.set))
    link = ReopenedLink(SerialLink(port.start()))
    await link.open()
    try:
        yield _bench(port, partial(Eps3Printer, link, timings=EPS3_QUICK), slot_opened)
    finally:
        await link.close()
        port.stop()


@asynccontextmanager
async def eps3_on_tcp() -> AsyncIterator[Bench]:
    slot_opened = asyncio.Event()
    printer = Eps3Simulator(on_slot_open=slot_opened.set, on_reboot=lambda: server.hang_up())
    server = PrinterServer(printer)
    link = ReopenedLink(TcpLink("127.0.0.1", await server.start()))
    await link.open()
    try:
        yield _bench(server, partial(Eps3Printer, link, timings=EPS3_QUICK), slot_opened)
    finally:
        await link.close()
        await server.stop()


@asynccontextmanager
async def ipp_queue() -> AsyncIterator[Bench]:
    printer = IppSimulator()
    server = PrinterServer(printer)
    port = await server.start()
    place = {"host": "127.0.0.1", "port": port, "path": "/printers/cards"}
    new_driver = partial(
        IppPrinter, TcpLink("127.0.0.1", port), Antenna(printer), timings=IPP_QUICK, **place
    )
    try:
        yield _bench(server, new_driver, AlwaysOpen())
    finally:
        await server.stop()


@asynccontextmanager
async def evolis_by_its_sdk() -> AsyncIterator[Bench]:
    printer = EvolisSimulator()
    sdk = EvolisSdk(printer, "Evolis Primacy 2")
    new_driver = partial(
        EvolisPrinter, sdk, Antenna(printer), name="Evolis Primacy 2", film="mblack"
    )
    bench = _bench(SdkPort(printer), new_driver, AlwaysOpen())
    try:
        yield bench
    finally:
        await bench.driver.close()


class SdkPort:
    """Where a printer of an SDK hangs: no port of ours."""

    def __init__(self, printer: EvolisSimulator) -> None:
        self.printer = printer
        self.insert = printer.insert
        self.pull = printer.pull


class AlwaysOpen(asyncio.Event):
    """A slot that is no slot: a card can always be laid in."""

    def is_set(self) -> bool:
        return True

    async def wait(self) -> bool:
        return True


class Antenna:
    """The antenna in a printer that cannot tell where its card is."""

    def __init__(self, printer: Mechanism) -> None:
        self._printer = printer

    async def sees_card(self) -> bool:
        return self._printer.held is not None


# Printers with a slot that opens and takes a card back in; and all of them.
BENCHES: dict[str, Callable[[], AbstractAsyncContextManager[Bench]]] = {
    "star+serial": star_on_serial,
    "eps3+serial": eps3_on_serial,
    "eps3+tcp": eps3_on_tcp,
}
EVERY_BENCH = {**BENCHES, "ipp": ipp_queue, "evolis": evolis_by_its_sdk}


def _bench(port: Any, new_driver: Callable[[], CardPrinter], slot_opened: asyncio.Event) -> Bench:
    driver = new_driver()
    profile = driver.traits.profile
    card = PlasticCard(ClassicChip(), size=(profile.width_px, profile.height_px))
    return Bench(
        port=port, driver=driver, card=card, slot_opened=slot_opened, new_driver=new_driver
    )
