"""Rows are copied to a server while we do other things; whoever asks next waits for them."""

import select
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from hub.ledger.postgres_copy import Copying, Load
from tests.postgres_server import new_database

SIZES = "bigint text"


@pytest.fixture
def connection(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Return a connection to a server with two tables."""
    with new_database(postgres_url) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE animal (number bigint PRIMARY KEY, name text NOT NULL)")
        connection.execute("CREATE TABLE plant (number bigint, name text)")
        yield connection


def load(table: str, *numbers: int) -> Load:
    return Load(table, SIZES, [(it, f"{table} {it}") for it in numbers])


def test_rows_are_there_once_it_is_finished(connection):
    copying = Copying(connection)

    copying.add([load("animal", 1, 2), load("plant", 3), load("animal", 4)])
    copying.finish()

    assert not copying.is_under_way
    assert numbers_in(connection, "animal") == [1, 2, 4]
    assert connection.execute("SELECT name FROM plant").fetchall() == [("plant 3",)]


def test_what_is_added_while_others_are_under_way_follows_them(connection):
    copying = Copying(connection)
    copying.add([load("animal", *range(1000))])

    copying.add([load("animal", *range(1000, 2000))])
    copying.finish()

    assert numbers_in(connection, "animal") == [*range(2000)]


def test_it_gets_to_its_end_by_going_on_when_an_answer_is_there(connection):
    copying = Copying(connection)
    copying.add([load("animal", *range(5000)), load("plant", 1)])

    while copying.is_under_way:
        select.select([connection.fileno()], [], [])
        copying.advance()

    assert len(numbers_in(connection, "animal")) == 5000
    assert numbers_in(connection, "plant") == [1]


def test_nothing_to_copy_leaves_the_connection_free(connection):
    copying = Copying(connection)

    copying.add([load("animal")])

    assert not copying.is_under_way
    assert numbers_in(connection, "animal") == []


def test_a_row_that_the_server_refuses_is_told_and_what_follows_is_not_sent(connection):
    copying = Copying(connection)

    with pytest.raises(psycopg.errors.UniqueViolation):
        copy(copying, load("animal", 1, 1), load("plant", 3))

    assert not copying.is_under_way
    assert numbers_in(connection, "plant") == []


def test_a_row_that_is_left_out_without_an_error_is_noticed(connection):
    connection.execute(_LEAVE_OUT)
    copying = Copying(connection)

    with pytest.raises(AssertionError, match="1 rows changed, 2 wanted: COPY animal"):
        copy(copying, load("animal", 1, 2))


def test_after_it_is_abandoned_the_transaction_can_be_rolled_back(connection):
    copying = Copying(connection)
    connection.execute("BEGIN")
    with suppress(psycopg.errors.UniqueViolation):  # a quick server has refused it by now
        copying.add([load("plant", *range(5000)), load("animal", 1, 1)])

    copying.abandon()
    connection.execute("ROLLBACK")

    assert numbers_in(connection, "plant") == []
    assert numbers_in(connection, "animal") == []


def copy(copying: Copying, *loads: Load) -> None:
    """Copy `loads`; what is wrong is told by the one call or the other, as the server is quick."""
    copying.add(loads)
    copying.finish()


def numbers_in(connection: psycopg.Connection, table: str) -> list[int]:
    rows = connection.execute(f"SELECT number FROM {table} ORDER BY number").fetchall()
    return [number for (number,) in rows]


_LEAVE_OUT = """
CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER leave_out BEFORE INSERT ON animal FOR EACH ROW WHEN (NEW.number = 1)
EXECUTE FUNCTION leave_out()
"""
