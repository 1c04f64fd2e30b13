"""One damaged answer, which a reader cannot tell from a refusal, turns no member away."""

import pytest

from device.errors import DeviceError
from device.nfc.cards.member_card import Blank, MemberCard, Outcome, Written
from simulators.chip_reader import Cut
from tests.nfc.cards_in_hand import KINDS, MEMBER, Hand, commands_of, issued

every_kind = pytest.mark.parametrize("kind", KINDS, ids=[it.name for it in KINDS])


async def read_with_noise(hand: Hand, after: int) -> object:
    """Return what the card is found to be, if need be when it is asked for again."""
    hand.reader.cut(Cut.DAMAGED_ANSWER, after=after)
    try:
        return await hand.read()
    except DeviceError:  # as a terminal does
        return await hand.read()


@every_kind
async def test_a_members_card_is_read_whichever_answer_is_damaged(kind):
    chip = await issued(kind, 1)

    for after in range(await commands_of(chip, Hand.read)):
        found = await read_with_noise(Hand(chip).again(), after)

        assert isinstance(found, MemberCard), f"{found} after {after} commands"
        assert found.member == MEMBER


@every_kind
async def test_a_blank_card_is_blank_whichever_answer_is_damaged(kind):
    chip = kind.make()

    for after in range(await commands_of(chip, Hand.read)):
        found = await read_with_noise(Hand(chip).again(), after)

        assert found == Blank(chip.uid), f"{found} after {after} commands"


@every_kind
async def test_no_blank_card_is_thought_spoiled_whichever_answer_is_damaged(kind):
    for after in range(await commands_of(kind.make(), Hand.issue)):
        hand = Hand(kind.make())
        hand.reader.cut(Cut.DAMAGED_ANSWER, after=after)

        written = await hand.issue()

        assert isinstance(written, Written), f"{written} after {after} commands"
        if written.outcome is not Outcome.DONE:
            assert await hand.again().read() == Blank(hand.chip.uid)
