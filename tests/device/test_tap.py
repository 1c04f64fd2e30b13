"""A card at a reader, as a terminal uses it."""

import asyncio

from device.behaviour.card import Card, card_without_record
from device.behaviour.events import CardRead, CardRefused, CardWritten
from device.nfc.classic import BLOCK_BYTES, KEY_BYTES
from device.tap import Tap
from simulators.chips.classic import ClassicChip, trailer_of
from simulators.chips.other import OtherChip
from simulators.chips.ultralight import UltralightChip
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import START_MS, HastyClock, hardware_in, supervised
from tests.nfc.reader_on_a_port import KEYS, OTHER_KEYS


def with_tap(test, keys=KEYS):
    """Make a test of `test(hardware, tap)`, which gets a member's chip in `hardware.chip`."""

    @in_quick_time
    async def run(tmp_path):
        async with hardware_in(tmp_path) as hardware:
            hardware.chip = (await hardware.issued_card()).chip
            driver = supervised(hardware)
            await driver.open()
            try:
                await test(hardware, Tap(driver, keys, HastyClock(START_MS)))
            finally:
                await driver.close()

    return run


@with_tap
async def test_a_members_card_is_read_and_written(hardware, tap):
    hardware.reader.place(hardware.chip)

    read = await tap.next_card()
    written = await tap.write(read.card, op="s1:1:sale", rewrites=3)

    assert isinstance(read, CardRead)
    assert written == CardWritten("done", read.card.next_counter)
    again = await tap.next_card()
    assert (again.card.counter, again.card.rewrites) == (read.card.next_counter, 3)


@with_tap
async def test_the_next_write_after_a_torn_one_burns_its_number(hardware, tap):
    hardware.reader.place(hardware.chip)
    read = await tap.next_card()
    hardware.chip.nvm.bytes_until_power_loss = 20

    torn = await tap.write(read.card, op="s1:1:sale", rewrites=0)

    assert torn.outcome != "done"
    hardware.reader.remove()
    hardware.chip.nvm.bytes_until_power_loss = None
    hardware.reader.place(hardware.chip)
    again = await tap.next_card()
    assert again.card.counter == read.card.counter
    assert again.card.next_counter > read.card.next_counter


@with_tap
async def test_another_card_than_the_one_read_is_never_written(hardware, tap):
    hardware.reader.place(hardware.chip)
    await tap.next_card()
    before = bytes(hardware.chip.nvm.cells)
    other = Card(
        uid="01020304",
        kind="classic1k",
        member="m-2",
        counter=7,
        next_counter=8,
        rewrites=0,
        op_digest=bytes(12),
    )

    written = await tap.write(other, op="s1:1:sale", rewrites=0)

    assert written == CardWritten("unknown", 7)
    assert bytes(hardware.chip.nvm.cells) == before


@with_tap
async def test_a_refused_card_must_leave_before_the_next_is_looked_at(hardware, tap):
    strange = OtherChip(bytes.fromhex("04782e21801d80"))
    hardware.reader.place(strange)
    refused = await tap.next_card()

    waiting = asyncio.create_task(tap.next_card(but_not=refused.uid))
    await asyncio.sleep(3)
    assert not waiting.done()
    hardware.reader.remove()
    hardware.reader.place(hardware.chip)

    assert refused == CardRefused("04782e21801d80", "foreign")
    assert isinstance(await waiting, CardRead)


@with_tap
async def test_a_blank_card_that_was_swapped_is_not_personalised(hardware, tap):
    swapped = ClassicChip(bytes.fromhex("0a0b0c0d"))
    hardware.reader.place(swapped)
    before = bytes(swapped.nvm.cells)

    written = await tap.personalise("01020304", member="m-2", op="card:01020304:issue")

    assert written == CardWritten("torn", 0)
    assert bytes(swapped.nvm.cells) == before


@with_tap
async def test_a_blank_card_of_which_a_sector_dies_is_spoiled(hardware, tap):
    blank = ClassicChip(bytes.fromhex("0a0b0c0d"))
    hardware.reader.place(blank)
    refused = await tap.next_card()

    access = trailer_of(1) * BLOCK_BYTES + KEY_BYTES
    blank.nvm.cells[access : access + 3] = bytes(3)  # contradicts itself
    written = await tap.personalise(refused.uid, member="m-2", op="card:0a0b0c0d:issue")

    assert refused.problem == "blank"
    assert written == CardWritten("torn", 0, is_spoiled=True)


@with_tap
async def test_a_reader_that_went_away_in_a_write_leaves_its_end_unknown(hardware, tap):
    hardware.reader.place(hardware.chip)
    read = await tap.next_card()
    hardware.reader.stop()

    written = await tap.write(read.card, op="s1:1:sale", rewrites=0)

    assert written == CardWritten("unknown", read.card.counter)
    hardware.plug_in_reader()
    hardware.reader.place(hardware.chip)
    assert isinstance(await tap.next_card(), CardRead)


async def refuses_its_key(hardware, tap):
    hardware.reader.place(hardware.chip)

    refused = await tap.next_card()

    assert refused == CardRefused(hardware.chip.uid.hex(), "wrong_key", "classic1k")


test_a_card_of_another_programme_is_refused_for_its_key = with_tap(refuses_its_key, OTHER_KEYS)


@with_tap
async def test_a_chip_without_room_for_our_record_is_known_by_its_uid(hardware, tap):
    chip = UltralightChip("ultralight")
    hardware.reader.place(chip)

    read = await tap.next_card()

    assert read == CardRead(card_without_record(chip.uid.hex(), "ultralight"))
    assert await tap.write(read.card, op="s1:1:sale", rewrites=0) == CardWritten("unknown", -1)
    hardware.reader.remove()
    hardware.reader.place(hardware.chip)
    assert (await tap.next_card()).card.kind == "classic1k"
