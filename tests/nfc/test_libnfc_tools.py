"""libnfc's own tools, as Debian has them, on the simulated reader."""

import random

import pytest

from device.links.serial_link import SerialLink
from device.nfc import commands
from device.nfc.readers.pn532 import Pn532
from simulators.chips.chip import Chip
from simulators.chips.classic import ClassicChip, blank_chip, trailer_of, written_chip
from simulators.chips.desfire import desfire_chip
from simulators.chips.ultralight import UltralightChip
from simulators.chips.ultralight_model import MODELS
from tests.nfc.reader_on_a_port import KEYS, TAP_S, UID_4, UID_7, command_arrived
from tests.nfc.tools_on_a_port import end_of, port_with, run_tool, start_tool

IN_AUTO_POLL = 0x60
SECTORS = range(16)


def set_keys(chip: ClassicChip) -> None:
    for sector in SECTORS:
        at = trailer_of(sector) * 16
        chip.nvm.cells[at : at + 6] = KEYS.of_sector(chip.uid, sector, "A")
        chip.nvm.cells[at + 10 : at + 16] = KEYS.of_sector(chip.uid, sector, "B")


@pytest.mark.parametrize(
    ("uid", "atqa", "words"),
    [
        (UID_4, "00  04", "de  ad  be  ef"),
        (UID_7, "00  44", "04  78  2e  21  80  1d  80"),
    ],
)
async def test_nfc_list_names_the_card(uid, atqa, words):
    with port_with(blank_chip(uid)) as port:
        said = await run_tool(port, "nfc-list")

    assert "1 ISO14443A passive target(s) found" in said
    assert f"ATQA (SENS_RES): {atqa}" in said
    assert f"UID (NFCID1): {words}" in said
    assert "SAK (SEL_RES): 08" in said


async def test_nfc_list_finds_nothing_on_an_empty_reader():
    with port_with() as port:
        said = await run_tool(port, "nfc-list")

    assert "user defined device opened" in said
    assert "passive target(s) found" not in said


@pytest.mark.parametrize(
    ("chip", "words"),
    [
        (written_chip(kind="classic4k"), "SAK (SEL_RES): 18"),
        (UltralightChip("ntag213"), "SAK (SEL_RES): 00"),
        (desfire_chip(rng=random.Random(1)), "ATS: 75  77  81  02  80"),
    ],
)
async def test_nfc_list_tells_kinds_apart(chip, words):
    with port_with(chip) as port:
        said = await run_tool(port, "nfc-list")

    assert words in said


async def test_nfc_list_names_two_cards_at_once():
    with port_with(blank_chip(UID_4), UltralightChip("ntag213", UID_7)) as port:
        said = await run_tool(port, "nfc-list", "-t", "1")

    assert "2 ISO14443A passive target(s) found" in said
    assert "de  ad  be  ef" in said
    assert "04  78  2e  21  80  1d  80" in said


# How libnfc sees that a card is still there: it selects it again, reads a page or asks for a block.
@pytest.mark.parametrize(
    ("chip", "presence"),
    [
        (blank_chip(), commands.IN_LIST_PASSIVE_TARGET),
        (blank_chip(kind="classic4k"), commands.IN_LIST_PASSIVE_TARGET),
        (UltralightChip(), commands.IN_DATA_EXCHANGE),
        (UltralightChip("ultralight_ev1"), commands.IN_DATA_EXCHANGE),
        (UltralightChip("ntag215"), commands.IN_DATA_EXCHANGE),
        (desfire_chip(rng=random.Random(1)), commands.IN_COMMUNICATE_THRU),
    ],
)
async def test_nfc_poll_sees_a_card_come_and_go(chip: Chip, presence):
    with port_with() as port:
        tool = await start_tool(port, "nfc-poll")
        await command_arrived(port, IN_AUTO_POLL)
        port.place(chip)
        await command_arrived(port, presence)
        port.remove()
        said = await end_of(tool)

    assert "  ".join(f"{byte:02x}" for byte in chip.uid) in said
    assert "Target Released" in said


@pytest.mark.parametrize("uid", [UID_4, UID_7])
async def test_nfc_mfclassic_reads_what_is_on_the_card(tmp_path, uid):
    chip, dump = written_chip(uid), tmp_path / "card.mfd"
    with port_with(chip) as port:
        said = await run_tool(port, "nfc-mfclassic", "r", "a", "u", dump)

    assert "Done, 64 of 64 blocks read" in said
    # Without a key file the tool leaves out what it did not use: key B.
    for sector in SECTORS:
        at = trailer_of(sector) * 16 + 10
        chip.nvm.cells[at : at + 6] = bytes(6)
    assert dump.read_bytes() == bytes(chip.nvm.cells)


async def test_nfc_mfclassic_opens_a_card_with_our_diversified_keys(tmp_path):
    chip, keys, dump = written_chip(), tmp_path / "keys.mfd", tmp_path / "card.mfd"
    set_keys(chip)
    keys.write_bytes(chip.nvm.cells)
    with port_with(chip) as port:
        said = await run_tool(port, "nfc-mfclassic", "r", "a", "u", dump, keys, "f")

    assert "Done, 64 of 64 blocks read" in said
    assert dump.read_bytes() == bytes(chip.nvm.cells)


async def test_nfc_mfclassic_writes_to_every_sector(tmp_path):
    chip, wanted = blank_chip(), written_chip()
    keys, dump = tmp_path / "keys.mfd", tmp_path / "card.mfd"
    keys.write_bytes(chip.nvm.cells)
    dump.write_bytes(wanted.nvm.cells)
    with port_with(chip) as port:
        said = await run_tool(port, "nfc-mfclassic", "w", "a", "u", dump, keys, "f")

    # Release 1.8.0 says 60 and writes the first block of sectors 1 to 15 only, on real chips too
    # (nfc-tools/libnfc#629, #632); what it does write must arrive.
    assert "Done, 60 of 64 blocks written" in said
    for block in range(4, 64):
        assert chip.block(block) == (wanted if block % 4 == 0 else blank_chip()).block(block)


async def test_nfc_mfclassic_loses_a_4k_card_by_its_own_doing(tmp_path):
    chip = written_chip(kind="classic4k")
    with port_with(chip) as port:
        said = await run_tool(port, "nfc-mfclassic", "r", "a", "u", tmp_path / "card.mfd")

    # On 4K cards alone release 1.8.0 tries to write block 0, in search of copies. The card refuses
    # and falls silent, and the tool reads on without selecting it again.
    assert "Guessing size: seems to be a 4096-byte card" in said
    assert "Attempt to write Block 0" in said
    assert "authentication failed for block 0xff" in said


@pytest.mark.parametrize("kind", MODELS)
async def test_nfc_mfultralight_reads_every_page(tmp_path, kind):
    chip, dump = UltralightChip(kind), tmp_path / "card.mfd"
    pages = MODELS[kind].pages
    for page in range(4, MODELS[kind].user_end):
        chip.store(page, bytes([page] * 4))
    with port_with(chip) as port:
        said = await run_tool(port, "nfc-mfultralight", "r", dump)

    shown = bytearray(chip.nvm.cells[: pages * 4])
    if MODELS[kind].configuration is not None:
        shown[(pages - 2) * 4 :] = bytes(8)  # Nobody reads a password.
    assert f"Done, {pages} of {pages} pages read" in said
    assert dump.read_bytes()[: pages * 4] == shown


@pytest.mark.parametrize("kind", ["ultralight", "ultralight_ev1", "ntag213"])
async def test_nfc_mfultralight_writes_the_pages_for_users(tmp_path, kind):
    chip, dump = UltralightChip(kind), tmp_path / "card.mfd"
    user = range(4, MODELS[kind].user_end)
    with port_with(chip) as port:
        await run_tool(port, "nfc-mfultralight", "r", dump)
        image = bytearray(dump.read_bytes())
        for page in user:
            image[page * 4 : page * 4 + 4] = bytes([page] * 4)
        dump.write_bytes(image)
        await run_tool(port, "nfc-mfultralight", "w", dump)

    assert [chip.page(page) for page in user] == [bytes([page] * 4) for page in user]


async def test_our_driver_and_the_tools_take_turns_on_one_reader():
    with port_with(blank_chip()) as port:
        reader = Pn532(SerialLink(port.path))

        for _ in range(2):
            await reader.open()
            seen = await reader.wait_for_card(TAP_S)
            await reader.close()
            said = await run_tool(port, "nfc-list")

            assert seen is not None
            assert "de  ad  be  ef" in said


async def test_one_tool_after_another_finds_the_reader_in_order(tmp_path):
    with port_with(written_chip()) as port:
        for _ in range(3):
            await run_tool(port, "nfc-list")
            await run_tool(port, "nfc-mfclassic", "r", "a", "u", tmp_path / "card.mfd")

    assert port.bytes_in > 0
    assert port.bytes_out > port.bytes_in / 2
