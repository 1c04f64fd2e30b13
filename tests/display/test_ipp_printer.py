"""A printer behind IPP: it is never believed, and nothing waits in it for the next card."""

import pytest

from device.display.printers.ipp import as_png, printer_fault
from device.display.printers.printer import FaultCode, Outcome, PrinterTrouble
from device.errors import LinkLost
from tests.device.quick_time import in_quick_time
from tests.display.printers_on_ports import ipp_queue

COMPLETED, CANCELED = 9, 7


@in_quick_time
async def test_a_job_that_is_completed_on_a_blank_card_is_unknown_too():
    async with ipp_queue() as bench:
        bench.printer.prints_nothing = True
        await bench.hold()
        await bench.driver.load(bench.raster())

        outcome = await bench.driver.rewrite()

        assert (outcome, bench.printer.job_states()) == (Outcome.UNKNOWN, [COMPLETED])


@in_quick_time
async def test_a_job_that_was_given_up_is_a_failure():
    async with ipp_queue() as bench:
        bench.printer.aborts = True
        await bench.hold()
        await bench.driver.load(bench.raster())

        assert await bench.driver.rewrite() is Outcome.FAILED


@pytest.mark.parametrize("wrong", ["is_paused", "jam"])
def test_a_job_that_does_not_end_is_cancelled_and_never_meets_the_next_card(wrong):
    @in_quick_time
    async def stuck():
        async with ipp_queue() as bench:
            await bench.hold()
            await bench.driver.load(bench.raster())
            if wrong == "jam":
                bench.printer.faults.jam_at_percent = 50
            else:
                bench.printer.is_paused = True

            outcome = await bench.driver.rewrite()

            assert (outcome, bench.printer.job_states()) == (Outcome.UNKNOWN, [CANCELED])
            status = await bench.driver.status()
            assert status.fault.code is (FaultCode.JAM if wrong == "jam" else FaultCode.PRINTER)

    stuck()


@in_quick_time
async def test_a_printer_that_stopped_and_does_not_say_why_has_a_fault():
    async with ipp_queue() as bench:
        bench.printer.is_paused, bench.printer.says_reasons = True, False

        status = await bench.driver.status()

        assert (status.fault.code, status.fault.detail) == (FaultCode.PRINTER, "stopped: none")
        with pytest.raises(PrinterTrouble):
            await bench.driver.load(bench.raster())


@in_quick_time
async def test_a_queue_that_takes_no_pictures_is_found_before_the_card_is_touched():
    async with ipp_queue() as bench:
        bench.printer.formats = ("application/postscript",)

        with pytest.raises(PrinterTrouble, match="does not take image/png"):
            await bench.driver.load(bench.raster())


@in_quick_time
async def test_a_queue_that_is_not_there_is_named_by_the_printer():
    async with ipp_queue() as bench:
        bench.printer._path = "/printers/other"

        status = await bench.driver.status()

        assert status.fault.detail == "IPP status 0x0406"


@in_quick_time
async def test_half_an_answer_is_a_fault_of_the_line():
    async with ipp_queue() as bench:
        bench.printer.faults.garble_answers = 1

        status = await bench.driver.status()

        assert status.fault.code is FaultCode.COMMS
        assert (await bench.driver.status()).fault is None


@in_quick_time
async def test_a_refused_job_is_a_failure_and_a_silent_one_unknown():
    async with ipp_queue() as bench:
        await bench.hold()
        await bench.driver.load(bench.raster())
        bench.printer.formats = ("application/postscript",)
        refused = await bench.driver.rewrite()
        bench.printer.formats = ("image/png",)
        await bench.driver.load(bench.raster())
        bench.printer.faults.mute = True

        silent = await bench.driver.rewrite()

        assert (refused, silent) == (Outcome.FAILED, Outcome.UNKNOWN)


@in_quick_time
async def test_nobody_at_the_port_is_a_lost_link():
    async with ipp_queue() as bench:
        await bench.port.stop()

        assert (await bench.driver.status()).fault.code is FaultCode.COMMS
        with pytest.raises(LinkLost):
            await bench.driver.load(bench.raster())


@in_quick_time
async def test_a_card_is_at_the_gate_from_its_return_until_it_is_gone():
    async with ipp_queue() as bench:
        await bench.hold()
        await bench.driver.eject()
        out = await bench.driver.status()
        bench.port.pull()
        gone = await bench.driver.status()

        assert [(it.card_held, it.card_at_gate) for it in (out, gone)] == [
            (False, True),
            (False, False),
        ]
        with pytest.raises(PrinterTrouble):
            await bench.driver.retract()


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({}, None),
        ({"printer-state": (3,), "printer-state-reasons": ("none",)}, None),
        ({"printer-state": (3,), "printer-state-reasons": ("marker-supply-low-warning",)}, None),
        ({"printer-state-reasons": ("moving-to-paused", "media-jam-error")}, FaultCode.JAM),
        ({"printer-state-reasons": ("cover-open-report",)}, None),
        ({"printer-state-reasons": ("door-open",)}, FaultCode.COVER),
        ({"printer-state-reasons": ("offline-report", "fuser-over-temp")}, FaultCode.HEAD_TEMP),
        ({"printer-is-accepting-jobs": (False,)}, FaultCode.PRINTER),
        ({"printer-state": (5,)}, FaultCode.PRINTER),
        ({"printer-state": ("5",), "printer-state-reasons": (7,)}, None),
    ],
)
def test_what_a_printer_says_about_itself_is_a_fault_or_none(attributes, code):
    fault = printer_fault(attributes)

    assert (fault and fault.code) == code


@in_quick_time
async def test_the_document_is_one_bit_at_300_dots_to_the_inch():
    async with ipp_queue() as bench:
        png = as_png(bench.raster(), dots_per_inch=300)

        assert png[:8] == b"\x89PNG\r\n\x1a\n"
        assert png[16:26] == (1011).to_bytes(4, "big") + (637).to_bytes(4, "big") + b"\x01\x00"
        assert b"pHYs" + (11811).to_bytes(4, "big") * 2 in png
