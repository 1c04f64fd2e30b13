"""Making a blank card ours, also when it is pulled away in the middle."""

import pytest

from device.nfc.cards.classic_card import ClassicCard
from device.nfc.cards.member_card import Blank, MemberCard, Outcome, Written, WrongKey
from device.nfc.cards.member_cards import MemberCards
from device.nfc.classic import TRANSPORT_KEY
from device.nfc.reader import AuthenticationFailed
from device.nfc.readers.pn532 import Pn532
from simulators.chips.classic import ClassicChip, blank_chip
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import (
    FIRST_OP,
    KEYS,
    TAP_S,
    UID_4,
    issue,
    reader_on_port,
    seen,
    tap,
)

# The same at every byte, without a wire: tests/nfc/test_torn_cards.py. Every cut takes a time-out.
CUTS = range(0, 368, 31)


async def try_to_issue(
    reader: Pn532, chip: ClassicChip, op_digest: bytes = FIRST_OP
) -> Written | WrongKey:
    await reader.wait_for_card(TAP_S)
    cards = MemberCards(reader, KEYS)
    return await cards.personalise(seen(chip), member="m-1001", op_digest=op_digest)


@pytest.mark.parametrize("sector", [1, 2, 3])
@pytest.mark.parametrize("key_b", [False, True])
@in_quick_time
async def test_transport_keys_open_our_sectors_no_more(sector, key_b):
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        await issue(reader, chip)
        await reader.reselect()

        with pytest.raises(AuthenticationFailed):
            await ClassicCard(reader, UID_4).authenticate(sector * 4, TRANSPORT_KEY, key_b=key_b)


@in_quick_time
async def test_keys_differ_between_sectors_names_and_cards():
    keys = {
        KEYS.of_sector(uid, sector, name)
        for uid in (b"\x01\x02\x03\x04", b"\x01\x02\x03\x05")
        for sector in (1, 2, 3)
        for name in "AB"
    }

    assert len(keys) == 12


@in_quick_time
async def test_a_card_that_is_ours_already_keeps_its_counter():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        card = await issue(reader, chip)
        await reader.reselect()

        refused = await try_to_issue(reader, chip, b"second-issue")

        assert refused == WrongKey(UID_4)
        assert await tap(reader) == card


@in_quick_time
async def test_an_issue_that_is_asked_for_again_was_done():
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        card = await issue(reader, chip)
        await reader.reselect()

        assert await try_to_issue(reader, chip) == Written(outcome=Outcome.DONE, card=card)
        assert await tap(reader) == card


@pytest.mark.parametrize("member", ["", "seventeen-letters", "a b", "née"])
@in_quick_time
async def test_a_bad_member_token_is_refused_before_the_card_is_touched(member):
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, _):
        await reader.wait_for_card(TAP_S)

        with pytest.raises(ValueError, match="member token"):
            await MemberCards(reader, KEYS).personalise(
                seen(chip), member=member, op_digest=FIRST_OP
            )

        assert chip.nvm.bytes_programmed == 0


@pytest.mark.parametrize("cut", CUTS)
@in_quick_time
async def test_a_card_pulled_away_is_blank_and_can_be_tried_again(cut):
    chip = blank_chip()
    async with reader_on_port(chip) as (reader, port):
        chip.nvm.bytes_until_power_loss = cut
        first = await try_to_issue(reader, chip)
        port.remove()
        port.place(chip)
        between = await tap(reader)

        second = await try_to_issue(reader, chip)

        assert isinstance(first, Written)
        assert first.outcome is Outcome.UNKNOWN
        assert between == Blank(UID_4)
        assert isinstance(second, Written)
        assert second.outcome is Outcome.DONE
        assert isinstance(await tap(reader), MemberCard)
