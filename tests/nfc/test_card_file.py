"""Cards in files: written, read, and every mistake told."""

import pytest

from simulators.chips.card_file import KINDS, MISTAKES_MAX, CardFileError, parse, render
from simulators.chips.classic import KINDS as CLASSIC_KINDS
from simulators.chips.classic import ClassicChip, written_chip
from simulators.chips.ultralight import UltralightChip


def new(kind: str) -> ClassicChip | UltralightChip:
    return ClassicChip(kind=kind) if kind in CLASSIC_KINDS else UltralightChip(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_comes_back_as_it_was_written(kind):
    chip = new(kind)
    chip.nvm.cells[20:24] = b"data"
    chip.wear([7])

    found = parse(render(chip))

    assert (found.kind, found.uid, found.sak) == (chip.kind, chip.uid, chip.sak)
    assert found.nvm.cells == chip.nvm.cells
    assert sorted(found.nvm.worn) == sorted(chip.nvm.worn)


def test_counters_and_wrong_passwords_come_back():
    chip = UltralightChip("ultralight_ev1")
    chip.counters[1].set(0x010203)
    chip.failed_passwords = 3

    found = parse(render(chip))

    assert found.counters[1].value == 0x010203
    assert found.failed_passwords == 3


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_out_is_as_on_a_new_card(kind):
    chip = parse(f'kind = "{kind}"\nuid = "04a1b2c3d4e5f6"\n')

    assert chip.nvm.cells[16:] == new(kind).nvm.cells[16:]


def test_a_trailer_says_which_bytes_are_its_keys():
    assert (
        '"ffffffffffffff078069ffffffffffff",'
        "  # key A ffffffffffff, access ff078069, key B ffffffffffff"
    ) in render(written_chip())


def test_locks_in_a_file_count_from_the_start():
    chip = parse('kind = "ntag213"\nuid = "04a1b2c3d4e5f6"\n[pages]\n2 = "e348ffff"\n')
    chip.select()

    assert chip.exchange(b"\xa2\x05data")[0] != 0


CLASSIC = 'kind = "classic1k"\nuid = "deadbeef"\n'
NTAG = 'kind = "ntag213"\nuid = "04a1b2c3d4e5f6"\n'


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("kind =", ["line 1: no TOML: Invalid value"]),
        (
            CLASSIC + "worn = 0x" + "f" * 5000,
            ["line 3: found a word of 5002 characters, wanted at most 1000"],
        ),
        ("kind = " + "[" * 5000, ["line 1: found values nested too deeply to read"]),
        ('uid = "deadbeef"', [f"kind: None, wanted one of {', '.join(KINDS)}"]),
        (
            'kind = "ntag213"\nuid = "deadbeef"',
            ["uid: 'deadbeef', wanted 7 bytes in hexadecimal"],
        ),
        (
            CLASSIC + 'colour = "red"\nworn = [64]\n[sectors]\n16 = []\n1 = ["00"]\n',
            [
                "colour: unknown",
                "sectors.16: wanted a number from 0 to 15",
                "sectors.1: wanted a list of 4 blocks",
                "worn: [64], wanted a list of numbers from 0 to 63",
            ],
        ),
        (
            CLASSIC + f'[sectors]\n0 = ["{"00" * 16}", "xx", "{"00" * 16}", 5]\n',
            [
                "sectors.0[0]: begins with other bytes than uid",
                "sectors.0[1]: 'xx', wanted 16 bytes in hexadecimal",
                "sectors.0[3]: 5, wanted 16 bytes in hexadecimal",
            ],
        ),
        (
            NTAG
            + "failed_passwords = 8\n[counters]\n0 = 1\n2 = 16777216\n"
            + '[pages]\n0 = "00000000"\n45 = "00"',
            [
                "pages.0: does not belong to uid",
                "pages.45: wanted a number from 0 to 44",
                "counters.0: a ntag213 has no such counter",
                "counters.2: 16777216, wanted 0 to 16777215",
                "failed_passwords: 8, wanted 0 to 7",
            ],
        ),
        (NTAG + "pages = 4", ["pages: wanted a table"]),
        (
            NTAG + '[pages]\n"' + "4" * 5000 + '" = ""',
            [f"pages.{'4' * 40}: wanted a number from 0 to 44"],
        ),
    ],
)
def test_every_mistake_is_told(text, mistakes):
    with pytest.raises(CardFileError) as error:
        parse(text)

    assert error.value.mistakes == mistakes


def test_a_file_of_nothing_but_mistakes_tells_the_first_of_them():
    text = NTAG + "".join(f"x{number} = 0\n" for number in range(MISTAKES_MAX + 1))

    with pytest.raises(CardFileError) as error:
        parse(text)

    assert len(error.value.mistakes) == MISTAKES_MAX
