"""A wallet on the reader: two cards in the field at once."""

from device.nfc.cards.member_card import Foreign, MemberCard
from device.nfc.cards.member_cards import MemberCards
from simulators.chips.classic import blank_chip
from simulators.chips.other import OtherChip
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import KEYS, TAP_S, UID_4, UID_7, issue, reader_on_port

BANK_CARD = bytes.fromhex("08a1b2c3")


@in_quick_time
async def test_our_card_is_found_behind_a_foreign_one():
    ours = blank_chip(UID_7)
    async with reader_on_port(ours) as (reader, port):
        await issue(reader, ours)
        port.remove()
        port.place(OtherChip(BANK_CARD))
        port.place(ours)

        found = await MemberCards(reader, KEYS).wait(TAP_S)

        assert isinstance(found, MemberCard)
        assert found.uid == UID_7


@in_quick_time
async def test_a_foreign_card_alone_is_foreign():
    async with reader_on_port(OtherChip(BANK_CARD)) as (reader, _):
        assert await MemberCards(reader, KEYS).wait(TAP_S) == Foreign(BANK_CARD)


@in_quick_time
async def test_of_two_foreign_cards_the_first_is_told():
    async with reader_on_port(OtherChip(BANK_CARD), OtherChip(UID_4)) as (reader, _):
        assert await MemberCards(reader, KEYS).wait(TAP_S) == Foreign(BANK_CARD)


@in_quick_time
async def test_a_foreign_card_that_was_passed_over_is_seen_again_once_it_comes_back():
    bank_card = OtherChip(BANK_CARD)
    async with reader_on_port(bank_card) as (reader, port):
        cards = MemberCards(reader, KEYS)
        await cards.wait(TAP_S)
        meanwhile = await cards.wait(0.05)
        port.remove()
        port.place(bank_card)

        assert meanwhile is None
        assert await cards.wait(TAP_S) == Foreign(BANK_CARD)
