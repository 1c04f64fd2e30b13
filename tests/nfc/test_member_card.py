"""Our card on a reader: what it states, why it is refused, and writes that are torn."""

import asyncio
import random
from collections.abc import Callable

import pytest

from device.nfc import commands
from device.nfc.cards.member_card import (
    BadSeal,
    Blank,
    Foreign,
    MemberCard,
    Outcome,
    RolledBack,
    WrongKey,
)
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import CardGone
from device.nfc.readers.pn532 import Pn532
from loyalty.card import next_counter
from simulators.chips.classic import ClassicChip, blank_chip, foreign_chip
from simulators.chips.other import OtherChip
from simulators.pn532 import Fault
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import (
    FIRST_OP,
    KEYS,
    OTHER_KEYS,
    TAP_S,
    UID_4,
    UID_7,
    issue,
    reader_on_port,
    seen,
    tap,
)

OP = b"sale-7f3a-01"
BLOCKS_OF_SLOTS = [*range(4, 7), *range(8, 11)]


async def advance(reader: Pn532, card: MemberCard, op_digest: bytes = OP) -> Outcome:
    """Read the card anew and write its next state."""
    cards = MemberCards(reader, KEYS)
    now = await cards.wait(TAP_S)
    assert now == card
    counter = next_counter(card.counter, card.torn)
    return (await cards.write(card, counter=counter, op_digest=op_digest, rewrites=0)).outcome


@pytest.mark.parametrize("uid", [UID_4, UID_7])
@in_quick_time
async def test_an_issued_card_states_its_member(uid):
    chip = blank_chip(uid)
    async with reader_on_port(chip) as (reader, _):
        await issue(reader, chip, "m-1001")

        card = await tap(reader)

        assert card == MemberCard(
            uid=uid,
            kind="classic1k",
            member="m-1001",
            counter=1,
            slot=0,
            rewrites=0,
            op_digest=FIRST_OP,
            torn=False,
        )


@in_quick_time
async def test_a_write_goes_to_the_other_slot_and_is_read_back():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        await issue(reader, chip)
        cards = MemberCards(reader, KEYS)
        before = await cards.wait(TAP_S)
        assert isinstance(before, MemberCard)

        written = await cards.write(before, counter=2, op_digest=OP, rewrites=1)

        assert written.outcome is Outcome.DONE
        assert written.card == await tap(reader)
        assert (written.card.slot, written.card.counter, written.card.rewrites) == (1, 2, 1)


@in_quick_time
async def test_a_tap_opens_three_sectors_and_reads_eight_blocks():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        await issue(reader, chip)
        await tap(reader)
        port.chip.commands_seen.clear()

        await tap(reader)

        assert port.chip.commands_seen == {
            commands.IN_LIST_PASSIVE_TARGET: 1,
            commands.IN_DATA_EXCHANGE: 3 + 8,
        }


@in_quick_time
async def test_a_usual_write_opens_one_sector_writes_two_blocks_and_counts_once():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        card = await issue(reader, chip)
        await advance(reader, card)
        cards = MemberCards(reader, KEYS)
        card = await cards.wait(TAP_S)
        port.chip.commands_seen.clear()

        await cards.write(card, counter=3, op_digest=OP, rewrites=0)

        # The slot's sector is open since it was read. Its blocks are read back; the counter is
        # not, because its old value block is still there.
        assert port.chip.commands_seen == {commands.IN_DATA_EXCHANGE: 2 + 2 + 1 + 2}


@in_quick_time
async def test_a_usual_write_programs_two_blocks_and_a_value():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        card = await issue(reader, chip)
        for _ in range(2):
            await advance(reader, card)
            card = await tap(reader)
        before = chip.nvm.bytes_programmed

        await advance(reader, card)

        assert chip.nvm.bytes_programmed - before == 48


@in_quick_time
async def test_no_card_is_none():
    async with reader_on_port() as (reader, _):
        assert await MemberCards(reader, KEYS).wait(0.02) is None


@pytest.mark.parametrize("uid", [UID_4, UID_7])
@in_quick_time
async def test_a_card_from_the_factory_is_blank(uid):
    async with reader_on_port(blank_chip(uid)) as (reader, _):
        assert await tap(reader) == Blank(uid)


@in_quick_time
async def test_a_card_of_somebody_elses_scheme_opens_with_no_key_of_ours():
    async with reader_on_port(foreign_chip(UID_4, random.Random(1))) as (reader, _):
        assert await tap(reader) == WrongKey(UID_4)


@in_quick_time
async def test_a_card_of_our_programmes_neighbour_opens_with_no_key_of_ours():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        await issue(reader, chip)

        assert await tap(reader, OTHER_KEYS) == WrongKey(UID_4)


@in_quick_time
async def test_another_kind_of_card_is_foreign():
    async with reader_on_port(OtherChip(UID_7)) as (reader, _):
        assert await tap(reader) == Foreign(UID_7)


@in_quick_time
async def test_an_altered_card_has_a_bad_seal():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        await issue(reader, chip)

        chip.nvm.cells[4 * 16 + 3] ^= 1  # Its counter.

        assert await tap(reader) == BadSeal(UID_4)


@in_quick_time
async def test_data_copied_to_another_card_has_a_bad_seal():
    chip, copy = blank_chip(UID_4), blank_chip(bytes.fromhex("0badcafe"))
    async with reader_on_port(chip) as (reader, _):
        await issue(reader, chip)
    async with reader_on_port(copy) as (reader, _):
        await issue(reader, copy)

        for block in BLOCKS_OF_SLOTS:
            copy.nvm.cells[block * 16 : block * 16 + 16] = chip.block(block)

        assert await tap(reader) == BadSeal(copy.uid)


@in_quick_time
async def test_a_slot_that_was_counted_and_breaks_is_not_passed_over():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        await advance(reader, await issue(reader, chip))

        chip.nvm.cells[10 * 16 + 15] ^= 1  # The seal of slot 1.

        assert await tap(reader) == RolledBack(UID_4)


@in_quick_time
async def test_a_counter_that_does_not_rise_is_refused():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        card = await issue(reader, chip)

        with pytest.raises(ValueError, match="counter 1, wanted more than 1"):
            await MemberCards(reader, KEYS).write(card, counter=1, op_digest=OP, rewrites=0)


@in_quick_time
async def test_a_card_that_leaves_before_it_is_read_is_gone():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        await reader.wait_for_card(TAP_S)
        port.remove()

        with pytest.raises(CardGone):
            await MemberCards(reader, KEYS).read(seen(chip))


@in_quick_time
async def test_a_card_that_leaves_before_its_write_is_unknown_and_unchanged():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        card = await issue(reader, chip)
        cards = MemberCards(reader, KEYS)
        await cards.wait(TAP_S)
        port.remove()

        written = await cards.write(card, counter=2, op_digest=OP, rewrites=0)
        port.place(chip)

        assert (written.outcome, written.card) == (Outcome.UNKNOWN, None)
        assert await tap(reader) == card


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.SILENCE])
@pytest.mark.parametrize("after", range(9))
@in_quick_time
async def test_a_hang_at_any_step_of_a_write_is_found_out_on_the_card(fault, after):
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        card = await issue(reader, chip)
        cards = MemberCards(reader, KEYS)
        await cards.wait(TAP_S)
        # Three blocks written and read back, the counter's sector opened, and counted.
        port.chip.fail(fault, command=commands.IN_DATA_EXCHANGE, after=after)

        written = await cards.write(card, counter=2, op_digest=OP, rewrites=0)

        whole = after > 2 or (after == 2 and fault is Fault.LOST_ANSWER)
        assert written.outcome is (Outcome.DONE if whole else Outcome.TORN)
        assert written.card == await tap(reader)
        assert written.card.op_digest == (OP if whole else FIRST_OP)


@in_quick_time
async def test_a_write_that_is_cancelled_leaves_the_old_or_the_new_state():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        card = await issue(reader, chip)
        for turns in range(0, 80, 2):
            writing = asyncio.ensure_future(advance(reader, card))
            for _ in range(turns):
                await asyncio.sleep(0)
            writing.cancel()
            await asyncio.wait([writing])

            after = await tap(reader)

            assert isinstance(after, MemberCard)
            assert after.counter in (card.counter, next_counter(card.counter, card.torn))
            card = after


@in_quick_time
async def test_a_reader_that_is_unplugged_in_a_write_leaves_it_unknown():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        card = await issue(reader, chip)
        port.stop()

        written = await MemberCards(reader, KEYS).write(card, counter=2, op_digest=OP, rewrites=0)

        assert written.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("history", [0, 1])
@in_quick_time
async def test_a_write_torn_at_any_byte_leaves_the_old_or_the_new_state(history):
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        await issue(reader, chip)
        for _ in range(history):
            await advance(reader, await tap(reader), b"history-----")
        start = bytes(chip.nvm.cells)
        whole = await programmed_by_one_write(reader, chip)

        # At every byte, without a wire: tests/nfc/test_torn_cards.py. Every cut takes a time-out.
        for cut in range(0, whole + 1, 5):
            chip.nvm.cells[:] = start
            before = await tap(reader)
            chip.nvm.bytes_until_power_loss = cut
            outcome = await advance(reader, before)
            lift_and_return(port.remove, port.place, chip)
            after = await tap(reader)

            assert isinstance(after, MemberCard)
            assert outcome is Outcome.UNKNOWN
            assert (after.counter, after.op_digest) in (
                (before.counter, before.op_digest),
                (before.counter + 1, OP),
            )
            assert await advance(reader, after, b"next-op-----") is Outcome.DONE
            assert (await tap(reader)).op_digest == b"next-op-----"


@in_quick_time
async def test_a_write_torn_twice_in_a_row_still_leaves_the_old_state():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        await issue(reader, chip)
        for cut in (3, 7, 5):
            chip.nvm.bytes_until_power_loss = cut
            await advance(reader, await tap(reader))
            lift_and_return(port.remove, port.place, chip)

        card = await tap(reader)

        assert (card.counter, card.op_digest, card.torn) == (1, FIRST_OP, True)


async def programmed_by_one_write(reader: Pn532, chip: ClassicChip) -> int:
    before = chip.nvm.bytes_programmed
    await advance(reader, await tap(reader))
    return chip.nvm.bytes_programmed - before


def lift_and_return(
    remove: Callable[[], None], place: Callable[[ClassicChip], None], chip: ClassicChip
) -> None:
    remove()
    place(chip)
