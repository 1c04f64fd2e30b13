"""The ledger on a PostgreSQL server: several writers, who lock what they will change.

READ COMMITTED with row locks, taken in one order: devices, cards, members, accounts. Whoever meets
another one all the same is told so and does it again.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from hub.errors import LedgerContended, LedgerUnavailable, NoLedger
from hub.ledger.ahead import History
from hub.ledger.database import Question, Row, nothing
from hub.ledger.postgres_ahead import read_histories
from hub.ledger.postgres_arrays import as_array
from hub.ledger.postgres_database import PostgresDatabase
from hub.ledger.postgres_writer import PostgresWriter
from hub.ledger.references import UNCHECKED, orphans_of
from hub.ledger.unwritten import Unwritten

NUMBERS_AT_ONCE = 100
KEYS_PER_STEP = 1500  # looking these up takes a server as long as we need to read a full message

# Names share so many locks: a server has room for some 6,000 at once (max_locks_per_transaction).
NAME_SLOTS = 1024
NAME_LOCKS = 271  # which of the locks that applications may give a meaning are those of names
_WAIT = f"SELECT count(pg_advisory_xact_lock({NAME_LOCKS}, slot)) FROM unnest(%s::int[]) AS slot"

# Two writers in each other's way: the same rows in another order, or the same new row twice.
_CONTENTION = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)


class PostgresEngine:
    """One connection to a server; `Engine` says what its methods promise."""

    lock = " FOR UPDATE"

    def __init__(self, database: PostgresDatabase, place: str, url: str) -> None:
        self.database = database
        self.place = place
        self._url = url
        self._writer = PostgresWriter(database)
        self._numbers: defaultdict[str, deque[int]] = defaultdict(deque)
        self._transactions = 0

    @contextmanager
    def transaction(self, meanwhile: Callable[[], bool] = nothing) -> Iterator[None]:
        with self._telling_errors():
            self._be_connected()
            self.database.begin()
            try:
                yield
            except BaseException:
                self.database.roll_back()
                raise
            self.database.commit(meanwhile)

    @contextmanager
    def asking(self) -> Iterator[None]:
        with self._telling_errors():
            self._be_connected()
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

    def expect_keys(self) -> None:
        self.database.expect_keys()

    def find(self, select: str, keys: Collection[Any], rest: str = "") -> list[Row]:
        return self._ask(Question(select, keys, rest)).fetchall() if keys else []

    def find_all(
        self,
        *questions: Question,
        names: Collection[str] = (),
        meanwhile: Callable[[], bool] = nothing,
    ) -> list[list[Row]]:
        asked = [it for it in questions if it.keys]
        if not asked:
            return [[] for _ in questions]
        with self.database.pipeline():
            if names:
                slots = {crc32(it.encode()) % NAME_SLOTS for it in names}
                self.database.connection.execute(_WAIT, [as_array(sorted(slots))])
            answers = iter([self._ask(it) for it in asked])
            steps = sum(len(it.keys) for it in asked) // KEYS_PER_STEP
            while steps and meanwhile():
                steps -= 1
        return [next(answers).fetchall() if it.keys else [] for it in questions]

    def read_histories(self, since_ms: Mapping[int, int]) -> dict[int, History]:
        return read_histories(self.database, since_ms)

    def expect_numbers(self, table: str, count: int) -> None:
        numbers = self._numbers[table]
        if len(numbers) < count:
            numbers += self._new_numbers(table, max(count - len(numbers), NUMBERS_AT_ONCE))

    def next_number(self, table: str) -> int:
        self.expect_numbers(table, 1)
        return self._numbers[table].popleft()

    def forget_numbers(self) -> None:
        pass  # A sequence gives no number twice, whatever is rolled back.

    def hand_over(self, unwritten: Unwritten) -> None:
        self._writer.hand_over(unwritten)

    def write(self, unwritten: Unwritten, meanwhile: Callable[[], bool]) -> None:
        self._writer.write(unwritten, meanwhile)

    def size_bytes(self) -> int:
        row = self.database.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0])

    def has_dangling_references(self) -> bool:
        statements = map(orphans_of, UNCHECKED)
        return any(self.database.execute(it).fetchone() is not None for it in statements)

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

    def _be_connected(self) -> None:
        if self.database.is_lost:
            self.database.connect_again()

    def _ask(self, question: Question) -> psycopg.Cursor[Row]:
        statement = f"{question.select} = ANY(%s) {question.rest}"
        values = [as_array(sorted(question.keys))]
        return self.database.connection.execute(statement, values, binary=True)

    def _new_numbers(self, table: str, count: int) -> list[int]:
        statement = f"SELECT nextval('{table}_number') FROM generate_series(1, {count})"
        rows = self.database.connection.execute(statement, binary=True).fetchall()
        return [number for (number,) in rows]

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


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
