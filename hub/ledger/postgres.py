"""The ledger on a PostgreSQL server: several writers, who lock what they will change.

READ COMMITTED with row locks, taken in one order: devices, cards, members, accounts. Whoever meets
another one all the same is told so and does it again.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg import errors
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import conninfo_to_dict

from hub.errors import LedgerContended, LedgerUnavailable, NoLedger
from hub.ledger.ahead import Ahead, wanted_by
from hub.ledger.database import Row
from hub.ledger.postgres_ahead import read_ahead
from hub.ledger.postgres_writer import PostgresWriter
from hub.ledger.unwritten import Unwritten

CONNECT_TIMEOUT_S = 10
NUMBERS_AT_ONCE = 100

# Two writers in each other's way: the same rows in another order, or the same new row twice.
_CONTENTION = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)


class PostgresDatabase:
    """A connection that takes the statements that both engines share."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self.connection = self._connect()

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> psycopg.Cursor[Row]:
        """Run one statement."""
        return self.connection.execute(_with_percents(statement), values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> psycopg.Cursor[Row]:
        """Run one statement for each row of values."""
        cursor = self.connection.cursor()
        cursor.executemany(_with_percents(statement), rows)
        return cursor

    def connect_again(self) -> None:
        """Replace a connection that was lost."""
        self.connection.close()
        self.connection = self._connect()

    def _connect(self) -> psycopg.Connection[Row]:
        connection = psycopg.connect(
            self._conninfo, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        )
        connection.adapters.register_loader("numeric", _WholeLoader)
        return connection


class PostgresEngine:
    """One connection to a server; `Engine` says what its methods promise."""

    lock = " FOR UPDATE"

    def __init__(self, database: PostgresDatabase, place: str, url: str) -> None:
        self.database = database
        self.place = place
        self._url = url
        self._writer = PostgresWriter(database)
        self._numbers: dict[str, Iterator[int]] = {}
        self._transactions = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._telling_errors():
            if self.database.connection.closed:
                self.database.connect_again()
            with self.database.connection.transaction():
                yield

    @contextmanager
    def asking(self) -> Iterator[None]:
        with self._telling_errors():
            if self.database.connection.closed:
                self.database.connect_again()
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self.transaction():
            self.database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def changed_elsewhere(self) -> int:
        # Others write whenever they like: nothing is remembered beyond a transaction.
        self._transactions += 1
        return self._transactions

    def read_ahead(self, devices: Iterable[str], lines: Iterable[bytes]) -> Ahead:
        return read_ahead(self.database, wanted_by(devices, lines))

    def next_number(self, table: str) -> int:
        numbers = self._numbers.get(table)
        found = next(numbers, None) if numbers is not None else None
        if found is None:
            rows = self.database.execute(
                f"SELECT nextval('{table}_number') FROM generate_series(1, {NUMBERS_AT_ONCE})"
            )
            self._numbers[table] = iter([number for (number,) in rows])
            found = next(self._numbers[table])
        return found

    def forget_numbers(self) -> None:
        pass  # A sequence gives no number twice, whatever is rolled back.

    def write(self, unwritten: Unwritten) -> None:
        self._writer.write(unwritten)

    def size_bytes(self) -> int:
        row = self.database.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])

    def has_dangling_references(self) -> bool:
        return False  # The server checks every reference when it is written.

    def revision(self) -> str | None:
        (found,) = self.database.execute("SELECT to_regclass('alembic_version')").fetchall()[0]
        if found is None:
            return None
        row = self.database.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])

    def create(self) -> None:
        self.upgrade()

    def upgrade(self) -> None:
        from hub.ledger.upgrade import upgrade_postgres

        upgrade_postgres(self._url)

    def close(self) -> None:
        self.database.connection.close()

    @contextmanager
    def _telling_errors(self) -> Iterator[None]:
        try:
            yield
        except _CONTENTION as error:
            raise LedgerContended(f"{self.place}: {_first_line(error)}") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise LedgerUnavailable(f"{self.place}: {_first_line(error)}") from error


def open_postgres(url: str) -> PostgresEngine:
    """Return a connection to the database that `url` names.

    Raises:
        NoLedger: `url` is none.
        LedgerUnavailable: the server does not answer, or does not let us in.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        wanted = "postgresql://USER:PASSWORD@HOST:PORT/NAME wanted"
        raise NoLedger(f"{_first_line(error)}; {wanted}") from error
    host, port = parts.get("host", "localhost"), parts.get("port", 5432)
    place = f"postgresql://{host}:{port}/{parts.get('dbname', '')}"
    try:
        return PostgresEngine(PostgresDatabase(url), place, url)
    except psycopg.OperationalError as error:
        raise LedgerUnavailable(f"{place}: {_first_line(error)}") from error


class _WholeLoader(Loader):
    """Sums of integers come as `numeric`; in this ledger they are integers again."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


@cache
def _with_percents(statement: str) -> str:
    """Return `statement` with psycopg's placeholders; no text in ours holds a question mark."""
    return statement.replace("%", "%%").replace("?", "%s")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
