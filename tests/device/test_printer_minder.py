"""Minding a printer: the real driver, the simulated one, and what people do to it."""

import asyncio
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from device.display.printers.cleaning import CLEAN_EVERY_PASSES
from device.display.printers.printer import FaultCode
from device.display.printers.star_printer import StarPrinter
from device.links.reopened_link import ReopenedLink
from device.links.serial_link import SerialLink
from device.printer_minder import PrinterMinder
from simulators.plastic import PlasticCard
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import START_MS, TIMINGS, HastyClock, hardware_in


@asynccontextmanager
async def minded_printer(folder):
    """Give the hardware, a minder of its printer, and the card that the printer holds."""
    async with hardware_in(folder) as hardware:
        link = ReopenedLink(SerialLink(str(hardware.printer_link)))
        await link.open()
        printer = StarPrinter(link, monotonic_s=asyncio.get_running_loop().time, timings=TIMINGS)
        card = PlasticCard()
        hardware.printer.insert(card)
        assert await printer.take_card(1.0)
        try:
            yield hardware, PrinterMinder(printer, HastyClock(START_MS)), card
        finally:
            await link.close()


@in_quick_time
async def test_a_card_that_is_taken_from_the_gate_is_seen_to_be_gone(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, card):
        assert await minder.eject()

        assert hardware.printer.pull() is card
        assert await minder.is_taken(1.0)


@in_quick_time
async def test_a_card_that_stays_at_the_gate_is_not_taken(tmp_path):
    async with minded_printer(tmp_path) as (_, minder, _card):
        await minder.eject()

        assert not await minder.is_taken(1.0)


@in_quick_time
async def test_a_printer_that_went_away_says_nothing_about_the_card_at_its_gate(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, _):
        await minder.eject()
        hardware.printer.stop()

        assert not await minder.is_taken(1.0)
        assert (await minder.status()).fault.code is FaultCode.COMMS
        assert not await minder.is_well_again()


@in_quick_time
async def test_a_card_held_without_a_fault_comes_out_and_then_all_is_well(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, card):
        assert not await minder.is_well_again()

        assert hardware.printer.pull() is card
        assert await minder.is_well_again()


@in_quick_time
async def test_a_card_that_is_to_be_kept_stays_inside(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, card):
        assert not await minder.is_well_again(keeps_card=True)

        assert hardware.star.held is card


@in_quick_time
async def test_a_jam_is_over_once_the_card_is_out_and_the_printer_takes_commands(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, _):
        hardware.star.jammed = True
        assert not await minder.eject()
        assert not await minder.is_well_again()

        hardware.star.clear_jam()

        assert await minder.is_well_again()


@in_quick_time
async def test_a_fault_that_a_reset_does_not_end_is_waited_for_though_no_card_is_inside(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, _):
        hardware.star.force_out()
        hardware.star.jammed = True
        assert not await minder.is_well_again()

        hardware.star.jammed = False

        assert await minder.is_well_again()


@in_quick_time
async def test_an_open_cover_is_waited_for(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, _):
        hardware.star.force_out()
        hardware.star.cover_open = True
        assert not await minder.is_well_again()

        hardware.star.cover_open = False

        assert await minder.is_well_again()


@in_quick_time
async def test_a_printer_that_wants_cleaning_is_mentioned_in_the_log(tmp_path):
    async with minded_printer(tmp_path) as (hardware, minder, _):
        with capture_logs() as before:
            await minder.remind_of_cleaning()
        hardware.star.transport_count = CLEAN_EVERY_PASSES
        with capture_logs() as after:
            await minder.remind_of_cleaning()

        assert (before, [it["event"] for it in after]) == ([], ["printer_wants_cleaning"])
