"""What every printer must do, whoever made it and whatever it hangs on."""

import asyncio
import functools
import inspect

import pytest

from device.display.printers.printer import FaultCode, Outcome, PrinterTrouble
from device.errors import LinkLost
from tests.device.quick_time import in_quick_time
from tests.display.printers_on_ports import BENCHES, EVERY_BENCH


def on(benches):
    """Run the test once on each of `benches`, in quick time."""

    def of(test):
        @pytest.mark.parametrize("kind", benches)
        @functools.wraps(test)
        def run(kind):
            @in_quick_time
            async def on_a_bench():
                async with benches[kind]() as bench:
                    await test(bench)

            on_a_bench()

        parameter = inspect.Parameter("kind", inspect.Parameter.KEYWORD_ONLY)
        run.__signature__ = inspect.Signature([parameter])
        return run

    return of


with_every_printer = on(EVERY_BENCH)
with_every_printer_with_a_slot = on(BENCHES)
with_every_printer_that_moves_cards = on({k: it for k, it in EVERY_BENCH.items() if k != "ipp"})


def good(bench):
    """Return what a rewrite that went well ends with."""
    return Outcome.OK if bench.driver.traits.tells_outcome else Outcome.UNKNOWN


@with_every_printer
async def test_the_card_shows_the_very_dots_that_were_sent(bench):
    await bench.hold()

    await bench.driver.load(bench.raster())
    outcome = await bench.driver.rewrite()

    assert outcome is good(bench)
    assert bench.card.picture.tobytes() == bench.picture().tobytes()
    assert bench.card.rewrite_count == 1


@with_every_printer
async def test_loading_a_picture_does_not_touch_the_card(bench):
    await bench.hold()
    before = bench.card.picture.tobytes()

    await bench.driver.load(bench.raster())

    assert (bench.card.picture.tobytes(), bench.card.rewrite_count) == (before, 0)


@with_every_printer
async def test_without_a_picture_nothing_is_erased(bench):
    await bench.hold()

    outcome = await bench.driver.rewrite()

    assert outcome is Outcome.FAILED
    assert bench.card.rewrite_count == 0


@with_every_printer
async def test_one_card_after_the_other_gets_its_own_picture(bench):
    for seed in (1, 2, 3):
        await bench.hold()
        await bench.driver.load(bench.raster(seed))
        await bench.driver.rewrite()
        await bench.driver.eject()
        assert bench.port.pull() is bench.card

        assert bench.card.picture.tobytes() == bench.picture(seed).tobytes()


@with_every_printer
async def test_a_picture_that_was_not_printed_does_not_show_on_the_next_card(bench):
    await bench.hold()
    await bench.driver.load(bench.raster(1))
    await bench.driver.eject()
    bench.port.pull()
    await bench.hold()

    await bench.driver.load(bench.raster(2))
    await bench.driver.rewrite()

    assert bench.card.picture.tobytes() == bench.picture(2).tobytes()


@with_every_printer_with_a_slot
async def test_a_rewrite_can_be_done_again_with_the_same_picture(bench):
    await bench.hold()
    for _ in range(2):
        await bench.driver.load(bench.raster())
        assert await bench.driver.rewrite() is Outcome.OK

    assert bench.card.picture.tobytes() == bench.picture().tobytes()
    assert bench.card.rewrite_count == 2


@with_every_printer
async def test_status_says_where_the_card_is(bench):
    empty = await bench.driver.status()
    await bench.hold()
    held = await bench.driver.status()
    await bench.driver.eject()
    out = await bench.driver.status()
    bench.port.pull()
    gone = await bench.driver.status()

    seen = [(it.card_held, it.card_at_gate) for it in (empty, held, out, gone)]
    assert seen == [(False, False), (True, False), (False, True), (False, False)]
    assert [it.fault for it in (empty, held, out, gone)] == [None] * 4


@with_every_printer_with_a_slot
async def test_nobody_comes_and_the_slot_closes(bench):
    taken = await bench.driver.take_card(0.02)
    bench.port.insert(bench.card)

    assert not taken
    assert bench.printer.held is None


@with_every_printer_that_moves_cards
async def test_a_printer_in_which_something_is_stuck_says_so_instead_of_waiting_for_a_card(bench):
    bench.printer.jammed = True

    with pytest.raises(PrinterTrouble):
        await bench.driver.take_card(60.0)


@with_every_printer_with_a_slot
async def test_a_cancel_from_another_task_closes_the_slot(bench):
    taking = asyncio.ensure_future(bench.driver.take_card(5.0))
    await bench.slot_opened.wait()

    await bench.driver.cancel()

    assert not await taking
    bench.port.insert(bench.card)
    assert bench.printer.held is None


@with_every_printer_with_a_slot
async def test_a_forgotten_card_is_taken_back_in(bench):
    await bench.hold()
    await bench.driver.eject()

    await bench.driver.retract()

    assert bench.printer.held is bench.card


@with_every_printer_with_a_slot
async def test_a_card_that_is_gone_from_the_gate_cannot_be_taken_back(bench):
    await bench.hold()
    await bench.driver.eject()
    bench.port.pull()

    with pytest.raises(PrinterTrouble) as refused:
        await bench.driver.retract()

    assert refused.value.fault.code is FaultCode.NO_CARD


@with_every_printer_with_a_slot
async def test_a_jam_is_no_success_and_the_status_asks_for_help(bench):
    await bench.hold()
    await bench.driver.load(bench.raster())
    bench.printer.faults.jam_at_percent = 40

    outcome = await bench.driver.rewrite()

    assert outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    assert (await bench.driver.status()).fault.code in (FaultCode.JAM, FaultCode.PRINTER)
    with pytest.raises(PrinterTrouble):
        await bench.driver.eject()


@with_every_printer_with_a_slot
async def test_a_hot_head_erases_nothing_and_is_no_success(bench):
    await bench.hold()
    await bench.driver.load(bench.raster())
    bench.printer.faults.head_hot = True

    outcome = await bench.driver.rewrite()

    assert outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    assert bench.card.rewrite_count == 0


@pytest.mark.parametrize("percent", [0, 50, 100])
@pytest.mark.parametrize("kind", BENCHES)
def test_a_power_cut_is_unknown_and_gives_the_card_out(kind, percent):
    @in_quick_time
    async def on_a_bench():
        async with BENCHES[kind]() as bench:
            await bench.hold()
            await bench.driver.load(bench.raster())
            bench.printer.faults.power_cut_at_percent = percent

            outcome = await bench.driver.rewrite()
            bench.printer.restore_power()
            status = await bench.driver.status()

            assert outcome is Outcome.UNKNOWN
            assert (status.card_held, status.card_at_gate) == (False, True)

    on_a_bench()


@with_every_printer_with_a_slot
async def test_after_a_power_cut_the_next_card_is_printed_as_ever(bench):
    await bench.hold()
    await bench.driver.load(bench.raster(1))
    bench.printer.faults.power_cut_at_percent = 50
    await bench.driver.rewrite()
    bench.printer.restore_power()
    bench.port.pull()

    await bench.hold()
    await bench.driver.load(bench.raster(2))
    outcome = await bench.driver.rewrite()

    assert outcome is Outcome.OK
    assert bench.card.picture.tobytes() == bench.picture(2).tobytes()


@with_every_printer
async def test_a_printer_that_says_nothing_has_a_fault_of_the_line(bench):
    bench.printer.faults.mute = True
    silent = await bench.driver.status()
    bench.printer.faults.mute = False
    speaks = await bench.driver.status()

    assert silent.fault.code is FaultCode.COMMS
    assert speaks.fault is None


@with_every_printer_with_a_slot
async def test_a_reset_gives_out_the_card_and_forgets_the_picture(bench):
    await bench.hold()
    await bench.driver.load(bench.raster(1))

    await bench.driver.reset()

    assert bench.printer.held is None
    assert bench.port.pull() is bench.card
    await bench.hold()
    await bench.driver.load(bench.raster(2))
    assert await bench.driver.rewrite() is Outcome.OK
    assert bench.card.picture.tobytes() == bench.picture(2).tobytes()


@with_every_printer_with_a_slot
async def test_a_pulled_cable_is_unknown_in_a_rewrite_and_a_lost_link_elsewhere(bench):
    await bench.hold()
    await bench.driver.load(bench.raster())
    stopping = bench.port.stop()
    if stopping is not None:
        await stopping

    assert await bench.driver.rewrite() is Outcome.UNKNOWN
    with pytest.raises(LinkLost):
        await bench.driver.status()
