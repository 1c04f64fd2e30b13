"""The simulated DESFire: rights, keys, values and transactions, as commands meet them."""

import asyncio
import random

import pytest

from device.nfc import desfire
from device.nfc.cards.smart_card import SmartCard, StatusRefused
from device.nfc.desfire import Mode
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused
from simulators.chip_reader import ChipReader
from simulators.chips.desfire import GENERATIONS, desfire_chip
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.native_dialogue import Status

APPLICATION = b"APP"
VALUE, LIMITED, BACKUP, STANDARD = 1, 2, 3, 4
CREDIT, LIMITED_CREDIT, ABORT = 0x0C, 0x1C, 0xA7
NEW_KEY = bytes(range(16))


@pytest.fixture(params=list(GENERATIONS))
def generation(request):
    return request.param


@pytest.fixture
def card(generation):
    """A card with one application of three keys and four files, key 1 proved."""
    return asyncio.run(prepared(generation))


async def prepared(generation: str) -> SmartCard:
    chip = desfire_chip(generation=generation, rng=random.Random(7))
    found = await on_reader(chip)
    await found.command(0xCA, APPLICATION + b"\x0f\x83")
    await found.select(APPLICATION)
    rights = desfire.rights(read=1, write=1, both=2, change=0)
    limits = b"".join(it.to_bytes(4, "little") for it in (0, 1000, 500))
    await found.command(0xCC, bytes([VALUE, Mode.MAC.value]) + rights + limits + b"\0")
    await found.command(0xCC, bytes([LIMITED, Mode.MAC.value]) + rights + limits + b"\1")
    for code, number in ((0xCB, BACKUP), (0xCD, STANDARD)):
        await found.command(code, bytes([number, Mode.MAC.value]) + rights + desfire.three(100))
    await prove(found, 1, generation)
    return found


async def on_reader(chip: IsoDepChip) -> SmartCard:
    reader = ChipReader(chip)
    await reader.wait_for_card(1)
    rng = random.Random(3)
    return SmartCard(
        reader, lambda: rng.randbytes(16), data_max_bytes=desfire.DESFIRE_DATA_MAX_BYTES
    )


async def prove(card: SmartCard, number: int, generation: str, key: bytes = bytes(16)) -> None:
    await card.authenticate(number, key, ev1=generation == "desfire_ev1")


async def value(card: SmartCard, file: int = VALUE) -> int:
    return int.from_bytes(await card.command(desfire.GET_VALUE, bytes([file])), "little")


async def change(card: SmartCard, code: int, amount: int, file: int = VALUE) -> None:
    await card.command(code, bytes([file]), amount.to_bytes(4, "little"))


def part(file: int, offset: int, length: int) -> bytes:
    return bytes([file]) + desfire.three(offset) + desfire.three(length)


async def refused(doing) -> int:
    with pytest.raises(StatusRefused) as raised:
        await doing
    return raised.value.status


async def test_nothing_changes_before_the_commit(card, generation):
    await change(card, desfire.DEBIT, 20)
    await card.command(desfire.WRITE_DATA, part(BACKUP, 0, 5), b"later")
    before = await value(card), await card.command(desfire.READ_DATA, part(BACKUP, 0, 5))

    await card.command(desfire.COMMIT_TRANSACTION)

    assert before == (500, bytes(5))
    assert await value(card) == 480
    assert await card.command(desfire.READ_DATA, part(BACKUP, 0, 5)) == b"later"


async def test_an_aborted_transaction_never_was(card):
    await change(card, desfire.DEBIT, 20)

    await card.command(ABORT)

    assert await refused(card.command(desfire.COMMIT_TRANSACTION)) == Status.NO_CHANGES


async def test_any_error_aborts_the_transaction_and_ends_the_session(card, generation):
    await change(card, desfire.DEBIT, 20)

    assert await refused(change(card, desfire.DEBIT, 5000)) == Status.BOUNDARY_ERROR
    await prove(card, 1, generation)

    assert await refused(card.command(desfire.COMMIT_TRANSACTION)) == Status.NO_CHANGES


async def test_only_the_key_for_both_counts_up(card, generation):
    assert await refused(change(card, CREDIT, 1)) == Status.AUTHENTICATION_ERROR

    await prove(card, 2, generation)
    await change(card, CREDIT, 30)
    await card.command(desfire.COMMIT_TRANSACTION)

    assert await value(card) == 530


async def test_a_limited_credit_gives_back_at_most_what_was_just_taken(card, generation):
    await change(card, desfire.DEBIT, 20, LIMITED)
    await card.command(desfire.COMMIT_TRANSACTION)

    assert await refused(change(card, LIMITED_CREDIT, 21, LIMITED)) == Status.BOUNDARY_ERROR
    await prove(card, 1, generation)
    await change(card, LIMITED_CREDIT, 20, LIMITED)
    await card.command(desfire.COMMIT_TRANSACTION)

    assert await value(card, LIMITED) == 500
    assert await refused(change(card, LIMITED_CREDIT, 1, LIMITED)) == Status.BOUNDARY_ERROR


async def test_a_file_without_limited_credit_gives_none(card):
    await change(card, desfire.DEBIT, 20)
    await card.command(desfire.COMMIT_TRANSACTION)

    assert await refused(change(card, LIMITED_CREDIT, 1)) == Status.PERMISSION_DENIED


async def test_data_longer_than_a_frame_goes_there_and_back(card):
    data = bytes(range(100))

    await card.command(desfire.WRITE_DATA, part(STANDARD, 0, 100), data)

    assert await card.command(desfire.READ_DATA, part(STANDARD, 0, 100)) == data


@pytest.mark.parametrize(("offset", "length"), [(0, 101), (100, 1), (200, 4)])
async def test_nothing_is_read_beyond_a_files_end(card, offset, length):
    doing = card.command(desfire.READ_DATA, part(STANDARD, offset, length))

    assert await refused(doing) == Status.BOUNDARY_ERROR


async def test_nobody_reads_without_the_key(card):
    await card.select(APPLICATION)

    doing = card.command(desfire.READ_DATA, part(STANDARD, 0, 5))

    assert await refused(doing) == Status.AUTHENTICATION_ERROR


async def test_a_changed_key_is_the_only_one_that_opens(card, generation):
    await prove(card, 0, generation)
    await card.change_key(1, NEW_KEY, 7, old=bytes(16))
    assert await card.command(desfire.GET_KEY_VERSION, b"\x01") == b"\x07"

    await prove(card, 1, generation, NEW_KEY)
    with pytest.raises(AuthenticationFailed):
        await prove(card, 1, generation)


async def test_the_master_key_changes_itself_and_ends_the_session(card, generation):
    await prove(card, 0, generation)

    await card.change_key(0, NEW_KEY, 1, old=None)

    with pytest.raises(CardGone, match="no session"):
        await card.change_key(1, NEW_KEY, 1, old=bytes(16))
    await prove(card, 0, generation, NEW_KEY)


async def test_a_key_changed_with_a_wrong_old_one_stays(card, generation):
    await prove(card, 0, generation)

    with pytest.raises(StatusRefused):
        await card.change_key(1, NEW_KEY, 1, old=NEW_KEY)

    await prove(card, 1, generation)


async def test_only_the_master_key_changes_others(card):
    with pytest.raises(StatusRefused):
        await card.change_key(2, NEW_KEY, 1, old=bytes(16))


async def test_only_the_later_generations_know_the_second_authentication(generation):
    card = await on_reader(desfire_chip(generation=generation, rng=random.Random(7)))
    await card.command(0xCA, APPLICATION + b"\x0f\x83")
    await card.select(APPLICATION)

    if generation == "desfire_ev1":
        with pytest.raises(AuthenticationFailed):
            await card.authenticate(0, bytes(16))
    else:
        await card.authenticate(0, bytes(16))


async def test_a_wrapping_that_is_none_is_refused(generation):
    reader = ChipReader(desfire_chip(generation=generation, rng=random.Random(7)))
    await reader.wait_for_card(1)

    answers = [
        await reader.exchange(bytes.fromhex(it))
        for it in ("9060000005", "906000000101", "90600100 00", "00a4040000")
    ]

    assert [it.hex() for it in answers[1:]] == ["6700", "6700", "6d00"]


@pytest.mark.parametrize("cut", range(110))
async def test_a_commit_torn_at_any_byte_changes_both_files_or_neither(cut):
    chip = desfire_chip(generation="desfire_ev2", rng=random.Random(7))
    card = await on_reader(chip)
    await card.command(0xCA, APPLICATION + b"\x0f\x83")
    await card.select(APPLICATION)
    free = desfire.rights(read=14, write=14, both=14, change=0)
    limits = b"".join(it.to_bytes(4, "little") for it in (0, 1000, 500))
    await card.command(0xCC, bytes([VALUE, 0]) + free + limits + b"\0")
    await card.command(0xCB, bytes([BACKUP, 0]) + free + desfire.three(100))
    await change(card, desfire.DEBIT, 1)
    await card.command(desfire.WRITE_DATA, part(BACKUP, 0, 4), b"data")

    chip.nvm.bytes_until_power_loss = cut
    try:
        await card.command(desfire.COMMIT_TRANSACTION)
    except (CardGone, CardRefused):
        chip.leave_field()
    chip.nvm.bytes_until_power_loss = None
    card = await on_reader(chip)
    await card.select(APPLICATION)

    found = await value(card), await card.command(desfire.READ_DATA, part(BACKUP, 0, 4))
    assert found == ((499, b"data") if cut >= 104 else (500, bytes(4)))
