"""Whatever reader and whatever card: what `Reader` and `MemberCards` promise together."""

import asyncio
import random

import pytest

from device.errors import DeviceError
from device.nfc.cards.member_card import MemberCard, Outcome, Written
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import CardGone
from simulators.chips.classic import ClassicChip
from simulators.chips.desfire import desfire_chip
from simulators.chips.ntag424 import ntag424_chip
from simulators.chips.other import OtherChip
from simulators.chips.ultralight import UltralightChip
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import FIRST_OP, KEYS, OTHER_KEYS, TAP_S, UID_4, UID_7
from tests.nfc.readers_on_simulators import READERS

MEMBER = "m-1001"
OP = b"sale-7f3a-01"

CARDS = {
    "classic1k": lambda: ClassicChip(UID_4),
    "classic1k, 7 bytes": lambda: ClassicChip(UID_7),
    "classic4k": lambda: ClassicChip(UID_4, kind="classic4k"),
    "ultralight_ev1": lambda: UltralightChip("ultralight_ev1_128"),
    "ntag213": lambda: UltralightChip("ntag213"),
    "ntag215": lambda: UltralightChip("ntag215"),
    "ntag216": lambda: UltralightChip("ntag216"),
    "desfire_ev1": lambda: desfire_chip(UID_7, "desfire_ev1", rng=random.Random(1)),
    "desfire_ev2": lambda: desfire_chip(UID_7, "desfire_ev2", rng=random.Random(2)),
    "desfire_ev3": lambda: desfire_chip(UID_7, "desfire_ev3", rng=random.Random(3)),
    "ntag424": lambda: ntag424_chip(UID_7, rng=random.Random(4)),
}

every_reader = pytest.mark.parametrize("opened", READERS.values(), ids=READERS)
every_card = pytest.mark.parametrize("make", CARDS.values(), ids=CARDS)


async def issue(reader, chip) -> MemberCard:
    """Personalise `chip`, which lies on `reader`, and leave it selected."""
    seen = await reader.wait_for_card(TAP_S)
    assert seen is not None
    written = await MemberCards(reader, KEYS).personalise(seen, member=MEMBER, op_digest=FIRST_OP)
    assert isinstance(written, Written)
    assert written.outcome is Outcome.DONE
    return written.card


@every_reader
@every_card
@in_quick_time
async def test_a_card_is_issued_read_written_and_read_back(opened, make):
    async with opened() as (reader, field):
        chip, cards = make(), MemberCards(reader, KEYS)
        field.place(chip)
        issued = await issue(reader, chip)

        read = await cards.wait(TAP_S)
        written = await cards.write(read, counter=read.counter + 1, op_digest=OP, rewrites=2)
        field.remove()
        chip.leave_field()
        field.place(chip)
        back = await cards.wait(TAP_S)

        assert (read.uid, read.member, read.counter) == (chip.uid, MEMBER, issued.counter)
        assert written.outcome is Outcome.DONE
        assert (back.counter, back.op_digest, back.rewrites) == (read.counter + 1, OP, 2)
        assert not back.torn


@every_reader
@every_card
@in_quick_time
async def test_a_card_that_was_lifted_is_gone_and_can_come_back(opened, make):
    async with opened() as (reader, field):
        chip, cards = make(), MemberCards(reader, KEYS)
        field.place(chip)
        await issue(reader, chip)
        read = await cards.wait(TAP_S)
        field.remove()

        written = await cards.write(read, counter=read.counter + 1, op_digest=OP, rewrites=2)
        with pytest.raises(CardGone):
            await reader.reselect()
        gone = await reader.wait_for_card(0)
        field.place(chip)
        back = await cards.wait(TAP_S)

        assert written == Written(outcome=Outcome.UNKNOWN, card=None)
        assert gone is None
        assert back == read


@every_reader
@every_card
@in_quick_time
async def test_a_card_of_another_programme_is_refused_and_stays_as_it_is(opened, make):
    async with opened() as (reader, field):
        chip = make()
        field.place(chip)
        await issue(reader, chip)

        refused = await MemberCards(reader, OTHER_KEYS).wait(TAP_S)
        read = await MemberCards(reader, KEYS).wait(TAP_S)

        assert not isinstance(refused, MemberCard)
        assert refused.uid == chip.uid
        assert isinstance(read, MemberCard)


@every_reader
@every_card
@in_quick_time
async def test_a_read_that_is_cancelled_anywhere_leaves_card_and_reader_usable(opened, make):
    async with opened() as (reader, field):
        chip, cards = make(), MemberCards(reader, KEYS)
        field.place(chip)
        await issue(reader, chip)

        for turns in (0, 1, 3, 9, 27):
            cut_short = asyncio.ensure_future(cards.wait(TAP_S))
            for _ in range(turns):
                await asyncio.sleep(0)
            cut_short.cancel()
            await asyncio.wait([cut_short])

            assert isinstance(await cards.wait(TAP_S), MemberCard)


@every_reader
@in_quick_time
async def test_without_a_card_waiting_and_looking_end_in_none(opened):
    async with opened() as (reader, _):
        assert await reader.wait_for_card(0.03) is None
        assert await reader.wait_for_card(0) is None
        with pytest.raises(CardGone):
            await reader.exchange(b"\x30\x04")


@every_reader
@in_quick_time
async def test_a_card_that_comes_while_we_wait_is_seen(opened):
    async with opened() as (reader, field):
        waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
        await asyncio.sleep(0.02)

        field.place(ClassicChip(UID_4))

        assert (await waiting).uid == UID_4


@every_reader
@in_quick_time
async def test_a_card_that_only_has_a_number_is_seen_and_not_ours(opened):
    async with opened() as (reader, field):
        field.place(OtherChip(UID_7))

        found = await MemberCards(reader, KEYS).wait(TAP_S)

        assert not isinstance(found, MemberCard)
        assert found.uid == UID_7


@every_reader
@in_quick_time
async def test_closing_twice_and_opening_again_does_no_harm(opened):
    async with opened() as (reader, field):
        await reader.close()
        await reader.close()
        with pytest.raises(DeviceError):
            await reader.exchange(b"\x30\x04")

        await reader.open()
        field.place(ClassicChip(UID_4))

        assert await reader.wait_for_card(TAP_S) is not None
