"""Every reason for which a card of ours, or one like it, is refused."""

import random

import pytest

from device.nfc import classic, commands, mad
from device.nfc.cards import classic_layout
from device.nfc.cards.member_card import (
    BadSeal,
    Bare,
    Blank,
    Copied,
    Foreign,
    MemberCard,
    Outcome,
    RolledBack,
    Worn,
    Written,
    WrongKey,
)
from device.nfc.cards.member_cards import MemberCards
from simulators.chip_reader import ChipReader
from simulators.chips.classic import ClassicChip, foreign_chip, written_chip
from simulators.chips.ultralight import UltralightChip, locked_chip
from simulators.chips.ultralight_model import MODELS
from tests.nfc.cards_in_hand import KINDS, Hand, copy_of, issued
from tests.nfc.reader_on_a_port import FIRST_OP, OTHER_KEYS, UID_4

every_kind = pytest.mark.parametrize("kind", KINDS, ids=[it.name for it in KINDS])
CLASSIC = next(it for it in KINDS if it.name == "classic1k")
ULTRALIGHT = next(it for it in KINDS if it.name == "ultralight_ev1_128")
NTAG = next(it for it in KINDS if it.name == "ntag213")
PAGES = [it for it in KINDS if it.name.startswith(("ultralight", "ntag"))]
every_paged_kind = pytest.mark.parametrize("kind", PAGES, ids=[it.name for it in PAGES])


@every_kind
async def test_a_card_from_the_factory_is_blank(kind):
    chip = kind.make()

    assert await Hand(chip).read() == Blank(chip.uid)


@every_kind
async def test_another_programmes_card_is_locked_for_us(kind):
    chip = await issued(kind, 1)

    found = await MemberCards(ChipReader(chip), OTHER_KEYS).wait(0)

    assert found == WrongKey(chip.uid)


@every_kind
async def test_a_members_card_is_not_made_anybody_elses(kind):
    chip = await issued(kind, 1)
    before = kind.memory(chip)

    refused = await Hand(chip).issue("m-2002")

    assert refused == WrongKey(chip.uid)
    assert kind.memory(chip) == before


async def test_a_classic_with_somebodys_data_is_foreign():
    chip = written_chip()

    assert await Hand(chip).read() == Foreign(chip.uid)
    assert await Hand(chip).issue() == Foreign(chip.uid)


async def test_a_classic_whose_keys_are_somebodys_is_locked_for_us():
    chip = foreign_chip(UID_4, random.Random(2))

    assert await Hand(chip).read() == WrongKey(UID_4)


async def test_a_classic_whose_directory_gives_our_sectors_away_is_foreign():
    chip = ClassicChip(UID_4)
    _store_directory(chip, mad.pack([mad.FREE, mad.FREE, b"\x03\xe1"] + [mad.FREE] * 12))

    assert await Hand(chip).read() == Foreign(UID_4)
    assert await Hand(chip).issue() == Foreign(UID_4)


async def test_a_classic_with_somebodys_directory_keeps_its_entries():
    chip = ClassicChip(UID_4)
    theirs = [mad.FREE] * 3 + [b"\x03\xe1"] * 5 + [mad.FREE] * 7
    _store_directory(chip, mad.pack(theirs, publisher_sector=4))

    await Hand(chip).issue()
    during = chip.block(1) + chip.block(2)
    await Hand(chip).wipe()

    assert mad.is_whole(during)
    assert mad.entries(during) == [classic_layout.AID] * 3 + theirs[3:]
    assert chip.block(1) + chip.block(2) == mad.pack(theirs, publisher_sector=4)


async def test_a_classic_whose_directory_nobody_may_write_does_without():
    chip = ClassicChip(UID_4)
    directory = mad.pack([mad.FREE] * 15)
    _store_directory(chip, directory, key_b=b"their b")

    await Hand(chip).issue()

    assert chip.block(1) + chip.block(2) == directory
    assert isinstance(await Hand(chip).read(), MemberCard)


@pytest.mark.parametrize(("name", "user"), [("classic1k", 0xC1), ("classic4k", 0xC2)])
async def test_our_sectors_are_entered_in_a_new_directory(name, user):
    chip = await issued(next(it for it in KINDS if it.name == name))
    hand = Hand(chip)
    await hand.reader.wait_for_card(0)

    first = chip.block(1) + chip.block(2)

    assert mad.is_whole(first)
    assert mad.entries(first) == [classic_layout.AID] * 3 + [mad.FREE] * 12
    assert chip.block(3)[:6] == mad.KEY_A
    assert chip.block(3)[9] == user
    if name == "classic4k":
        second = b"".join(chip.block(it) for it in (64, 65, 66))
        assert mad.is_whole(second)
        assert mad.entries(second) == [mad.FREE] * 23


@every_paged_kind
async def test_a_card_with_somebodys_data_is_foreign(kind):
    chip = kind.make()
    chip.store(0x14, b"data")

    assert await Hand(chip).read() == Foreign(chip.uid)
    assert await Hand(chip).issue() == Foreign(chip.uid)


@every_paged_kind
@pytest.mark.parametrize("from_page", [0x04, 0x20])
async def test_somebodys_protected_card_is_foreign_and_not_tried_with_our_password(kind, from_page):
    chip = kind.make()
    settings = MODELS[kind.name].configuration
    chip.store(settings, chip.page(settings)[:3] + bytes([from_page]))
    chip.store(settings + 1, b"\x81\x05\x00\x00")  # One wrong password locks it for ever.
    chip.store(settings + 2, b"mine")

    found = await Hand(chip).read()
    chip.select()

    assert found == Foreign(chip.uid)
    assert chip.exchange_raw(b"\x1bmine") == (commands.OK, bytes(2))


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216"])
async def test_a_chip_that_somebody_locked_is_locked_for_us(kind):
    chip = locked_chip(kind)

    assert await Hand(chip).read() == WrongKey(chip.uid)
    assert await Hand(chip).issue() == WrongKey(chip.uid)


@pytest.mark.parametrize("kind", ["ultralight", "ultralight_ev1"])
async def test_a_chip_without_room_keeps_no_record(kind):
    chip = UltralightChip(kind)

    assert await Hand(chip).read() == Bare(chip.uid)


@every_kind
async def test_an_altered_card_has_a_bad_seal(kind):
    chip = await issued(kind)

    chip.nvm.cells[_slots_at(kind) + 3] ^= 1  # Its counter.

    assert await Hand(chip).read() == BadSeal(chip.uid)


@pytest.mark.parametrize("kind", [CLASSIC, ULTRALIGHT], ids=["classic1k", "ultralight_ev1"])
@pytest.mark.parametrize("steps", [1, 2, 5])
async def test_an_old_state_that_was_written_back_is_noticed(kind, steps):
    hand = copy_of(await issued(kind, 2))
    at = _slots_at(kind)
    old = bytes(hand.chip.nvm.cells[at : at + 112])
    for _ in range(steps):
        await hand.again().advance()

    hand.chip.nvm.cells[at : at + 112] = old

    assert await hand.again().read() == RolledBack(hand.chip.uid)


async def test_a_copy_of_an_ultralight_counts_from_zero():
    chip = await issued(ULTRALIGHT, 4)

    copy = chip.copied_onto(chip.uid)

    assert await Hand(copy).read() == Copied(chip.uid)


@pytest.mark.parametrize("name", ["ntag213", "ntag215", "ntag216"])
async def test_a_copy_of_an_ntag_was_tapped_less_often(name):
    chip = await issued(next(it for it in KINDS if it.name == name), 4)

    copy = chip.copied_onto(chip.uid)

    assert await Hand(copy).read() == Copied(chip.uid)


async def test_a_classic_that_counts_far_behind_its_record_is_a_copy():
    chip = await issued(CLASSIC, 6)

    for block in classic_layout.VALUE_BLOCKS:
        chip.store(block, classic_layout.value_block(1))

    assert await Hand(chip).read() == Copied(chip.uid)


@every_paged_kind
async def test_a_record_on_a_chip_of_another_uid_is_locked_for_us(kind):
    chip = await issued(kind, 1)

    copy = chip.copied_onto(bytes.fromhex("04112233445566"))

    assert await Hand(copy).read() == WrongKey(copy.uid)


async def test_a_classic_with_neither_value_block_whole_is_worn():
    chip = await issued(CLASSIC, 1)

    for block in classic_layout.VALUE_BLOCKS:
        chip.store(block, bytes(classic.BLOCK_BYTES))

    assert await Hand(chip).read() == Worn(UID_4)


@every_kind
async def test_a_slot_that_keeps_nothing_is_found_when_it_is_written(kind):
    hand = Hand(await issued(kind))
    other = _slots_at(kind) + (64 if hand.chip.sak else 48)
    hand.chip.nvm.worn = range(other, other + 48)

    outcome = await hand.again().advance()

    assert outcome.value == "torn"
    card = await hand.again().read()
    assert isinstance(card, MemberCard)
    assert card.op_digest == FIRST_OP


@every_kind
async def test_a_personalised_card_is_written_as_it_says(kind):
    hand = Hand(kind.make())

    written = await hand.issue()

    assert isinstance(written, Written)
    assert written.card == await hand.again().read()


def _slots_at(kind) -> int:
    """Return where the first slot stands in a chip's memory."""
    if kind.name.startswith("classic"):
        return 4 * 16
    return (0x0C if kind is ULTRALIGHT else 0x10) * 4


def _store_directory(chip: ClassicChip, directory: bytes, key_b: bytes = b"\xff" * 6) -> None:
    """Let `chip` have somebody's directory, which transport key B writes unless told otherwise."""
    chip.store(1, directory[:16])
    chip.store(2, directory[16:])
    chip.store(3, classic.trailer(mad.KEY_A, classic_layout.SLOT_ACCESS, key_b[:6], 0xC1))


async def test_a_card_that_was_selected_again_since_it_was_read_is_written_all_the_same():
    hand = Hand(await issued(CLASSIC, 1))
    card = await hand.again().read()
    await hand.reader.wait_for_card(0)  # As a kiosk does that looks which card it holds.

    written = await hand.cards.write(card, counter=3, op_digest=FIRST_OP, rewrites=0)

    assert written.outcome is Outcome.DONE
    assert written.card == await hand.again().read()


async def test_a_counter_that_keeps_nothing_lets_no_further_write_begin():
    hand = Hand(await issued(CLASSIC))
    at = classic_layout.VALUE_BLOCKS[1] * classic.BLOCK_BYTES
    hand.chip.nvm.worn = range(at, at + classic.BLOCK_BYTES)
    await hand.again().advance()
    before = await hand.again().read()

    outcome = await hand.again().advance()

    assert outcome is Outcome.TORN
    assert await hand.again().read() == before
