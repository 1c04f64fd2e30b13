"""Two processes that open one ledger at the same moment, where it is made or upgraded first."""

import multiprocessing
import sqlite3
from contextlib import closing
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

from hub.errors import LedgerUnavailable
from hub.ledger.ledger import open_ledger
from hub.ledger.schema import OLDER_REVISIONS
from hub.ledger.sqlite import open_sqlite
from hub.ledger.upgrade import MIGRATIONS, newest_sqlite_schema

PATIENCE_S = 120
FILES = 12  # Of eight in ten new ones, two processes used to make only one.

SPAWN = multiprocessing.get_context("spawn")


def open_each(places: list[str], start: Barrier, answers: Queue) -> None:
    """Open what is at each place as soon as the other process does, and answer what it is."""
    newest_sqlite_schema()  # So that nobody has anything to load any more.
    for place in places:
        start.wait(PATIENCE_S)
        try:
            with closing(open_ledger(place, create=True)) as ledger:
                answers.put((place, ledger.incarnation))
        except Exception as error:
            answers.put((place, repr(error)))


def opened_by_two(places: list[str]) -> dict[str, set[str]]:
    """Return what two processes found at each place when both opened it at once."""
    start, answers = SPAWN.Barrier(2), SPAWN.Queue()
    processes = [SPAWN.Process(target=open_each, args=(places, start, answers)) for _ in range(2)]
    for it in processes:
        it.start()
    found: dict[str, set[str]] = {it: set() for it in places}
    for _ in range(2 * len(places)):
        place, answer = answers.get(timeout=PATIENCE_S)
        found[place].add(answer)
    for it in processes:
        it.join(PATIENCE_S)
    return found


def older(url: str) -> str:
    """Make a ledger as it was one version ago, and return its incarnation."""
    with closing(open_ledger(url, create=True, new_id=lambda: "as-before")) as ledger:
        incarnation = ledger.incarnation
    driver = url.replace("postgresql:", "postgresql+psycopg:", 1)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with sqlalchemy.create_engine(driver, poolclass=sqlalchemy.NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, OLDER_REVISIONS[-1])
    return incarnation


def test_one_of_two_makes_a_new_file_and_the_other_finds_it(tmp_path):
    places = [f"sqlite:///{tmp_path}/{number}.db" for number in range(FILES)]

    found = opened_by_two(places)

    assert [len(it) for it in found.values()] == [1] * FILES, found


def test_one_of_two_makes_the_tables_and_the_other_finds_them(ledger_url):
    found = opened_by_two([ledger_url])[ledger_url]

    with closing(open_ledger(ledger_url)) as ledger:
        assert found == {ledger.incarnation}


def test_one_of_two_upgrades_an_older_ledger_and_the_other_finds_it_done(ledger_url):
    incarnation = older(ledger_url)

    found = opened_by_two([ledger_url])[ledger_url]

    assert found == {incarnation}


def test_who_looked_before_the_tables_were_there_makes_them_no_second_time(tmp_path):
    path = tmp_path / "ledger.db"
    with (
        closing(open_sqlite(path, create=True)) as first,
        closing(open_sqlite(path, create=True)) as second,
    ):
        first.create()
        second.create()

        assert second.revision() == first.revision()


def test_an_upgrade_that_may_not_begin_says_what_stands_in_its_way(tmp_path):
    path = tmp_path / "ledger.db"
    older(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody_else:
        somebody_else.execute("BEGIN IMMEDIATE")

        with pytest.raises(LedgerUnavailable, match=r"ledger\.db: database is locked"):
            open_ledger(path, create=True, connect=impatient)


def impatient(path: Path, *, timeout: float, **how: Any) -> sqlite3.Connection:
    """Connect as a ledger does, but wait for nobody."""
    return sqlite3.connect(path, timeout=0, **how)
