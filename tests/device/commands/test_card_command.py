"""`revisit card` as a technician types it, with a PN532 on a pty."""

import asyncio
import sys
from pathlib import Path

import pytest

from simulators.chips.classic import blank_chip
from simulators.pn532_port import Pn532Port
from tests.source_tree import ROOT

WELL, NOT_WELL, MISTAKE = 0, 1, 2
TRIES_MAX = 20
READER_SILENT = ("never acknowledged", "no echo from the reader")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "card-keys.toml"
    path.write_text(f'master = "{"01" * 16}"\nseal_key = "{"02" * 32}"\n')
    return path


async def revisit_card(deed: str, reader: str, keys: Path, *options: str) -> tuple[int, str]:
    """Return the exit status and all that was said, once this program had time to be its reader."""
    for _ in range(TRIES_MAX):
        status, said = await _run(deed, reader, keys, *options)
        if not any(it in said for it in READER_SILENT):
            break
    return status, said


async def _run(deed: str, reader: str, keys: Path, *options: str) -> tuple[int, str]:
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "revisit", "card", deed),
        *("--reader", reader, "--keys", str(keys), "--wait-s", "5", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(run.communicate(), 300)
    assert run.returncode is not None
    return run.returncode, said.decode()


async def test_a_card_from_blank_to_a_members_and_back(keys):
    port = Pn532Port()
    url = f"pn532+serial://{port.start()}"
    chip = blank_chip()
    port.place(chip)
    try:
        blank = await revisit_card("verify", url, keys)
        made = await revisit_card("personalise", url, keys, "--member", "m-1001")
        read = await revisit_card("read", url, keys)
        verified = await revisit_card("verify", url, keys)
        asked = await revisit_card("wipe", url, keys)
        wiped = await revisit_card("wipe", url, keys, "--yes")
    finally:
        port.stop()

    assert (blank[0], "It is blank" in blank[1]) == (NOT_WELL, True)
    assert (made[0], "the card of m-1001 now" in made[1]) == (WELL, True)
    assert (read[0], "MIFARE Classic 1K, number deadbeef." in read[1]) == (WELL, True)
    assert (verified[0], "All is well" in verified[1]) == (WELL, True)
    assert (asked[0], "--yes" in asked[1]) == (NOT_WELL, True)
    assert (wiped[0], chip.nvm.cells == blank_chip().nvm.cells) == (WELL, True)


async def test_no_card_is_told(keys):
    port = Pn532Port()
    url = f"pn532+serial://{port.start()}"
    try:
        told = await revisit_card("read", url, keys, "--wait-s", "0.2")
    finally:
        port.stop()

    assert told == (NOT_WELL, "No card came within 0.2 s.\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("personalise", "pn532+serial:///dev/null-reader"), "personalise wants --member"),
        (
            ("read", "pn532+serial:///dev/null-reader"),
            "cannot open /dev/null-reader: No such file or directory\n",
        ),
        (("read", "carrier-pigeon:"), "wanted pn532+serial"),
        (("personalise", "pn532+serial:///x", "--member", "m", "--counter", "0"), "counter 0"),
        (("wipe", "pn532+serial:///x", "--wait-s", "-1"), "--wait-s -1, wanted more than 0"),
        (("read", "pn532+serial:///x", "--wait-s", "nan"), "--wait-s nan, wanted more than 0"),
    ],
)
async def test_mistakes_are_told_in_a_sentence(keys, options, said):
    deed, reader, *rest = options

    status, told = await revisit_card(deed, reader, keys, *rest)

    assert status == MISTAKE
    assert said in told
    assert told.count("\n") == 1


async def test_a_file_of_keys_that_is_missing_is_a_mistake(tmp_path):
    status, told = await revisit_card("read", "pn532+serial:///x", tmp_path / "none.toml")

    assert status == MISTAKE
    assert "none.toml" in told
