"""Backup, restore and export as docs/operating.md has people type them."""

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hub.commands import ledger as ledger_command
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from tests.hub.hub_world import World, redemption, sale
from tests.postgres_server import new_database

OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"


def commands(heading: str) -> list[str]:
    """Return the shell commands of a chapter of docs/operating.md, block by block."""
    chapters = re.split(r"^## ", OPERATING.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (chapter,) = [it for it in chapters if it.startswith(heading)]
    return re.findall(r"^```sh\n(.*?)^```", chapter, flags=re.MULTILINE | re.DOTALL)


def type_in(folder: Path, script: str, **variables: str) -> str:
    """Run `script` in a shell as a person would; return what it printed."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": programs} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def state_of(place) -> tuple[str, str]:
    with closing(open_ledger(place)) as ledger:
        return digest(ledger), ledger.incarnation


def work(world: World, till, op: str) -> None:
    till.add(sale(op, 9900))
    world.take(till.batch(len(till.lines)))


def test_a_shop_goes_on_from_its_backup(tmp_path):
    world = World(tmp_path)
    till = world.till("h1")
    work(world, till, "r1")
    back_up, _, restore, _ = commands("The hub comes back")

    printed = type_in(tmp_path, back_up)
    before = digest(world.ledger)
    work(world, till, "r2")
    world.ledger.close()
    told = type_in(tmp_path, restore)

    after, incarnation = state_of(tmp_path / "ledger.db")
    assert after == before
    assert incarnation != "incarnation"
    assert before in printed
    assert "devices will send again what this ledger lacks" in told


def test_a_chain_goes_on_from_its_servers_backup(tmp_path, postgres_url):
    *_, on_server = commands("The hub comes back")
    dump, _, rest = on_server.partition("\n\n")
    with new_database(postgres_url) as url:
        world = World(url)
        till = world.till("h1")
        work(world, till, "r1")
        before = digest(world.ledger)

        type_in(tmp_path, dump, URL=url)
        work(world, till, "r2")
        world.ledger.close()
        type_in(tmp_path, rest, URL=url)

        after, incarnation = state_of(url)
        again = World(url)
        work(again, till, "r3")
        again.ledger.close()

    assert after == before
    assert incarnation != "incarnation"


def test_a_password_in_a_url_is_not_repeated(postgres_url, capsys):
    with new_database(postgres_url) as url:
        World(url).ledger.close()
        with_password = url.replace("@", ":hunter2@", 1)

        status = ledger_command.main(["restored", "--db", with_password])

    told = capsys.readouterr()
    assert status == 0
    assert "devices will send again" in told.out
    assert "hunter2" not in told.out + told.err


def test_the_back_office_gets_its_figures(tmp_path):
    world = World(tmp_path)
    work(world, world.till("h1"), "r1")
    world.ledger.close()

    figures, *_ = commands("The back office")

    told = type_in(tmp_path, figures)

    assert "members.csv: 1 rows" in told
    assert len(list(tmp_path.glob("figures-*/*.csv"))) == 4


def test_an_auditor_gets_the_lines_and_what_was_signed_of_them(tmp_path):
    world = World(tmp_path)
    work(world, world.till("h1"), "r1")
    world.ledger.close()
    (tmp_path / "lease.key").write_text(bytes(range(32)).hex())
    _, proof, _ = commands("The back office")

    told = type_in(tmp_path, proof)

    assert "lines.csv: 1 rows" in told
    assert len(list(tmp_path.glob("heads-*.txt"))) == 1


def test_a_case_goes_from_hand_to_hand(tmp_path):
    world = World(tmp_path)
    till = world.till("h1")
    till.add(redemption("r1"))
    world.take(till.batch())
    world.ledger.close()

    told = type_in(tmp_path, *commands("Somebody has to look"))

    assert "overdrawn" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backup", "--to", "ledger.db"), "is there already, a new name wanted"),
        (("backup", "--to", "b.db", "--db", "absent.db"), "no such file, a ledger wanted"),
        (("backup", "--to", "b.db", "--db", "postgresql://x/y"), "pg_dump --format=custom"),
        (("restore", "absent.db"), "no such file, a ledger wanted"),
        (("restore", "ledger.db"), "found the ledger itself, wanted a backup of it"),
        (("restore", "ledger.db", "--db", "postgresql://x/y"), "pg_restore --clean"),
        (("export", "--to", "."), "is there already, a new folder wanted"),
        (("backup",), "Missing option '--to'"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(tmp_path, monkeypatch, capsys, words, said):
    World(tmp_path).ledger.close()
    monkeypatch.chdir(tmp_path)

    status = ledger_command.main(list(words))

    told = capsys.readouterr().err
    assert status in (1, 2)
    assert said in told
    assert told.startswith("revisit ledger: ")
