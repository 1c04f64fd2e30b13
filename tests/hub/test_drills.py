"""The drills of docs/operating.md: a lost ledger comes back from a backup, on both engines."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hub.commands import ledger as ledger_command
from hub.decisions.caretaker import Caretaker
from hub.ledger.closed_days import closed_days
from hub.ledger.digest import digest
from hub.ledger.ledger import is_on_server, open_ledger
from hub.ledger.verify import broken, verify
from tests.hub.hub_world import (
    DAY,
    OPENS_MS,
    PROGRAMME,
    Till,
    World,
    day_over,
    redemption,
    sale,
)
from tests.postgres_server import new_database

LINES_MEANWHILE = 3  # at least, while a backup is made


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    with new_database(postgres_url) as url:
        yield url


def run(*words: object) -> None:
    assert ledger_command.main([str(it) for it in words]) == 0


def by_the_book(program: str, *words: object) -> None:
    """Run one of PostgreSQL's own programs, as docs/operating.md has it."""
    subprocess.run([program, *map(str, words)], check=True, capture_output=True, timeout=300)


def back_up(world: World, to: Path) -> None:
    if is_on_server(world.path):
        by_the_book("pg_dump", "--format=custom", f"--file={to}", world.path)
    else:
        run("backup", "--to", to, "--db", world.path)


def restore(world: World, backup: Path) -> None:
    if is_on_server(world.path):
        how = ("--clean", "--if-exists", "--single-transaction")
        by_the_book("pg_restore", *how, f"--dbname={world.path}", backup)
        run("restored", "--db", world.path)
    else:
        run("restore", backup, "--yes", "--db", world.path)


@contextmanager
def selling(world: World, till: Till) -> Iterator[threading.Event]:
    """Have a till sell in a thread until the block ends; the event is set while it does."""
    stop, sold = threading.Event(), threading.Event()

    def sell() -> None:
        number = 0
        while not stop.is_set() or number < LINES_MEANWHILE:
            number += 1
            till.add(sale(f"w{number}", 1000 + number))
            world.take(till.batch(len(till.lines)))
            if number == LINES_MEANWHILE:
                sold.set()

    thread = threading.Thread(target=sell)
    thread.start()
    try:
        yield sold
    finally:
        stop.set()
        thread.join()


def is_sound(world: World) -> bool:
    return broken(verify(world.ledger, [world.programme], world.clock.at_ms)) == []


def tend(world: World) -> None:
    with closing(open_ledger(world.path)) as ledger:
        Caretaker(ledger, [world.programme], world.clock.now_ms).tick()


def test_a_ledger_comes_back_from_a_backup_that_was_made_while_the_hub_worked(ledger_url, tmp_path):
    world = World(ledger_url)
    first, second = world.till("h1"), world.till("h2")
    first.add(sale("r1", 9900), redemption("r2", 40))
    world.take(first.batch())

    with selling(world, second) as sold:
        assert sold.wait(60)
        back_up(world, tmp_path / "backup")
    first.add(sale("after", 700), day_over())
    second.add(sale("after2", 700), day_over())
    world.take(first.batch(3), second.batch(len(second.lines) - 1))
    world.clock.at_ms = OPENS_MS
    tend(world)
    lost = digest(world.ledger)
    days = [it.day for it in closed_days(world.ledger, "s1", 9)]
    world.ledger.close()

    restore(world, tmp_path / "backup")
    again = World(world.path)
    again.clock.at_ms = OPENS_MS
    at_first = digest(again.ledger)
    was_sound = is_sound(again)
    again.take(first.batch(), second.batch())  # devices send again what the hub now lacks
    tend(again)

    (tmp_path / "programme.toml").write_text(PROGRAMME)
    run("rebuild", "--db", world.path, "--programme", tmp_path / "programme.toml")
    assert (was_sound, at_first != lost) == (True, True)
    assert again.ledger.incarnation != "incarnation"
    assert digest(again.ledger) == lost
    assert is_sound(again)
    assert [it.day for it in closed_days(again.ledger, "s1", 9)] == days == [DAY]
    again.ledger.close()


def test_a_dump_of_the_server_is_backup_enough_to_rebuild(postgres_database, tmp_path):
    world = World(postgres_database)
    till = world.till("h1")
    till.add(sale("r1", 9900), redemption("r2", 40))
    world.take(till.batch())
    right = digest(world.ledger)
    world.ledger.connection.execute("UPDATE lot SET remaining = 1")
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    back_up(world, tmp_path / "backup")

    told = ("--db", world.path, "--programme", tmp_path / "programme.toml")
    run("rebuild", *told, "--replace", "--backup", tmp_path / "backup")

    assert digest(world.ledger) == right
    world.ledger.close()
