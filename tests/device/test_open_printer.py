"""An address in a configuration becomes the driver that it names."""

import random
from contextlib import AsyncExitStack

import pytest

from device.display.cards.profile import CR80, EPS3, STAR_TCP
from device.display.printers.urls import parse_printer_url
from device.errors import LinkLost
from device.nfc.reader import CardGone, ReaderSilent
from device.nfc.readers.supervisor import Supervisor
from device.open_printer import open_printer
from loyalty.clock import SystemClock
from simulators.eps3 import Eps3Simulator
from simulators.ipp import IppSimulator
from simulators.printer_port import PrinterPort, PrinterServer
from simulators.star import StarSimulator


class Antenna:
    """A reader that sees a card, or none, or has trouble."""

    is_lost = False

    def __init__(self, seen=None):
        self.seen = seen

    async def wait_for_card(self, timeout_s):
        if isinstance(self.seen, Exception):
            raise self.seen
        return self.seen


async def opened_at(url, opened, seen=None):
    return await open_printer(parse_printer_url(url), opened, reader=Antenna(seen))


@pytest.mark.parametrize(
    ("scheme", "simulator", "profile"),
    [("star", StarSimulator, STAR_TCP), ("eps3", Eps3Simulator, EPS3)],
)
async def test_a_serial_printer_answers_under_its_address(tmp_path, scheme, simulator, profile):
    port = PrinterPort(simulator(), link=tmp_path / "printer")
    port.start()
    async with AsyncExitStack() as opened:
        opened.callback(port.stop)
        printer = await opened_at(f"{scheme}+serial://{tmp_path}/printer?baud=115200", opened)

        status = await printer.status()

        assert (status.fault, printer.traits.profile) == (None, profile)


async def test_two_passes_of_the_erase_head_are_an_option(tmp_path):
    port = PrinterPort(StarSimulator(), link=tmp_path / "printer")
    port.start()
    async with AsyncExitStack() as opened:
        opened.callback(port.stop)
        printer = await opened_at(f"star+serial://{tmp_path}/printer?preset=worn", opened)

        assert printer.traits.erases == 2


@pytest.mark.parametrize(("scheme", "profile"), [("eps3+tcp", EPS3), ("ipp", CR80)])
async def test_a_printer_on_the_network_answers_under_its_address(scheme, profile):
    server = PrinterServer(Eps3Simulator() if scheme == "eps3+tcp" else IppSimulator())
    path = "" if scheme == "eps3+tcp" else "/printers/cards"
    async with AsyncExitStack() as opened:
        opened.push_async_callback(server.stop)
        printer = await opened_at(f"{scheme}://127.0.0.1:{await server.start()}{path}", opened)

        status = await printer.status()

        assert (status.fault, printer.traits.profile) == (None, profile)


async def test_a_printer_that_is_not_there_is_named(tmp_path):
    async with AsyncExitStack() as opened:
        with pytest.raises(LinkLost, match=r"cannot open .*/printer"):
            await opened_at(f"star+serial://{tmp_path}/printer", opened)
        with pytest.raises(LinkLost, match=r"cannot connect to 127\.0\.0\.1:1: "):
            await opened_at("eps3+tcp://127.0.0.1:1", opened)


async def test_the_antenna_tells_where_the_card_of_a_queue_is():
    server = PrinterServer(IppSimulator())
    async with AsyncExitStack() as opened:
        opened.push_async_callback(server.stop)
        url = f"ipp://127.0.0.1:{await server.start()}/printers/cards"
        held = [
            (await (await opened_at(url, opened, seen)).status()).card_held
            for seen in (object(), None, CardGone("away"))
        ]
        silent = await opened_at(url, opened, ReaderSilent("no answer"))

        assert held == [True, False, False]
        with pytest.raises(LinkLost, match="the reader in the printer: no answer"):
            await silent.status()


async def test_a_reader_that_is_lost_does_not_say_that_the_card_has_gone():
    lost = Supervisor(Antenna(LinkLost("unplugged")), clock=SystemClock(), rng=random.Random(1))
    server = PrinterServer(IppSimulator())
    url = f"ipp://127.0.0.1:{await server.start()}/printers/cards"
    async with AsyncExitStack() as opened:
        opened.push_async_callback(server.stop)
        printer = await open_printer(parse_printer_url(url), opened, reader=lost)

        with pytest.raises(LinkLost, match="the reader in the printer"):
            await printer.status()
