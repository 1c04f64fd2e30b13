"""A transaction on a server is there as a whole or not at all; meanwhile we do something else."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg
import pytest

from hub.errors import LedgerUnavailable
from hub.ledger.ledger import Ledger, open_ledger
from tests.postgres_server import new_database


@pytest.fixture
def ledger(postgres_url: str) -> Iterator[Ledger]:
    """Return a ledger on a server."""
    with new_database(postgres_url) as url:
        found = open_ledger(url, create=True)
        yield found
        found.close()


def note(ledger: Ledger, name: str) -> None:
    ledger.connection.execute("INSERT INTO meta VALUES (?, '')", (name,))


def in_transaction(ledger: Ledger, deed: Callable[[], object]) -> None:
    with ledger.transaction():
        deed()


def stumble() -> bool:
    raise RuntimeError("stumbled")


def noted(ledger: Ledger) -> list[str]:
    rows = ledger.connection.execute("SELECT name FROM meta WHERE value = '' ORDER BY name")
    return [name for (name,) in rows]


def test_what_is_done_meanwhile_is_done_until_there_is_no_more_of_it(ledger):
    left = [False, True, True]

    with ledger.transaction(left.pop):
        note(ledger, "a")
        begun_with = [*left]

    assert begun_with == [False, True, True]
    assert left == []
    assert noted(ledger) == ["a"]


def test_a_fault_meanwhile_is_told_and_what_was_committed_stays(ledger):
    with pytest.raises(RuntimeError, match="stumbled"), ledger.transaction(stumble):
        note(ledger, "a")
    with ledger.transaction():
        note(ledger, "b")

    assert noted(ledger) == ["a", "b"]


def test_what_the_server_has_given_up_is_not_called_committed(ledger):
    def pass_over_an_error() -> None:
        note(ledger, "a")
        with suppress(psycopg.Error):
            ledger.connection.execute("SELECT 1 / 0")

    with pytest.raises(LedgerUnavailable, match="ROLLBACK for a COMMIT"):
        in_transaction(ledger, pass_over_an_error)

    assert noted(ledger) == []


def test_nothing_of_a_transaction_stays_when_its_connection_is_lost(ledger):
    def lose_the_connection() -> None:
        note(ledger, "a")
        ledger.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(LedgerUnavailable):
        in_transaction(ledger, lose_the_connection)
    with ledger.transaction():
        note(ledger, "b")

    assert noted(ledger) == ["b"]


def test_after_a_roll_back_the_next_transaction_begins_anew(ledger):
    def note_and_stumble() -> None:
        note(ledger, "a")
        stumble()

    with pytest.raises(RuntimeError, match="stumbled"):
        in_transaction(ledger, note_and_stumble)
    with ledger.transaction():
        note(ledger, "b")

    assert noted(ledger) == ["b"]


def test_a_transaction_in_which_nothing_is_asked_leaves_nothing_behind(ledger):
    with ledger.transaction():
        pass
    with pytest.raises(RuntimeError, match="stumbled"):
        in_transaction(ledger, stumble)

    assert ledger.connection.execute("SELECT now() = statement_timestamp()").fetchone() == (True,)
