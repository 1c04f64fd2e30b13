"""What a technician does with cards of every kind, and what is said."""

from dataclasses import replace

import pytest

from device.commands.card_care import KINDS as NAMES
from device.commands.card_care import NO_ISSUERS_KEYS, CardCare, Told
from device.nfc.cards import classic_layout
from device.nfc.cards.card_lease import CardLease
from device.nfc.cards.desfire_layout import APPLICATION
from device.nfc.cards.member_card import MemberCard
from loyalty.card_kinds import PROFILES
from simulators.chip_reader import Cut
from simulators.chips.classic import written_chip
from simulators.chips.other import OtherChip
from simulators.chips.ultralight import UltralightChip
from tests.nfc.cards_in_hand import KINDS, MEMBER, OP, Hand, commands_of, copy_of, issued, try_to
from tests.nfc.reader_on_a_port import KEYS, UID_7
from tests.nfc.smart_cards_on_readers import CHIPS, chip_of

every_kind = pytest.mark.parametrize("kind", KINDS, ids=[it.name for it in KINDS])
CLASSIC = KINDS[0]


async def do(hand: Hand, deed: str, **options) -> Told:
    """Tap the card and do one deed."""
    hand.again()
    seen = await hand.reader.wait_for_card(0)
    assert seen is not None
    return await getattr(CardCare(hand.reader, KEYS), deed)(seen, **options)


async def personalise(hand: Hand, member: str = MEMBER, counter: int | None = None) -> Told:
    return await do(hand, "personalise", member=member, counter=counter)


def text(told: Told) -> str:
    return " ".join(told.lines)


@every_kind
async def test_a_blank_card_becomes_a_members_and_verifies(kind):
    hand = Hand(kind.make())

    made = await personalise(hand)
    verified = await do(hand, "verify")

    assert made.is_well
    assert "It is the card of m-1001 now" in text(made)
    assert verified.is_well, verified
    assert "All is well" in text(verified)


async def test_what_a_card_carries_is_told_before_it_is_wiped():
    chip = chip_of("desfire_ev2")
    hand = Hand(chip)
    await personalise(hand)
    before = await do(hand, "read")
    issuer = KEYS.issuer_of(chip.uid, APPLICATION)
    hand.again()
    card = await hand.read()
    lease = CardLease(certificate=bytes(range(96)), left_points=120)
    await hand.cards.write(
        card, counter=2, op_digest=OP, rewrites=0, lease=lease, credit_key=issuer.credit
    )

    assert "lease" not in text(before)
    assert "120 points are unspent" in text(await do(hand, "read"))
    assert "120 points are unspent" in text(await do(hand, "wipe", is_sure=False))


async def test_only_a_technicians_file_makes_and_wipes_cards_that_may_carry_value():
    terminals_keys = replace(KEYS, credit_master=None)
    hand = Hand(chip_of("desfire_ev2"))
    seen = await hand.reader.wait_for_card(0)
    refused = await CardCare(hand.reader, terminals_keys).personalise(
        seen, member=MEMBER, counter=None
    )
    await personalise(hand)

    kept = await do(hand, "read")
    hand.again()
    seen = await hand.reader.wait_for_card(0)
    not_wiped = await CardCare(hand.reader, terminals_keys).wipe(seen, is_sure=True)

    assert refused == not_wiped == NO_ISSUERS_KEYS
    assert await do(hand, "read") == kept


@pytest.mark.parametrize("kind", CHIPS)
async def test_smart_cards_are_made_and_read_in_the_same_way(kind):
    hand = Hand(chip_of(kind))

    made = await personalise(hand)
    verified = await do(hand, "verify")

    assert made.is_well
    assert verified.is_well
    assert "It proves that it is no copy" in text(verified)


@every_kind
async def test_personalising_a_members_card_again_changes_nothing(kind):
    hand = copy_of(await issued(kind, 2))
    before = kind.memory(hand.chip)

    again = await personalise(hand)
    another = await personalise(hand, "m-2002")

    assert again.is_well
    assert not another.is_well
    assert "another member, m-1001" in text(another)
    assert kind.memory(hand.chip) == before


@every_kind
async def test_a_card_is_renewed_above_the_number_that_the_hub_knows(kind):
    hand = copy_of(await issued(kind, 2))

    await do(hand, "wipe", is_sure=True)
    made = await personalise(hand, counter=41)
    card = await hand.again().read()

    assert made.is_well
    assert isinstance(card, MemberCard)
    assert (card.member, card.counter) == (MEMBER, 41)
    assert await do(hand, "verify") == await do(hand, "verify")
    assert (await do(hand, "verify")).is_well


@every_kind
async def test_personalising_goes_on_where_it_was_cut(kind):
    new = kind.make()
    for after in range(4, await commands_of(new, personalise), 7):
        hand = copy_of(new)
        hand.reader.tap_again(hand.chip)
        hand.reader.cut(Cut.CARD_LEAVES, after=after)
        seen = await hand.reader.wait_for_card(0)
        care = CardCare(hand.reader, KEYS)
        await try_to(care.personalise(seen, member=MEMBER, counter=None))

        again = await personalise(hand)

        assert again.is_well, f"cut after {after} commands: {again}"


@every_kind
@pytest.mark.parametrize("cut", [1, 18, 40])
async def test_a_torn_card_is_repaired_with_a_number_of_its_own(kind, cut):
    hand = copy_of(await issued(kind, 1))
    hand.chip.nvm.bytes_until_power_loss = cut
    await try_to(hand.advance())
    before = await hand.again().read()

    repaired = await do(hand, "repair")
    after = await hand.again().read()

    assert repaired.is_well, repaired
    assert (await do(hand, "verify")).is_well
    assert (after.member, after.op_digest) == (before.member, before.op_digest)
    assert after.counter >= before.counter


@every_kind
async def test_a_whole_card_is_not_repaired(kind):
    hand = copy_of(await issued(kind, 1))
    before = kind.memory(hand.chip)

    repaired = await do(hand, "repair")

    assert repaired.is_well
    assert "nothing to repair" in text(repaired)
    assert kind.memory(hand.chip) == before


async def test_a_classic_whose_counter_is_gone_gets_it_back_from_its_record():
    hand = copy_of(await issued(CLASSIC, 2))
    for block in classic_layout.VALUE_BLOCKS:
        hand.chip.store(block, bytes(16))

    before = await do(hand, "verify")
    repaired = await do(hand, "repair")

    assert not before.is_well
    assert "Neither copy of its counter" in text(before)
    assert repaired.is_well
    assert (await hand.again().read()).counter == 3


@pytest.mark.parametrize("cut", [0, 1, 9, 16, 20, 31])
async def test_a_repair_torn_in_the_counter_is_done_again(cut):
    hand = copy_of(await issued(CLASSIC, 2))
    for block in classic_layout.VALUE_BLOCKS:
        hand.chip.store(block, bytes(16))
    hand.reader.tap_again(hand.chip)
    hand.chip.nvm.bytes_until_power_loss = cut
    seen = await hand.reader.wait_for_card(0)
    await try_to(CardCare(hand.reader, KEYS).repair(seen))

    repaired = await do(hand, "repair")

    assert repaired.is_well
    assert (await do(hand, "verify")).is_well


async def test_one_broken_value_block_and_wrong_access_bits_are_told():
    hand = copy_of(await issued(CLASSIC, 2))
    hand.chip.store(classic_layout.VALUE_BLOCKS[0], bytes(16))
    trailer = hand.chip.block(7)
    hand.chip.store(7, trailer[:6] + bytes.fromhex("7f0788") + trailer[9:])

    told = await do(hand, "verify")

    assert not told.is_well
    assert "Wrong: value block 12 is broken; the next write puts it right." in told.lines
    assert "Wrong: sector 1 has access bits 7f0788, wanted 787788." in told.lines


async def test_a_limit_of_wrong_passwords_is_told():
    hand = copy_of(await issued(next(it for it in KINDS if it.name == "ntag213"), 1))
    hand.chip.store(0x2A, b"\x93\x00\x00\x00")

    told = await do(hand, "verify")

    assert not told.is_well
    assert "Wrong: protection is set to 1093, wanted 1090." in told.lines


@pytest.mark.parametrize(("name", "counting"), [("classic1k", 3), ("ultralight_ev1_128", 2)])
async def test_a_counter_that_has_not_followed_is_told_and_repaired(name, counting):
    hand = copy_of(await issued(next(it for it in KINDS if it.name == name), 1))
    sent = await commands_of(hand.chip, Hand.advance)
    hand.reader.cut(Cut.CARD_LEAVES, after=sent - counting)
    await try_to(hand.advance())

    told = await do(hand, "verify")
    repaired = await do(hand, "repair")

    assert "the counter stands at 2, its record at 3" in text(told)
    assert not told.is_well
    assert repaired.is_well


async def test_a_missing_directory_is_noted_and_not_wrong():
    hand = copy_of(await issued(CLASSIC, 1))
    hand.chip.store(1, bytes(16))

    told = await do(hand, "verify")

    assert told.is_well
    assert "Note: the check byte of the directory is wrong." in told.lines


@every_kind
async def test_wiping_wants_to_be_asked_twice(kind):
    hand = copy_of(await issued(kind, 1))
    before = kind.memory(hand.chip)

    asked = await do(hand, "wipe", is_sure=False)
    unchanged = kind.memory(hand.chip) == before
    wiped = await do(hand, "wipe", is_sure=True)
    again = await do(hand, "wipe", is_sure=True)

    assert not asked.is_well
    assert "say it again with --yes" in text(asked)
    assert unchanged
    assert wiped.is_well
    assert again.is_well
    assert kind.is_as_new(hand.chip)


@pytest.mark.parametrize(
    ("chip", "said"),
    [
        (written_chip(), "Somebody else uses it"),
        (OtherChip(UID_7), "a kind that we do not use"),
        (UltralightChip("ultralight"), "known by its number alone"),
    ],
)
@pytest.mark.parametrize("deed", ["read", "verify", "repair", "wipe"])
async def test_a_card_that_is_not_ours_is_told_and_left_alone(chip, said, deed):
    hand = Hand(chip)

    told = await do(hand, deed, **({"is_sure": True} if deed == "wipe" else {}))

    assert not told.is_well
    assert said in text(told)


def test_every_kind_with_a_chip_has_its_name():
    assert set(NAMES) == {it.kind for it in PROFILES.values() if it.has_chip}
