"""A connection to PostgreSQL that takes the statements that both engines share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.adapt import Buffer, Loader

from hub.ledger.database import Row
from hub.ledger.postgres_copy import Copying
from hub.ledger.postgres_patience import BE_AS_IMPATIENT, settings_for


class PostgresDatabase:
    """A connection that takes the statements that both engines share."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._is_by_key = False
        self._is_to_begin = False
        self._connection = self._connect()
        self.copying = Copying(self._connection)

    @property
    def connection(self) -> psycopg.Connection[Row]:
        """The connection, to be asked at once.

        What was being copied is there, and a transaction that was to begin has begun.
        """
        self.copying.finish()
        if self._is_to_begin:
            self._is_to_begin = False
            self._connection.execute("BEGIN", prepare=False)
        return self._connection

    @property
    def is_lost(self) -> bool:
        """Whether there is no connection any more."""
        return self._connection.closed

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> psycopg.Cursor[Row]:
        """Run one statement."""
        return self.connection.execute(_with_percents(statement), values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> psycopg.Cursor[Row]:
        """Run one statement for each row of values."""
        cursor = self.connection.cursor()
        cursor.executemany(_with_percents(statement), rows)
        return cursor

    def expect_keys(self) -> None:
        """Have the server plan statements once, and for few rows that are found by their keys.

        Else it plans each lookup anew, or keeps a plan for what tables were when they were empty.
        """
        self._is_by_key = True
        self.connection.execute(_BY_KEY)

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """Send the statements of the block without waiting for each; `BEGIN` goes with them."""
        self.copying.finish()
        with self._connection.pipeline():
            yield

    def begin(self) -> None:
        """Begin a transaction with the next statement."""
        self._is_to_begin = True

    def commit(self, meanwhile: Callable[[], bool]) -> None:
        """Commit; while the server waits for its disk, `meanwhile` is called.

        Raises:
            psycopg.OperationalError: it did not.
        """
        with self.pipeline():
            answer = self.connection.execute("COMMIT", prepare=False)
            while meanwhile():
                pass
        # The server ends what has failed with a ROLLBACK, and calls that no error.
        if answer.statusmessage != "COMMIT":
            raise psycopg.OperationalError(f"{answer.statusmessage} for a COMMIT")

    def roll_back(self) -> None:
        """Roll back; a connection on which that fails is closed, and nothing of it stays."""
        self.copying.abandon()
        self._is_to_begin = False
        try:
            self._connection.execute("ROLLBACK", prepare=False)
        except psycopg.Error:
            self._connection.close()

    def connect_again(self) -> None:
        """Replace a connection that was lost."""
        self._connection.close()
        self._connection = self._connect()
        self.copying = Copying(self._connection)

    def _connect(self) -> psycopg.Connection[Row]:
        settings = settings_for(self._conninfo)
        connection = psycopg.connect(self._conninfo, autocommit=True, **settings)
        connection.execute(BE_AS_IMPATIENT)
        connection.adapters.register_loader("numeric", _WholeLoader)
        if self._is_by_key:
            connection.execute(_BY_KEY)
        return connection


class _WholeLoader(Loader):
    """Sums of integers come as `numeric`; in this ledger they are integers again."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


# A table that has to be read whole is, all the same; it is no reason to compile the statement.
_BY_KEY = (
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
    " SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"
)


@cache
def _with_percents(statement: str) -> str:
    """Return `statement` with psycopg's placeholders; no text in ours holds a question mark."""
    return statement.replace("%", "%%").replace("?", "%s")
