"""Our driver and the simulated printer, byte for byte through a pty."""

import asyncio
from dataclasses import replace

import pytest
from PIL import Image
from sample_faces import FACES, artist
from star_on_a_port import QUICK, star_on_a_port

from device.display.cards.raster import pack
from device.display.printers.cleaning import CLEAN_EVERY_PASSES, REMIND_FOR_PASSES
from device.display.printers.printer import FaultCode, Outcome, PrinterTrouble
from tests.device.quick_time import in_quick_time


@pytest.fixture(scope="module")
def picture():
    return artist().draw(FACES["zh_Hant_HK"])


@in_quick_time
async def test_the_card_shows_the_very_dots_that_were_sent(picture):
    async with star_on_a_port() as (_, printer, card):
        await printer.load(pack(picture))
        outcome = await printer.rewrite()

        assert outcome is Outcome.OK
        assert card.picture.tobytes() == picture.tobytes()
        assert card.rewrite_count == 1


@in_quick_time
async def test_a_card_put_in_later_is_taken():
    slot_open = asyncio.Event()
    async with star_on_a_port(held=False, slot_open=slot_open) as (port, printer, card):
        taking = asyncio.ensure_future(printer.take_card(5.0))
        await slot_open.wait()

        port.insert(card)

        assert await taking
        assert (await printer.status()).card_held


@in_quick_time
async def test_nobody_comes_and_the_slot_closes():
    async with star_on_a_port(held=False) as (port, printer, card):
        taken = await printer.take_card(0.02)
        port.insert(card)

        assert not taken
        assert port.printer.held is None


@in_quick_time
async def test_a_cancel_from_another_task_closes_the_slot():
    slot_open = asyncio.Event()
    async with star_on_a_port(held=False, slot_open=slot_open) as (_, printer, _):
        taking = asyncio.ensure_future(printer.take_card(5.0))
        await slot_open.wait()

        await printer.cancel()

        assert not await taking


@pytest.mark.parametrize("lost", ["power", "transport path opened"])
@in_quick_time
async def test_a_slot_that_a_restart_has_closed_is_opened_again(lost):
    slot_open = asyncio.Event()
    timings = replace(QUICK, armed_s=0.05)
    async with star_on_a_port(held=False, slot_open=slot_open, timings=timings) as world:
        port, printer, card = world
        taking = asyncio.ensure_future(printer.take_card(3600.0))
        await slot_open.wait()
        slot_open.clear()
        if lost == "power":
            port.printer.cut_power()
        else:
            port.printer.open_path()
        port.printer.restore_power()

        await slot_open.wait()
        port.insert(card)

        assert await taking
        assert port.printer.held is card


@in_quick_time
async def test_only_what_changed_is_sent_again(picture):
    async with star_on_a_port() as (port, printer, card):
        await printer.load(pack(picture))
        before = port.bytes_in
        changed = picture.copy()
        changed.paste(Image.new("1", (20, 20), 0), (20, 100))

        await printer.load(pack(changed))
        await printer.rewrite()

        assert port.bytes_in - before < 400
        assert card.picture.tobytes() == changed.tobytes()


@in_quick_time
async def test_after_a_reset_everything_is_sent_again(picture):
    async with star_on_a_port() as (port, printer, card):
        await printer.load(pack(picture))
        await printer.reset()
        port.insert(port.pull() or card)
        await printer.take_card(1.0)

        await printer.load(pack(picture))
        await printer.rewrite()

        assert card.picture.tobytes() == picture.tobytes()


@in_quick_time
async def test_line_noise_in_both_directions_is_overcome(picture):
    async with star_on_a_port() as (port, printer, card):
        port.printer.faults.nak_frames = 3
        await printer.load(pack(picture))
        port.printer.faults.garble_answers = 3

        outcome = await printer.rewrite()

        assert outcome is Outcome.OK
        assert card.rewrite_count == 1
        assert card.picture.tobytes() == picture.tobytes()


@in_quick_time
async def test_a_storm_of_refusals_ends_in_a_fault(picture):
    async with star_on_a_port() as (port, printer, _):
        port.printer.faults.nak_frames = 4

        with pytest.raises(PrinterTrouble, match="refused as damaged"):
            await printer.load(pack(picture))


@in_quick_time
async def test_a_lost_answer_to_a_rewrite_is_unknown_and_not_repeated(picture):
    async with star_on_a_port() as (port, printer, card):
        await printer.load(pack(picture))
        port.printer.faults.lose_answers = 1

        outcome = await printer.rewrite()

        assert outcome is Outcome.UNKNOWN
        assert card.rewrite_count == 1
        assert (await printer.status()).card_held


@in_quick_time
async def test_a_jam_is_a_failure_that_the_status_explains(picture):
    async with star_on_a_port() as (port, printer, card):
        await printer.load(pack(picture))
        port.printer.faults.jam_at_percent = 40

        outcome = await printer.rewrite()

        assert outcome is Outcome.FAILED
        assert (await printer.status()).fault.code is FaultCode.JAM
        assert card.picture.tobytes() != picture.tobytes()


@in_quick_time
async def test_a_hot_head_leaves_the_face_as_it_was(picture):
    async with star_on_a_port() as (port, printer, card):
        await printer.load(pack(picture))
        port.printer.faults.head_hot = True

        outcome = await printer.rewrite()

        assert outcome is Outcome.FAILED
        assert (await printer.status()).fault.code is FaultCode.HEAD_TEMP
        assert card.rewrite_count == 0


@in_quick_time
async def test_a_power_cut_half_way_is_unknown_and_gives_the_card_out(picture):
    async with star_on_a_port() as (port, printer, card):
        await printer.load(pack(picture))
        port.printer.faults.power_cut_at_percent = 50

        outcome = await printer.rewrite()
        port.printer.restore_power()
        status = await printer.status()

        assert outcome is Outcome.UNKNOWN
        assert (status.card_held, status.card_at_gate) == (False, True)
        assert port.pull() is card


@in_quick_time
async def test_a_pulled_cable_is_unknown_too(picture):
    async with star_on_a_port() as (port, printer, _):
        await printer.load(pack(picture))

        port.stop()

        assert await printer.rewrite() is Outcome.UNKNOWN


@in_quick_time
async def test_a_forgotten_card_is_taken_back_in():
    async with star_on_a_port() as (port, printer, card):
        await printer.eject()
        assert (await printer.status()).card_at_gate

        await printer.retract()

        assert port.printer.held is card


@pytest.mark.parametrize(
    ("passes", "is_due"),
    [
        (0, False),
        (CLEAN_EVERY_PASSES - 1, False),
        (CLEAN_EVERY_PASSES, True),
        (CLEAN_EVERY_PASSES + REMIND_FOR_PASSES, False),
        (7 * CLEAN_EVERY_PASSES + 1, True),
        (9_999_999_999, False),
    ],
)
@in_quick_time
async def test_a_cleaning_card_is_due_for_a_while_after_so_many_passes(passes, is_due):
    async with star_on_a_port() as (port, printer, _):
        port.printer.transport_count = passes

        assert await printer.wants_cleaning() is is_due
        assert port.printer.cleaning_allowed is is_due


@in_quick_time
async def test_many_printers_share_one_loop(picture):
    async def one():
        async with star_on_a_port() as (_, printer, card):
            await printer.load(pack(picture))
            await printer.rewrite()
            return card.picture.tobytes()

    shown = await asyncio.gather(*(one() for _ in range(8)))

    assert set(shown) == {picture.tobytes()}
