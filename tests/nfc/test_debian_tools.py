"""Debian's own NFC tools, unmodified, against the simulated reader: the oracle for it."""

import asyncio
import os
from pathlib import Path

import pytest

from device.nfc import classic
from device.nfc.readers.pn532 import Pn532
from device.serial_link import SerialLink
from simulators.chips.classic import ClassicChip, blank_chip, written_chip
from simulators.pn532_port import Pn532Port
from tests.nfc.reader_on_a_port import KEYS, TAP_S, UID_4, UID_7

TOOL_MAX_S = 20.0
SECTORS = range(16)


async def run_tool(port: Pn532Port, *words: str | Path) -> str:
    """Return what a tool prints; a missing tool, a failure or a hang fails the test."""
    process = await asyncio.create_subprocess_exec(
        *words,
        env={
            **os.environ,
            "LIBNFC_DEVICE": f"pn532_uart:{port.path}",
            "LIBNFC_AUTO_SCAN": "false",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(TOOL_MAX_S):
            said = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said
    return said


@pytest.fixture
def ports(tmp_path: Path) -> Path:
    return tmp_path / "ttyNFC"


def set_keys(chip: ClassicChip) -> None:
    for sector in SECTORS:
        at = classic.trailer_block(sector) * 16
        chip.nvm.cells[at : at + 6] = KEYS.of_sector(chip.uid, sector, "A")
        chip.nvm.cells[at + 10 : at + 16] = KEYS.of_sector(chip.uid, sector, "B")


@pytest.mark.parametrize(
    ("uid", "atqa", "words"),
    [
        (UID_4, "00  04", "de  ad  be  ef"),
        (UID_7, "00  44", "04  78  2e  21  80  1d  80"),
    ],
)
async def test_nfc_list_names_the_card(ports, uid, atqa, words):
    port = Pn532Port(link=ports)
    port.start()
    port.place(blank_chip(uid))

    said = await run_tool(port, "nfc-list")

    port.stop()
    assert "1 ISO14443A passive target(s) found" in said
    assert f"ATQA (SENS_RES): {atqa}" in said
    assert f"UID (NFCID1): {words}" in said
    assert "SAK (SEL_RES): 08" in said


async def test_nfc_list_finds_nothing_on_an_empty_reader(ports):
    port = Pn532Port(link=ports)
    port.start()

    said = await run_tool(port, "nfc-list")

    port.stop()
    assert "user defined device opened" in said
    assert "passive target(s) found" not in said


@pytest.mark.parametrize("uid", [UID_4, UID_7])
async def test_nfc_mfclassic_reads_what_is_on_the_card(ports, tmp_path, uid):
    chip, dump = written_chip(uid), tmp_path / "card.mfd"
    port = Pn532Port(link=ports)
    port.start()
    port.place(chip)

    said = await run_tool(port, "nfc-mfclassic", "r", "a", "u", dump)

    port.stop()
    assert "Done, 64 of 64 blocks read" in said
    # Without a key file the tool leaves out what it did not use: key B.
    for sector in SECTORS:
        at = classic.trailer_block(sector) * 16 + 10
        chip.nvm.cells[at : at + 6] = bytes(6)
    assert dump.read_bytes() == bytes(chip.nvm.cells)


async def test_nfc_mfclassic_opens_a_card_with_our_diversified_keys(ports, tmp_path):
    chip, keys, dump = written_chip(), tmp_path / "keys.mfd", tmp_path / "card.mfd"
    set_keys(chip)
    keys.write_bytes(chip.nvm.cells)
    port = Pn532Port(link=ports)
    port.start()
    port.place(chip)

    said = await run_tool(port, "nfc-mfclassic", "r", "a", "u", dump, keys, "f")

    port.stop()
    assert "Done, 64 of 64 blocks read" in said
    assert dump.read_bytes() == bytes(chip.nvm.cells)


async def test_nfc_mfclassic_writes_to_every_sector(ports, tmp_path):
    chip, wanted = blank_chip(), written_chip()
    keys, dump = tmp_path / "keys.mfd", tmp_path / "card.mfd"
    keys.write_bytes(chip.nvm.cells)
    dump.write_bytes(wanted.nvm.cells)
    port = Pn532Port(link=ports)
    port.start()
    port.place(chip)

    said = await run_tool(port, "nfc-mfclassic", "w", "a", "u", dump, keys, "f")

    port.stop()
    # Release 1.8.0 says 60 and writes the first block of sectors 1 to 15 only, on real chips too
    # (nfc-tools/libnfc#629, #632); what it does write must arrive.
    assert "Done, 60 of 64 blocks written" in said
    for block in range(4, classic.BLOCKS_1K):
        assert chip.block(block) == (wanted if block % 4 == 0 else blank_chip()).block(block)


async def test_mifare_classic_format_empties_a_card(ports):
    chip, blank = written_chip(), blank_chip()
    port = Pn532Port(link=ports)
    port.start()
    port.place(chip)

    said = await run_tool(port, "mifare-classic-format", "-y")

    port.stop()
    assert "done" in said
    assert chip.nvm.cells == blank.nvm.cells


async def test_an_ndef_message_written_by_libfreefare_is_read_back_by_it(ports, tmp_path):
    wanted, found = tmp_path / "wanted.ndef", tmp_path / "found.ndef"
    wanted.write_bytes(b"\xd1\x01\x04T\x02enhi")
    port = Pn532Port(link=ports)
    port.start()
    port.place(blank_chip())

    await run_tool(port, "mifare-classic-write-ndef", "-y", "-i", wanted)
    await run_tool(port, "mifare-classic-read-ndef", "-y", "-o", found)

    port.stop()
    assert found.read_bytes() == wanted.read_bytes()


async def test_our_driver_and_the_tools_take_turns_on_one_reader(ports):
    port = Pn532Port(link=ports)
    port.start()
    port.place(blank_chip())
    reader = Pn532(SerialLink(port.path))

    for _ in range(2):
        await reader.open()
        seen = await reader.wait_for_card(TAP_S)
        await reader.close()
        said = await run_tool(port, "nfc-list")

        assert seen is not None
        assert "de  ad  be  ef" in said
    port.stop()


async def test_one_tool_after_another_finds_the_reader_in_order(ports, tmp_path):
    port = Pn532Port(link=ports)
    port.start()
    port.place(written_chip())

    for _ in range(3):
        await run_tool(port, "nfc-list")
        await run_tool(port, "nfc-mfclassic", "r", "a", "u", tmp_path / "card.mfd")

    port.stop()
    assert port.bytes_in > 0
    assert port.bytes_out > port.bytes_in / 2
