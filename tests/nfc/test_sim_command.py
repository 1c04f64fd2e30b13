"""`revisit sim`, run as the program that it is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from device.nfc.readers.pn532 import Pn532
from device.serial_link import SerialLink
from simulators.pn532_command import CARDS
from simulators.sim_command import main
from tests.nfc.reader_on_a_port import TAP_S

PROGRAM = "import sys; from simulators.sim_command import main; sys.exit(main(sys.argv[1:]))"
END_MAX_S = 20


def start(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "pn532", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_prints_its_path_serves_and_ends_cleanly(tmp_path, number):
    link = tmp_path / "ttyNFC"
    with start("--link", link, "--card", "blank", "--timing") as program:
        assert program.stdout is not None
        path = program.stdout.readline().strip()
        reader = Pn532(SerialLink(path))

        await reader.open()
        seen = await reader.wait_for_card(TAP_S)
        await reader.close()
        program.send_signal(number)

        assert program.wait(END_MAX_S) == 0
    assert path == str(link)
    assert seen is not None
    assert not link.is_symlink()


@pytest.mark.parametrize("kind", CARDS)
def test_every_kind_of_card_can_be_made(kind):
    make = CARDS[kind]

    assert (make is None) == (kind == "none")
    assert make is None or len(make().uid) in (4, 7)


def test_without_a_simulator_it_says_which_there_are(capsys):
    assert main([]) == 2
    assert main(["toaster"]) == 2
    assert main(["--help"]) == 0

    assert "pn532" in capsys.readouterr().err
