"""The simulated MIFARE Classic chip keeps the rules of its data sheet."""

import random
from itertools import product

import pytest

from device.nfc import classic, commands
from simulators.chips.classic import (
    ClassicChip,
    foreign_chip,
    locked_chip,
    sector_of,
    trailer_of,
)
from simulators.chips.other import OtherChip

KEY_A, KEY_B = b"key-a!", b"key-b!"
BLOCK = 5
DATA = b"sixteen bytes it"


def chip_with(data: int, trailer: int) -> ClassicChip:
    """A chip whose sector 1 has our keys and these conditions, and a value in block 5."""
    chip = ClassicChip(bytes(4))
    access = classic.access_bytes((data,) * 3, trailer)
    chip.nvm.cells[7 * 16 : 8 * 16] = classic.trailer(KEY_A, access, KEY_B)
    chip.nvm.cells[BLOCK * 16 : BLOCK * 16 + 16] = classic.pack_value(100, BLOCK)
    return chip


def try_as(chip: ClassicChip, name: str, command: bytes) -> int:
    key = KEY_B if name == "B" else KEY_A
    chip.select()
    assert chip.exchange(classic.authenticate(4, key, chip.uid, name == "B")) == (commands.OK, b"")
    return chip.exchange(command)[0]


# MF1S50YYX §8.7.3, table 8, written out by hand: read, write, increment, decrement.
DATA_RULES = {
    0b000: "AB AB AB AB",
    0b010: "AB - - -",
    0b100: "AB B - -",
    0b110: "AB B B AB",
    0b001: "AB - - AB",
    0b011: "B B - -",
    0b101: "B - - -",
    0b111: "- - - -",
}


@pytest.mark.parametrize(("condition", "name"), list(product(DATA_RULES, "AB")))
def test_data_blocks_obey_their_access_condition(condition, name):
    commands_of_columns = [
        classic.read(BLOCK),
        classic.write(BLOCK, DATA),
        classic.increment(BLOCK, 1),
        classic.decrement(BLOCK, 1),
    ]

    allowed = [
        try_as(chip_with(condition, 0b011), name, command) == commands.OK
        for command in commands_of_columns
    ]

    assert allowed == [name in column for column in DATA_RULES[condition].split()]


def test_a_key_b_that_can_be_read_opens_nothing():
    chip = chip_with(0b000, 0b001)

    assert try_as(chip, "B", classic.read(BLOCK)) != commands.OK


def test_a_trailer_never_shows_key_a():
    chip = chip_with(0b000, 0b001)
    chip.select()
    chip.exchange(classic.authenticate(4, KEY_A, chip.uid))

    status, data = chip.exchange(classic.read(7))

    assert status == commands.OK
    assert data[:6] == bytes(6)
    assert data[10:] == KEY_B


def test_a_trailer_that_only_key_b_may_write_refuses_key_a():
    wanted = classic.trailer(b"new-a!", classic.access_bytes((4, 4, 4), 3), b"new-b!")

    refused = try_as(chip_with(0b100, 0b011), "A", classic.write(7, wanted))
    chip = chip_with(0b100, 0b011)
    done = try_as(chip, "B", classic.write(7, wanted))

    assert refused != commands.OK
    assert done == commands.OK
    assert chip.block(7) == wanted


def test_contradicting_access_bits_lock_the_sector():
    chip = chip_with(0b000, 0b001)
    chip.nvm.cells[7 * 16 + 6] ^= 1

    assert try_as(chip, "A", classic.read(BLOCK)) != commands.OK


def test_a_failed_authentication_silences_the_chip_until_it_is_selected():
    chip = chip_with(0b000, 0b001)
    chip.select()

    failed = chip.exchange(classic.authenticate(4, bytes(6), chip.uid))
    silent = chip.exchange(classic.authenticate(4, KEY_A, chip.uid))
    chip.select()
    opened = chip.exchange(classic.authenticate(4, KEY_A, chip.uid))

    assert failed[0] == commands.CARD_AUTHENTICATION
    assert silent[0] == commands.TIMED_OUT
    assert opened[0] == commands.OK


def test_only_a_transfer_touches_the_memory():
    chip = chip_with(0b110, 0b011)
    chip.select()
    chip.exchange(classic.authenticate(4, KEY_A, chip.uid))

    chip.exchange(classic.decrement(BLOCK, 30))
    before = classic.unpack_value(chip.block(BLOCK))
    chip.exchange(classic.transfer(BLOCK))
    after = classic.unpack_value(chip.block(BLOCK))

    assert (before, after) == ((100, BLOCK), (70, BLOCK))


def test_a_value_cannot_pass_its_limits():
    chip = chip_with(0b000, 0b011)
    chip.nvm.cells[BLOCK * 16 : BLOCK * 16 + 16] = classic.pack_value(2**31 - 1, BLOCK)

    assert try_as(chip, "A", classic.increment(BLOCK, 1)) != commands.OK


def test_a_restored_value_can_be_transferred_to_a_backup():
    chip = chip_with(0b000, 0b011)
    chip.select()
    chip.exchange(classic.authenticate(4, KEY_A, chip.uid))

    chip.exchange(classic.restore(BLOCK))
    chip.exchange(classic.transfer(6))

    assert classic.unpack_value(chip.block(6)) == (100, BLOCK)


@pytest.mark.parametrize("cut", range(17))
def test_power_lost_in_a_write_leaves_a_prefix_and_one_mixed_byte(cut):
    chip = chip_with(0b000, 0b011)
    old, new = chip.block(BLOCK), bytes(range(16))
    chip.nvm.bytes_until_power_loss = cut

    status = try_as(chip, "A", classic.write(BLOCK, new))

    assert status == commands.TIMED_OUT
    assert chip.block(BLOCK)[:cut] == new[:cut]
    assert chip.block(BLOCK)[cut + 1 :] == old[cut + 1 :]
    assert not chip.select()
    chip.leave_field()
    assert chip.select()


def test_block_0_cannot_be_written():
    chip = ClassicChip(bytes(4))
    chip.select()
    chip.exchange(classic.authenticate(0, classic.TRANSPORT_KEY, chip.uid))

    assert chip.exchange(classic.write(0, DATA))[0] != commands.OK


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x60\x04", b"\x30\xff", b"\xa0\x04", b"\xff\xff"])
def test_malformed_commands_are_refused(data):
    chip = ClassicChip(bytes(4))
    chip.select()

    assert chip.exchange(data)[0] != commands.OK


def test_a_uid_of_another_length_does_not_exist():
    with pytest.raises(ValueError, match="uid of 5 bytes, wanted 4 or 7"):
        ClassicChip(bytes(5))


def test_a_foreign_chip_has_keys_of_its_own():
    chip = foreign_chip(bytes(4), random.Random(1))
    chip.select()

    status, _ = chip.exchange(classic.authenticate(4, classic.TRANSPORT_KEY, chip.uid))

    assert status == commands.CARD_AUTHENTICATION


def test_another_kind_of_chip_is_silent():
    chip = OtherChip(bytes(7))

    assert chip.select()
    assert chip.exchange(classic.read(4))[0] == commands.TIMED_OUT


# MF1S70YYX §8.6: 32 sectors of 4 blocks, then 8 of 16.
@pytest.mark.parametrize(
    ("block", "sector", "trailer"),
    [(0, 0, 3), (127, 31, 127), (128, 32, 143), (143, 32, 143), (144, 33, 159), (255, 39, 255)],
)
def test_a_4k_card_has_small_sectors_and_then_large_ones(block, sector, trailer):
    assert sector_of(block) == sector
    assert trailer_of(sector) == trailer


@pytest.mark.parametrize("at", range(15))
def test_in_a_large_sector_one_condition_stands_for_five_blocks(at):
    chip = ClassicChip(bytes(4), kind="classic4k")
    conditions = [0b010, 0b010, 0b010]
    conditions[at // 5] = 0b000
    access = classic.access_bytes(tuple(conditions), 0b011)
    chip.store(143, classic.trailer(KEY_A, access, KEY_B))
    chip.select()
    chip.exchange(classic.authenticate(128, KEY_A, chip.uid))

    written = []
    for block in range(128, 143):
        chip.select()
        chip.exchange(classic.authenticate(128, KEY_A, chip.uid))
        if chip.exchange(classic.write(block, DATA))[0] == commands.OK:
            written.append(block - 128)

    assert written == [other for other in range(15) if other // 5 == at // 5]


@pytest.mark.parametrize(
    ("kind", "uid", "sak", "atqa"),
    [
        ("classic1k", bytes(4), 0x08, "0004"),
        ("classic1k", bytes(7), 0x08, "0044"),
        ("classic4k", bytes(4), 0x18, "0002"),
        ("classic4k", bytes(7), 0x18, "0042"),
    ],
)
def test_each_kind_says_what_it_is(kind, uid, sak, atqa):
    chip = ClassicChip(uid, kind=kind)

    assert (chip.sak, chip.atqa.hex()) == (sak, atqa)


def test_another_kind_does_not_exist():
    with pytest.raises(ValueError, match="kind 'classic2k', wanted one of classic1k, classic4k"):
        ClassicChip(kind="classic2k")


def test_a_worn_block_acknowledges_and_keeps_its_old_bytes():
    chip = chip_with(0b000, 0b011)
    old = chip.block(BLOCK)
    chip.wear([BLOCK])

    status = try_as(chip, "A", classic.write(BLOCK, DATA))

    assert status == commands.OK
    assert chip.block(BLOCK) == old


def test_a_locked_card_can_be_read_and_never_written():
    chip = locked_chip(bytes(4))

    def attempt(command: bytes) -> int:
        chip.select()
        chip.exchange(classic.authenticate(4, classic.TRANSPORT_KEY, chip.uid))
        return chip.exchange(command)[0]

    assert attempt(classic.read(4)) == commands.OK
    assert attempt(classic.write(4, DATA)) != commands.OK
    assert attempt(classic.write(7, DATA)) != commands.OK


@pytest.mark.parametrize("uid", [bytes(4), b"copy"])
def test_a_copy_has_data_and_keys_and_any_uid(uid):
    chip = chip_with(0b000, 0b011)

    copy = chip.copied_onto(uid)

    assert copy.uid == uid
    assert copy.block(0)[:4] == uid
    assert copy.nvm.cells[16:] == chip.nvm.cells[16:]
    copy.store(BLOCK, DATA)
    assert chip.block(BLOCK) != DATA


def test_a_refusal_does_not_hide_a_card_from_the_next_search_but_a_halt_does():
    chip = chip_with(0b000, 0b011)
    chip.select()
    chip.exchange(classic.authenticate(4, bytes(6), chip.uid))

    found_after_refusal = chip.select(wake=False)
    chip.halt()
    found_halted = chip.select(wake=False)
    woken = chip.select(wake=True)
    chip.exchange(classic.read(4))
    found_after_both = chip.select(wake=False)
    chip.leave_field()

    assert (found_after_refusal, found_halted, woken, found_after_both) == (
        True,
        False,
        True,
        False,
    )
    assert chip.select(wake=False)
