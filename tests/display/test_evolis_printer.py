"""An Evolis printer: our driver, a stand-in for its SDK, and the names that the real SDK has."""

import asyncio
import threading

import pytest
from PIL import Image

from device.display.cards.profile import CR80
from device.display.cards.raster import pack
from device.display.printers.evolis import AT_GATE, STATES, print_outcome, state_fault
from device.display.printers.evolis_printer import EvolisPrinter, EvolisTimings, installed_sdk
from device.display.printers.printer import FaultCode, Outcome, PrinterTrouble
from device.display.printers.urls import FILMS
from device.errors import LinkLost
from simulators import evolis as stand_in
from simulators.chips.classic import ClassicChip
from simulators.plastic import PlasticCard
from tests.display.printers_on_ports import Antenna, evolis_by_its_sdk


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("PRINTER_READY", None),
        ("INF_CLEANING_REQUIRED", None),
        (AT_GATE, None),
        ("DEF_WAIT_CARD", None),
        ("DEF_COVER_OPEN", FaultCode.COVER),
        ("ERR_MECHANICAL", FaultCode.JAM),
        ("ERR_HEAD_TEMP", FaultCode.HEAD_TEMP),
        ("DEF_POWER_SUPPLY", FaultCode.PRINTER),
        ("PRINTER_OFFLINE", FaultCode.COMMS),
    ],
)
def test_a_state_is_a_fault_or_none(name, code):
    fault = state_fault(name)

    assert (fault and fault.code) == code


def test_only_a_print_without_any_complaint_is_a_success():
    assert print_outcome("OK", "PRINTER_READY") is Outcome.OK
    assert print_outcome("OK", "ERR_MECHANICAL") is Outcome.UNKNOWN
    assert print_outcome("PRINT_EMECHANICAL", "PRINTER_READY") is Outcome.UNKNOWN


def test_the_real_sdk_has_every_name_that_we_use():
    sdk = installed_sdk()
    states = {it.name for it in sdk.State.Minor}

    assert all(any(name.startswith(it) for name in states) for it, _, _ in STATES)
    assert AT_GATE in states
    assert {film.upper() for film in FILMS} <= {it.name for it in sdk.RwCardType}
    for enum in (stand_in.Minor, stand_in.ReturnCode, stand_in.CardPos, stand_in.RwCardType):
        real = sdk.State.Minor if enum is stand_in.Minor else getattr(sdk, enum.__name__)
        assert {(it.name, it.value) for it in enum} <= {(it.name, it.value) for it in real}
    for ours, its in (
        (stand_in.Connection, sdk.Connection),
        (stand_in.PrintSession, sdk.PrintSession),
    ):
        assert {it for it in vars(ours) if not it.startswith("_")} <= set(dir(its))


async def test_a_printer_that_the_real_sdk_does_not_find_is_a_lost_link():
    printer = EvolisPrinter(
        installed_sdk(), Antenna(stand_in.EvolisSimulator()), name="no such printer", film="mblue"
    )

    with pytest.raises(LinkLost, match="no Evolis printer called 'no such printer'"):
        await printer.open()


async def test_a_jam_is_unknown_and_the_card_does_not_come_out():
    async with evolis_by_its_sdk() as bench:
        await bench.hold()
        await bench.driver.load(bench.raster())
        bench.printer.faults.jam_at_percent = 40

        outcome = await bench.driver.rewrite()

        assert outcome is Outcome.UNKNOWN
        assert (await bench.driver.status()).fault.code is FaultCode.JAM
        with pytest.raises(PrinterTrouble):
            await bench.driver.eject()


async def test_a_power_cut_half_way_is_unknown():
    async with evolis_by_its_sdk() as bench:
        await bench.hold()
        await bench.driver.load(bench.raster())
        bench.printer.faults.power_cut_at_percent = 50

        assert await bench.driver.rewrite() is Outcome.UNKNOWN
        assert (await bench.driver.status()).fault.code is FaultCode.COMMS


async def test_a_printer_that_was_switched_off_and_on_is_connected_to_anew():
    async with evolis_by_its_sdk() as bench:
        await bench.driver.status()
        bench.printer.cut_power()
        during = await bench.driver.status()

        bench.printer.restore_power()

        assert during.fault.code is FaultCode.COMMS
        assert (await bench.driver.status()).fault is None


async def test_it_says_itself_when_it_wants_cleaning():
    async with evolis_by_its_sdk() as bench:
        before = await bench.driver.wants_cleaning()
        bench.printer.cards_before_cleaning = 0

        assert (before, await bench.driver.wants_cleaning()) == (False, True)


async def test_a_card_cannot_be_taken_back_in_but_what_jammed_can_be_cleared():
    async with evolis_by_its_sdk() as bench:
        await bench.driver.reset()
        with pytest.raises(PrinterTrouble):
            await bench.driver.retract()


class HangingSdk(stand_in.EvolisSdk):
    """The SDK of a printer that does not come back from a print before it is let go."""

    def __init__(self, printer):
        super().__init__(printer, "Evolis Primacy 2")
        self.let_go = threading.Event()

    def PrintSession(self, connection, **card):
        self.let_go.wait()
        return super().PrintSession(connection, **card)


async def answering(printer):
    """Return the printer's status, asked for again and again, as the kiosk does."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await printer.status()
            except LinkLost:
                await asyncio.sleep(0.01)


async def test_a_print_that_hangs_is_unknown_and_the_printer_is_lost_until_it_answers():
    card = PlasticCard(ClassicChip(), size=(CR80.width_px, CR80.height_px))
    simulator = stand_in.EvolisSimulator()
    sdk = HangingSdk(simulator)
    timings = EvolisTimings(answer_s=60.0, move_s=60.0, print_s=0.01)
    printer = EvolisPrinter(
        sdk, Antenna(simulator), name="Evolis Primacy 2", film="mblack", timings=timings
    )
    try:
        await printer.open()
        simulator.insert(card)
        held = await printer.take_card(60.0)
        await printer.load(pack(Image.new("1", (CR80.width_px, CR80.height_px))))

        outcome = await printer.rewrite()
        with pytest.raises(LinkLost, match="has not ended in its time"):
            await printer.status()
        with pytest.raises(LinkLost):
            await printer.eject()
        sdk.let_go.set()

        assert (held, outcome) == (True, Outcome.UNKNOWN)
        assert (await answering(printer)).card_held
    finally:
        sdk.let_go.set()
        await printer.close()
