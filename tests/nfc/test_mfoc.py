"""mfoc, which tries keys that everybody knows, on the simulated reader."""

from simulators.chips.classic import trailer_of, written_chip
from tests.nfc.tools_on_a_port import port_with, run_tool


async def test_a_card_with_known_keys_is_dumped(tmp_path):
    chip, dump = written_chip(), tmp_path / "card.mfd"
    chip.nvm.cells[trailer_of(7) * 16 : trailer_of(7) * 16 + 6] = bytes.fromhex("a0a1a2a3a4a5")
    with port_with(chip) as port:
        said = await run_tool(port, "mfoc", "-O", dump)

    assert "We have all sectors encrypted with the default keys.." in said
    assert dump.read_bytes() == bytes(chip.nvm.cells)
