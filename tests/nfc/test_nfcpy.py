"""nfcpy, which speaks to the chip in ways of its own, on the simulated reader.

It runs at 921600 baud, with the checksums of Type 2 tags and the blocks of ISO/IEC 14443-4 its own.
"""

import random
import sys
from pathlib import Path

import pytest

from simulators.chips.classic import blank_chip
from simulators.chips.desfire import desfire_chip
from simulators.chips.ultralight import UltralightChip
from tests.nfc.tools_on_a_port import port_with, run_tool

PROGRAM = Path(__file__).with_name("nfcpy_on_a_port.py")
URL = "https://example.org/m"


@pytest.mark.parametrize(
    ("chip", "words"),
    [
        (UltralightChip(), "Mifare Ultralight (MF01CU1)"),
        (UltralightChip("ultralight_ev1"), "Mifare Ultralight EV1 (MF0UL11)"),
        (UltralightChip("ultralight_ev1_128"), "Mifare Ultralight EV1 (MF0UL21)"),
        (UltralightChip("ntag213"), "NXP NTAG213"),
        (UltralightChip("ntag215"), "NXP NTAG215"),
        (UltralightChip("ntag216"), "NXP NTAG216"),
        (desfire_chip(rng=random.Random(1)), "Type4ATag MIU=61"),
    ],
)
async def test_it_knows_every_chip_and_sees_that_it_is_there(chip, words):
    with port_with(chip, check_baud=True) as port:
        said = await run_tool(port, sys.executable, PROGRAM, port.path)

    assert words in said
    assert "present" in said


async def test_it_sees_that_there_is_no_card():
    with port_with(check_baud=True) as port:
        assert "no card" in await run_tool(port, sys.executable, PROGRAM, port.path)


async def test_it_takes_a_classic_for_something_else_as_it_does_on_real_readers():
    with port_with(blank_chip(), check_baud=True) as port:
        assert "Type2Tag ID=DEADBEEF" in await run_tool(port, sys.executable, PROGRAM, port.path)


@pytest.mark.parametrize(("kind", "capacity"), [("ntag213", 137), ("ntag216", 868)])
async def test_a_url_that_it_writes_is_on_the_card(kind, capacity):
    chip = UltralightChip(kind)
    with port_with(chip, check_baud=True) as port:
        said = await run_tool(port, sys.executable, PROGRAM, port.path, URL)

    assert f"{capacity} ['{URL}']" in said
    assert b"\x04example.org/m" in bytes(chip.nvm.cells)
