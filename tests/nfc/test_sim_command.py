"""`revisit sim`, run as the program that it is."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from device.links.serial_link import SerialLink
from device.nfc.readers.pn532 import Pn532
from simulators.chips.card_file import parse, render
from simulators.chips.ultralight import UltralightChip
from simulators.pn532_command import CARDS
from simulators.sim_command import SIMULATORS, main
from tests.nfc.reader_on_a_port import TAP_S, UID_7

PROGRAM = "import sys; from simulators.sim_command import main; sys.exit(main(sys.argv[1:]))"
END_MAX_S = 60


def start(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "pn532", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
    )


def said(program: subprocess.Popen[str]) -> str:
    """Return the next line that the program prints; the first is its path."""
    assert program.stdout is not None
    return program.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_prints_its_path_serves_and_ends_cleanly(tmp_path, number):
    link = tmp_path / "ttyNFC"
    with start("--link", link, "--card", "blank", "--timing") as program:
        path = said(program)
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


def test_a_card_in_a_file_is_kept_there(tmp_path):
    file = tmp_path / "card.toml"
    with start("--card", f"ntag213:{file}") as program:
        said(program)
        program.send_signal(signal.SIGTERM)
        assert program.wait(END_MAX_S) == 0

    assert parse(file.read_text()).kind == "ntag213"


async def test_a_card_that_is_taken_away_is_written_and_read_again_when_it_is_back(tmp_path):
    file = tmp_path / "card.toml"
    card = UltralightChip("ntag213", UID_7)
    file.write_text(render(card))
    with start("--card", f"ntag213:{file}") as program:
        reader = Pn532(SerialLink(said(program)))
        await reader.open()
        await reader.wait_for_card(TAP_S)
        await reader.exchange(b"\xa2\x05gone")

        program.send_signal(signal.SIGUSR1)
        away = said(program), parse(file.read_text()).page(5)
        card.store(5, b"back")
        file.write_text(render(card))
        program.send_signal(signal.SIGUSR1)
        back = said(program)
        await reader.wait_for_card(TAP_S)
        found = await reader.exchange(b"\x30\x05")

        await reader.close()
        program.send_signal(signal.SIGTERM)
        assert program.wait(END_MAX_S) == 0
    assert (away, back) == (("card away", b"gone"), "card back")
    assert found[:4] == b"back"


def test_mistakes_in_a_card_file_end_the_program_with_all_of_them(tmp_path, capsys):
    file = tmp_path / "card.toml"
    file.write_text('kind = "ntag213"\nuid = "00"\nworn = 5\n')

    ended = main(["pn532", "--card", f"ntag213:{file}"])

    told = capsys.readouterr().err
    assert ended == 1
    assert "card: uid: '00'" in told
    assert "card: worn: 5" in told


def test_a_file_of_another_kind_is_refused(tmp_path, capsys):
    file = tmp_path / "card.toml"
    file.write_text(render(UltralightChip("ntag215")))

    assert main(["pn532", "--card", f"ntag213:{file}"]) == 1

    assert "kind: 'ntag215', wanted 'ntag213'" in capsys.readouterr().err


@pytest.mark.parametrize("card", ["toaster", "ntag424:card.toml"])
def test_cards_that_there_are_not_are_refused(card, capsys):
    with pytest.raises(SystemExit):
        main(["pn532", "--card", card])

    assert "wanted one of" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "why"), [("mine.toml", "File exists"), ("no/link", "No such")])
def test_a_link_never_takes_the_place_of_a_file(tmp_path, capsys, name, why):
    (tmp_path / "mine.toml").write_text("mine")

    ended = main(["pn532", "--link", str(tmp_path / name)])

    assert ended == 1
    assert f"revisit sim pn532: {tmp_path / name}: {why}" in capsys.readouterr().err
    assert (tmp_path / "mine.toml").read_text() == "mine"


def test_a_link_that_another_simulator_took_stays(tmp_path):
    link = tmp_path / "reader"
    with start("--link", link) as first:
        said(first)
        with start("--link", link) as second:
            said(second)
            first.terminate()
            first.wait(END_MAX_S)
            stays = link.is_symlink()
            second.terminate()
            second.wait(END_MAX_S)

    assert (stays, link.is_symlink()) == (True, False)


def test_a_card_file_wants_a_folder_that_is_there(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["pn532", "--card", f"ntag213:{tmp_path}/none/card.toml"])

    assert "no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["eps3", "--tcp", "65536"], "argument --tcp: found '65536', wanted 0 to 65535"),
        (["eps3", "--tcp", "-1"], "argument --tcp: found '-1', wanted 0 to 65535"),
        (["star", "--png", "/dev/null/card.png"], "argument --png: found '/dev/null/card.png'"),
    ],
)
def test_a_printer_is_told_what_cannot_be(capsys, words, told):
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert (ended.value.code, told in capsys.readouterr().err) == (2, True)


def test_a_port_that_is_used_is_told(capsys):
    with socket.create_server(("127.0.0.1", 0)) as used:
        ended = main(["eps3", "--tcp", str(used.getsockname()[1])])

    told = capsys.readouterr().err
    assert ended == 1
    assert told.startswith("revisit sim eps3: ")
    assert "address already in use" in told


def test_without_a_simulator_it_says_which_there_are(capsys):
    assert main([]) == 2
    assert main(["toaster"]) == 2
    refused = capsys.readouterr().err
    assert main(["--help"]) == 0

    asked = capsys.readouterr().out
    assert refused == 2 * asked
    assert all(f"  {name} " in asked for name in SIMULATORS)
