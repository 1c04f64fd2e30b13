"""DESFire and NTAG 424 DNA pulled away at every byte of memory and every command of every write."""

import copy
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from device.nfc.cards.card_lease import NO_LEASE, CardLease
from device.nfc.cards.desfire_layout import APPLICATION
from device.nfc.cards.kinds import store_for
from device.nfc.cards.member_card import Blank, MemberCard, Outcome, WrongKey
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import DeviceError
from simulators.chip_reader import ChipReader, Cut
from simulators.chips.iso_dep import IsoDepChip
from tests.nfc.smart_cards_on_readers import (
    CHIPS,
    FIRST_OP,
    KEYS,
    MEMBER,
    OP,
    TAP_S,
    advance,
    chip_of,
    issue,
    seen,
    tap,
)

DESFIRES = [kind for kind in CHIPS if kind.startswith("desfire")]
LEASE = CardLease(certificate=bytes(range(96)), left_points=300)

Deed = Callable[[ChipReader, IsoDepChip], Awaitable[object]]


async def try_to_issue(reader: ChipReader, chip: IsoDepChip) -> object:
    await reader.wait_for_card(TAP_S)
    return await MemberCards(reader, KEYS).personalise(
        seen(chip), member=MEMBER, op_digest=FIRST_OP
    )


async def try_to_write(reader: ChipReader, _: IsoDepChip) -> object:
    try:
        return await advance(reader)
    except DeviceError:  # Pulled away while it was read.
        return Outcome.UNKNOWN


async def try_to_wipe(reader: ChipReader, chip: IsoDepChip) -> object:
    try:
        await reader.wait_for_card(TAP_S)
        store = await store_for(reader, KEYS, seen(chip))
        assert store is not None
        return await store.wipe(seen(chip))
    except DeviceError:
        return Outcome.UNKNOWN


async def try_to_change_the_lease(
    reader: ChipReader, chip: IsoDepChip, lease: CardLease, *, is_credit: bool
) -> object:
    issuer = KEYS.issuer_of(chip.uid, APPLICATION)
    assert issuer is not None
    cards = MemberCards(reader, KEYS, with_leases=True)
    try:
        now = await cards.wait(TAP_S)
    except DeviceError:  # Pulled away while it was read.
        return Outcome.UNKNOWN
    assert isinstance(now, MemberCard)
    written = await cards.write(
        now,
        counter=now.counter + 1,
        op_digest=OP,
        rewrites=0,
        lease=lease,
        credit_key=issuer.credit if is_credit else b"",
    )
    return written.outcome


async def try_to_carry(reader: ChipReader, chip: IsoDepChip) -> object:
    return await try_to_change_the_lease(reader, chip, LEASE, is_credit=True)


async def try_to_spend(reader: ChipReader, chip: IsoDepChip) -> object:
    spent = replace(LEASE, left_points=LEASE.left_points - 100)
    return await try_to_change_the_lease(reader, chip, spent, is_credit=False)


async def try_to_close(reader: ChipReader, chip: IsoDepChip) -> object:
    return await try_to_change_the_lease(reader, chip, NO_LEASE, is_credit=False)


async def issued(kind: str, *, writes: int = 0) -> IsoDepChip:
    """Return a chip of ours on which `writes` taps were written."""
    chip = chip_of(kind)
    reader = ChipReader(chip)
    await issue(reader, chip)
    for _ in range(writes):
        assert await advance(reader, b"history-----") is Outcome.DONE
    chip.leave_field()
    return chip


async def look(reader: ChipReader) -> object:
    """Return what the card on the reader states, and what it carries."""
    return await MemberCards(reader, KEYS, with_leases=True).wait(TAP_S)


async def cuts(start: IsoDepChip, deed: Deed) -> list[tuple[ChipReader, IsoDepChip]]:
    """Return the chip as every cut of `deed` leaves it, on a reader that it came back to."""
    whole = copy.deepcopy(start)
    reader = ChipReader(whole)
    before = whole.nvm.bytes_programmed
    await deed(reader, whole)
    programmed, commands = whole.nvm.bytes_programmed - before, reader.commands
    assert programmed > 0

    left = []
    for cut in range(programmed + 1):
        chip = copy.deepcopy(start)
        chip.nvm.bytes_until_power_loss = cut
        left.append(await _after(ChipReader(chip), chip, deed))
    for after in range(commands):
        for how in Cut:
            chip = copy.deepcopy(start)
            reader = ChipReader(chip)
            reader.cut(how, after=after)
            left.append(await _after(reader, chip, deed))
    return left


async def _after(reader: ChipReader, chip: IsoDepChip, deed: Deed) -> tuple[ChipReader, IsoDepChip]:
    await deed(reader, chip)
    reader.tap_again(chip)
    chip.nvm.bytes_until_power_loss = None
    return reader, chip


@pytest.mark.parametrize("kind", CHIPS)
@pytest.mark.parametrize("writes", [0, 1])
async def test_a_write_cut_anywhere_leaves_the_old_or_the_new_state(kind, writes):
    start = await issued(kind, writes=writes)
    old = await tap(ChipReader(copy.deepcopy(start)))

    for reader, _ in await cuts(start, try_to_write):
        after = await tap(reader)
        repaired = await advance(reader, b"next-touch--")
        now = await tap(reader)

        assert isinstance(after, MemberCard)
        assert (after.counter, after.op_digest) in (
            (old.counter, old.op_digest),
            (old.counter + 1, OP),
        )
        assert repaired is Outcome.DONE
        assert now.counter > after.counter
        assert (now.op_digest, now.torn) == (b"next-touch--", False)


@pytest.mark.parametrize("kind", DESFIRES)
@pytest.mark.parametrize("deed", [try_to_carry, try_to_spend, try_to_close])
async def test_a_lease_cut_anywhere_is_the_old_or_the_new_one_and_so_is_its_record(kind, deed):
    start = await issued(kind)
    if deed is not try_to_carry:
        assert await try_to_carry(ChipReader(start), start) is Outcome.DONE
        start.leave_field()
    old = await look(ChipReader(copy.deepcopy(start)))
    whole = copy.deepcopy(start)
    assert await deed(ChipReader(whole), whole) is Outcome.DONE
    whole.leave_field()
    new = await look(ChipReader(whole))

    for reader, chip in await cuts(start, deed):
        after = await look(reader)
        again = await deed(reader, chip) if after == old else Outcome.DONE
        now = await look(reader)

        assert after in (old, new)
        assert again is Outcome.DONE
        assert now == new


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_card_that_is_never_whole_again_goes_on_being_read(kind):
    chip = await issued(kind, writes=1)
    reader = ChipReader(chip)
    counter = 0
    for cut in range(0, 200, 7):
        chip.nvm.bytes_until_power_loss = cut
        await try_to_write(reader, chip)
        reader.tap_again(chip)
        chip.nvm.bytes_until_power_loss = None

        card = await tap(reader)

        assert isinstance(card, MemberCard)
        assert card.counter >= counter
        counter = card.counter


@pytest.mark.parametrize("kind", CHIPS)
async def test_an_issue_cut_anywhere_leaves_a_blank_card_or_a_member(kind):
    for reader, chip in await cuts(chip_of(kind), try_to_issue):
        between = await tap(reader)
        await try_to_issue(reader, chip)
        now = await tap(reader)

        assert isinstance(between, (Blank, MemberCard))
        assert isinstance(now, MemberCard)
        assert (now.member, now.counter, now.torn) == (MEMBER, 1, False)


@pytest.mark.parametrize("kind", CHIPS)
async def test_an_issue_begun_for_one_member_is_finished_for_another(kind):
    for reader, chip in (await cuts(chip_of(kind), try_to_issue))[::5]:
        if isinstance(await tap(reader), MemberCard):
            continue
        await MemberCards(reader, KEYS).personalise(
            seen(chip), member="m-2002", op_digest=b"another-op--"
        )
        now = await tap(reader)

        assert (now.member, now.counter, now.op_digest) == ("m-2002", 1, b"another-op--")


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_wipe_cut_anywhere_leaves_the_card_as_it_was_or_blank(kind):
    start = await issued(kind, writes=2)
    old = await tap(ChipReader(copy.deepcopy(start)))

    for reader, chip in await cuts(start, try_to_wipe):
        between = await tap(reader)
        again = await try_to_wipe(reader, chip)
        blank = await tap(reader)
        await try_to_issue(reader, chip)
        now = await tap(reader)

        assert between in (old, Blank(chip.uid))
        assert again is None
        assert blank == Blank(chip.uid)
        assert isinstance(now, MemberCard)


@pytest.mark.parametrize("kind", CHIPS)
async def test_a_card_that_is_ours_already_keeps_its_state(kind):
    chip = await issued(kind, writes=1)
    reader = ChipReader(chip)
    card = await tap(reader)

    refused = await try_to_issue(reader, chip)

    assert refused == WrongKey(chip.uid)
    assert await tap(reader) == card
