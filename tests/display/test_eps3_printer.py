"""Our driver of the EasyPrinter S3 where its language gives no help: late replies, broken lines."""

import asyncio
from dataclasses import replace

import pytest

from device.display.printers.eps3_image import picture
from device.display.printers.eps3_printer import Eps3Printer
from device.display.printers.printer import FaultCode, Outcome, PrinterTrouble
from tests.device.quick_time import in_quick_time
from tests.display.printers_on_ports import EPS3_QUICK, eps3_on_serial, eps3_on_tcp


@in_quick_time
async def test_the_printer_itself_reads_which_card_it_holds():
    async with eps3_on_tcp() as bench:
        await bench.hold()

        assert await bench.driver.read_uid() == bench.card.chip.uid


@in_quick_time
async def test_a_card_that_the_printer_cannot_read_is_a_read_fault():
    async with eps3_on_tcp() as bench:
        bench.card.chip = None
        await bench.hold()

        with pytest.raises(PrinterTrouble) as refused:
            await bench.driver.read_uid()

        assert refused.value.fault.code is FaultCode.READ


@in_quick_time
async def test_a_reply_that_comes_late_is_not_taken_for_the_next_one():
    async with eps3_on_tcp() as bench:
        await bench.driver.status()
        bench.printer.faults.late_answers = 1
        assert (await bench.driver.status()).fault.code is FaultCode.COMMS
        bench.printer.insert(bench.card)

        status = await bench.driver.status()

        assert (status.card_at_gate, status.fault) == (True, None)


@in_quick_time
async def test_what_another_program_left_on_the_line_is_no_reply():
    async with eps3_on_serial() as bench:
        bench.port._pty.send(b"EP000226\n", at_s=0.0)

        status = await bench.driver.status()

        assert (status.card_held, status.fault) == (False, None)


@in_quick_time
async def test_a_picture_that_broke_off_in_a_line_is_sent_again_whole():
    async with eps3_on_serial() as bench:
        await bench.hold()
        bench.printer.feed(picture(bench.raster(1))[:40_007])  # as a driver that died left it
        bench.driver = Eps3Printer(bench.driver._link, timings=EPS3_QUICK)
        await bench.driver.eject()
        bench.port.pull()
        await bench.hold()

        await bench.driver.load(bench.raster(2))
        outcome = await bench.driver.rewrite()

        assert outcome is Outcome.OK
        assert bench.card.picture.tobytes() == bench.picture(2).tobytes()


@in_quick_time
async def test_another_picture_is_not_put_over_one_that_waits_to_be_printed():
    async with eps3_on_tcp() as bench:
        await bench.hold()
        await bench.driver.load(bench.raster(1))

        with pytest.raises(PrinterTrouble, match="another picture is still in memory"):
            await bench.driver.load(bench.raster(2))

        assert bench.card.rewrite_count == 0


@in_quick_time
async def test_a_state_lost_while_it_prints_leaves_the_outcome_unknown():
    async with eps3_on_tcp() as bench:
        await bench.hold()
        await bench.driver.load(bench.raster())
        bench.printer.faults.lose_answers = 1

        outcome = await bench.driver.rewrite()

        assert outcome is Outcome.UNKNOWN
        assert (await bench.driver.status()).card_held


@in_quick_time
async def test_a_printer_that_never_says_that_it_prints_is_not_believed():
    async with eps3_on_tcp() as bench:
        await bench.hold()
        await bench.driver.load(bench.raster())
        bench.printer.faults.head_hot = True
        bench.printer._state = lambda: 0b0010_1101  # "printed", of the time before

        outcome = await bench.driver.rewrite()

        assert outcome is Outcome.UNKNOWN


@in_quick_time
async def test_a_print_is_not_started_on_a_card_that_only_lies_at_the_gate():
    async with eps3_on_tcp() as bench:
        await bench.hold()
        await bench.driver.load(bench.raster())

        await bench.driver.eject()

        assert (bench.printer.print_count, bench.card.rewrite_count) == (0, 0)


class Babbler:
    """A line on which something speaks without end: a wrong speed, or another device."""

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return b"\x55"

    async def write(self, data: bytes) -> None:
        pass


@in_quick_time
async def test_a_line_that_never_falls_quiet_is_a_fault():
    printer = Eps3Printer(Babbler(), timings=replace(EPS3_QUICK, settle_s=0.1))

    status = await printer.status()

    assert status.fault.code is FaultCode.COMMS
