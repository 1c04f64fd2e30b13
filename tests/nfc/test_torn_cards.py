"""Cards pulled away: at every byte a chip programs and at every command it is sent.

Whatever happens, a card states wholly what it stated before or wholly what was meant, the next tap
puts it right, and the chip's own counter never goes back.
"""

import pytest

from device.nfc.cards import classic_layout
from device.nfc.cards.member_card import Blank, MemberCard, Outcome, Refusal, Written, WrongKey
from loyalty.card import next_counter
from simulators.chip_reader import Cut
from tests.nfc.cards_in_hand import (
    KINDS,
    MEMBER,
    NEXT_OP,
    OP,
    Hand,
    Kind,
    commands_of,
    copy_of,
    issued,
    programmed_by,
    try_to,
)

every_kind = pytest.mark.parametrize("kind", KINDS, ids=[it.name for it in KINDS])
every_cut = pytest.mark.parametrize("how", Cut, ids=[it.value for it in Cut])


async def is_old_or_new(kind: Kind, hand: Hand, before: MemberCard) -> bool:
    """Return whether a written card now states one of two things; its next write must hold."""
    counted = kind.counter(hand.chip)
    after = await hand.again().read()
    assert isinstance(after, MemberCard)
    counter = next_counter(before.counter, before.torn)
    is_old = (after.counter, after.op_digest) == (before.counter, before.op_digest)
    is_new = (after.counter, after.op_digest) == (counter, OP)

    assert await hand.again().advance(NEXT_OP) is Outcome.DONE

    final = await hand.again().read()
    assert isinstance(final, MemberCard)
    assert (final.op_digest, final.member, final.torn) == (NEXT_OP, MEMBER, False)
    assert final.counter > after.counter
    assert counted <= kind.counter(hand.chip) == final.counter
    return is_old or is_new


@every_kind
@pytest.mark.parametrize("writes", [0, 1, 2])
async def test_a_write_torn_at_any_byte(kind, writes):
    start = await issued(kind, writes)
    before = await copy_of(start).read()

    for cut in range(await programmed_by(start, Hand.advance) + 1):
        hand = copy_of(start)
        hand.chip.nvm.bytes_until_power_loss = cut
        await try_to(hand.advance())

        assert kind.counter(hand.chip) >= before.counter
        assert await is_old_or_new(kind, hand, before), f"torn at byte {cut}"


@every_kind
@every_cut
@pytest.mark.parametrize("writes", [0, 2])
async def test_a_write_cut_at_any_command(kind, how, writes):
    start = await issued(kind, writes)
    before = await copy_of(start).read()

    for after in range(await commands_of(start, Hand.advance)):
        hand = copy_of(start)
        hand.reader.cut(how, after=after)
        await try_to(hand.advance())

        assert await is_old_or_new(kind, hand, before), f"cut after {after} commands"


@every_kind
async def test_a_write_torn_twice_at_any_bytes(kind):
    start = await issued(kind, 2)

    for cut in range(0, await programmed_by(start, Hand.advance) + 1, 3):
        torn = copy_of(start)
        torn.chip.nvm.bytes_until_power_loss = cut
        await try_to(torn.advance())
        torn.again().reader.lift()
        for second in range(0, await programmed_by(torn.chip, Hand.advance) + 1, 5):
            hand = copy_of(torn.chip)
            before = await hand.read()
            hand.again().chip.nvm.bytes_until_power_loss = second
            await try_to(hand.advance())

            assert await is_old_or_new(kind, hand, before), f"torn at bytes {cut} and {second}"


@every_kind
async def test_a_card_torn_ten_times_in_a_row_still_states_its_member(kind):
    hand = Hand(await issued(kind))
    for cut in (3, 40, 17, 31, 9, 47, 33, 1, 35, 44):
        hand.again().chip.nvm.bytes_until_power_loss = cut
        await try_to(hand.advance())

    card = await hand.again().read()

    assert isinstance(card, MemberCard)
    assert card.member == MEMBER
    assert await hand.again().advance(NEXT_OP) is Outcome.DONE


@pytest.mark.parametrize(("name", "counting"), [("classic1k", 3), ("ultralight_ev1_128", 2)])
async def test_a_card_pulled_away_before_it_counts_again_and_again_is_no_copy(name, counting):
    kind = next(it for it in KINDS if it.name == name)
    hand = Hand(await issued(kind, 1))
    for written in range(3, 9):
        sent = await commands_of(hand.again().chip, Hand.advance)
        hand.reader.cut(Cut.CARD_LEAVES, after=sent - counting)  # The commands that count.
        await try_to(hand.advance())

        card = await hand.again().read()

        assert isinstance(card, MemberCard)
        assert card.counter == written == kind.counter(hand.chip) + 1


async def is_shown_to_be_lost(hand):
    """Return whether nobody tries a locked card for ever; its directory may be done without."""
    if isinstance(await hand.again().read(), WrongKey):
        return True
    again = await hand.again().issue()
    return isinstance(again, Written) and again.outcome is Outcome.DONE


@every_kind
async def test_personalising_torn_at_any_byte_can_be_done_again(kind):
    new, lost = kind.make(), 0
    for cut in range(await programmed_by(new, Hand.issue) + 1):
        hand = copy_of(new)
        hand.chip.nvm.bytes_until_power_loss = cut
        await hand.issue()
        if kind.is_lost(hand.again().chip):
            lost += 1
            assert await is_shown_to_be_lost(hand), f"torn at byte {cut}"
            continue

        between = await hand.again().read()
        again = await hand.again().issue()

        assert is_blank_or_finished(between), f"torn at byte {cut}: {between}"
        if isinstance(between, Blank):
            assert isinstance(again, Written)
            assert again.outcome is Outcome.DONE, f"torn at byte {cut}"
        assert is_blank_or_finished(await hand.again().read())
        assert await hand.again().advance() is Outcome.DONE
    assert lost <= kind.lost_at_most


@every_kind
@every_cut
async def test_personalising_cut_at_any_command_can_be_done_again(kind, how):
    new = kind.make()
    for after in range(await commands_of(new, Hand.issue)):
        hand = copy_of(new)
        hand.reader.cut(how, after=after)
        await hand.issue()

        between = await hand.again().read()
        await hand.again().issue()

        assert is_blank_or_finished(between), f"cut after {after} commands: {between}"
        assert await hand.again().advance() is Outcome.DONE


@every_kind
async def test_wiping_torn_at_any_byte_can_be_done_again(kind):
    start, lost = await issued(kind, 2), 0
    for cut in range(await programmed_by(start, Hand.wipe) + 1):
        hand = copy_of(start)
        hand.chip.nvm.bytes_until_power_loss = cut
        await hand.try_to_wipe()
        if kind.is_lost(hand.again().chip):
            lost += 1
            assert await is_shown_to_be_lost(hand), f"torn at byte {cut}"
            continue

        between = await hand.again().read()
        assert is_blank_or_finished(between), f"torn at byte {cut}: {between}"
        assert await hand.again().wipe() is None

        assert kind.is_as_new(hand.chip), f"torn at byte {cut}"
    assert lost <= kind.lost_at_most


@every_kind
@every_cut
async def test_wiping_cut_at_any_command_can_be_done_again(kind, how):
    start = await issued(kind, 1)
    for after in range(await commands_of(start, Hand.wipe)):
        hand = copy_of(start)
        hand.reader.cut(how, after=after)
        await hand.try_to_wipe()

        assert is_blank_or_finished(await hand.again().read())
        assert await hand.again().wipe() is None
        assert kind.is_as_new(hand.chip), f"cut after {after} commands"


@every_kind
async def test_a_wiped_card_can_be_issued_anew(kind):
    hand = Hand(await issued(kind, 3))
    counted = kind.counter(hand.chip)
    await hand.again().wipe()

    written = await hand.again().issue("m-2002")

    assert isinstance(written, Written)
    card = await hand.again().read()
    assert card == written.card
    assert card.member == "m-2002"
    assert card.counter == 1 or card.counter > counted
    assert await hand.again().advance() is Outcome.DONE


def is_blank_or_finished(found: MemberCard | Refusal | None) -> bool:
    """Return whether a card is nobody's, or wholly that of `MEMBER`."""
    return isinstance(found, Blank) or (isinstance(found, MemberCard) and found.member == MEMBER)


def break_both_counts(chip):
    for block in classic_layout.VALUE_BLOCKS:
        chip.store(block, bytes(16))


def count_ahead(chip):
    for block in classic_layout.VALUE_BLOCKS:
        chip.store(block, classic_layout.value_block(99))


@pytest.mark.parametrize("change", [break_both_counts, count_ahead])
async def test_a_card_that_came_back_changed_in_the_middle_of_a_write_is_not_written(change):
    hand = Hand(await issued(KINDS[0], 1))
    card = await hand.read()
    counter = next_counter(card.counter, card.torn)
    hand.reader.cut(Cut.CARD_LEAVES, after=0)
    gone = await hand.cards.write(card, counter=counter, op_digest=OP, rewrites=3)
    change(hand.chip)
    left = bytes(hand.chip.nvm.cells)

    await hand.again().reader.wait_for_card(0)
    written = await hand.cards.write(card, counter=counter, op_digest=OP, rewrites=3)

    assert (gone.outcome, written) == (Outcome.UNKNOWN, Written(outcome=Outcome.UNKNOWN, card=None))
    assert bytes(hand.chip.nvm.cells) == left
