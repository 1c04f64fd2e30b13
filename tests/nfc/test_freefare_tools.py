"""libfreefare's tools, as Debian has them, on the simulated reader."""

import random

import pytest

from simulators.chips.classic import blank_chip, written_chip
from simulators.chips.desfire import desfire_chip
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.ultralight import UltralightChip
from tests.nfc.tools_on_a_port import port_with, run_in_vain, run_tool

MESSAGE = b"\xd1\x01\x04T\x02enhi"


def new_desfire() -> IsoDepChip:
    return desfire_chip(rng=random.Random(1))


@pytest.mark.parametrize("kind", ["classic1k", "classic4k"])
async def test_mifare_classic_format_empties_a_card(kind):
    chip = written_chip(kind=kind)
    with port_with(chip) as port:
        said = await run_tool(port, "mifare-classic-format", "-y")

    assert "done" in said
    assert chip.nvm.cells == blank_chip(kind=kind).nvm.cells


@pytest.mark.parametrize("kind", ["classic1k", "classic4k"])
async def test_an_ndef_message_on_a_classic_is_read_back(tmp_path, kind):
    wanted, found = tmp_path / "wanted.ndef", tmp_path / "found.ndef"
    wanted.write_bytes(MESSAGE)
    with port_with(blank_chip(kind=kind)) as port:
        await run_tool(port, "mifare-classic-write-ndef", "-y", "-i", wanted)
        await run_tool(port, "mifare-classic-read-ndef", "-y", "-o", found)

    assert found.read_bytes() == MESSAGE


@pytest.mark.parametrize("kind", ["ultralight", "ultralight_ev1", "ntag213"])
async def test_mifare_ultralight_info_knows_the_family(kind):
    chip = UltralightChip(kind)
    with port_with(chip) as port:
        said = await run_tool(port, "mifare-ultralight-info")

    assert f"Tag with UID {chip.uid.hex()} is a Mifare UltraLight" in said


async def test_mifare_desfire_info_tells_versions_and_settings():
    chip = new_desfire()
    with port_with(chip) as port:
        said = await run_tool(port, "mifare-desfire-info")

    assert f"0x{chip.uid.hex()}" in said
    assert "Storage size:         0x18 (=4096 bytes)" in said
    assert "Master Key settings (0x0f)" in said


async def test_an_ndef_message_on_a_desfire_is_read_back(tmp_path):
    wanted, found = tmp_path / "wanted.ndef", tmp_path / "found.ndef"
    wanted.write_bytes(MESSAGE)
    with port_with(new_desfire()) as port:
        await run_tool(port, "mifare-desfire-create-ndef", "-y")
        await run_tool(port, "mifare-desfire-write-ndef", "-y", "-i", wanted)
        await run_tool(port, "mifare-desfire-read-ndef", "-y", "-o", found)

    assert found.read_bytes() == MESSAGE


async def test_what_the_first_desfire_enciphered_is_not_modelled():
    with port_with(new_desfire()) as port:
        said = await run_in_vain(port, "mifare-desfire-format", "-y")

    # After an authentication with DES, ChangeKeySettings wants a command in DES too.
    assert "ChangeKeySettings failed" in said
