"""A ledger's file is copied whole, while a hub goes on writing."""

import sqlite3
import threading
from contextlib import closing

import pytest

from hub.errors import HubError
from hub.ledger.backup import back_up
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from tests.hub.hub_world import World, sale

BACKUPS = 5


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    till = found.till("h1")
    till.add(sale("r1", 9900))
    found.take(till.batch())
    yield found
    found.ledger.close()


def files(folder) -> set[str]:
    return {it.name for it in folder.iterdir()} - {"ledger.db", "ledger.db-wal", "ledger.db-shm"}


def test_a_backup_has_what_the_ledger_has_and_only_its_owner_can_read_it(world, tmp_path):
    made = back_up(world.path, tmp_path / "backup.db")

    with closing(open_ledger(tmp_path / "backup.db")) as copy:
        assert digest(copy) == digest(world.ledger) == made.digest
    assert made.extent == (1, world.clock.at_ms, 1)
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    assert files(tmp_path) == {"backup.db"}


def test_what_is_not_committed_yet_is_neither_waited_for_nor_copied(world, tmp_path):
    before = digest(world.ledger)

    with world.ledger.transaction() as database:
        database.execute("UPDATE account SET balance = balance + 1")
        made = back_up(world.path, tmp_path / "backup.db")

    assert made.digest == before


def test_backups_of_a_ledger_that_is_being_written_are_each_as_at_one_moment(world, tmp_path):
    till = world.till("h2")
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            till.add(sale(f"w{number}", 1000 + number))
            world.take(till.batch(number))

    writer = threading.Thread(target=work)
    writer.start()
    try:
        made = [back_up(world.path, tmp_path / "0.db")]
        # Who writes may be slow to begin; what grows meanwhile is what this is about.
        while len(made) < BACKUPS or made[-1].extent.lines == made[0].extent.lines:
            assert writer.is_alive()
            made.append(back_up(world.path, tmp_path / f"{len(made)}.db"))
    finally:
        stop.set()
        writer.join()

    lines = [it.extent.lines for it in made]
    assert lines == sorted(lines)
    assert lines[-1] > lines[0]
    for it in range(len(made)):
        with closing(open_ledger(tmp_path / f"{it}.db")) as copy:
            assert broken(verify(copy, [world.programme], world.clock.now_ms())) == []


def test_a_file_that_is_there_is_left_alone(world, tmp_path):
    (tmp_path / "backup.db").write_text("yesterday's")

    with pytest.raises(HubError, match=r"backup.db: is there already, a new name wanted"):
        back_up(world.path, tmp_path / "backup.db")

    assert (tmp_path / "backup.db").read_text() == "yesterday's"


def test_a_damaged_ledger_makes_no_backup(world, tmp_path):
    world.ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        (page,) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name='meta'").fetchone()
        (root,) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name='fork'").fetchone()
        (size,) = file.execute("PRAGMA page_size").fetchone()
    assert page != root
    with (tmp_path / "ledger.db").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)

    with pytest.raises(HubError, match=r"ledger.db: .*wanted"):
        back_up(world.path, tmp_path / "backup.db")

    assert files(tmp_path) == set()


def test_a_folder_that_is_not_there_is_told(world, tmp_path):
    with pytest.raises(HubError, match="No such file or directory, a folder to write to wanted"):
        back_up(world.path, tmp_path / "absent" / "backup.db")


def test_a_servers_ledger_is_left_to_the_servers_tools(tmp_path):
    with pytest.raises(HubError, match=r"wanted one in a file; there: pg_dump --format=custom"):
        back_up("postgresql://revisit@db/revisit", tmp_path / "backup.db")
