"""The ledger in a SQLite file: one writer, whose rows go out with `executemany`.

A write-ahead log with `synchronous=FULL`: a commit that returned survives a power cut. With NORMAL
one image in four lost a committed line (676 simulated cuts).
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import LedgerUnavailable, NoLedger
from hub.ledger.database import Question, Row, nothing
from hub.ledger.rows import STATES_SPAN
from hub.ledger.unwritten import Unwritten, chain_row, member_row, must_change, opened_again

if TYPE_CHECKING:
    from hub.ledger.ahead import History

# Bigger than SQLite's 1000, with which each line of a backlog is written half as much again; 20,000
# would save another tenth, and leave a log of 85 MiB to read through after a power cut.
AUTOCHECKPOINT_PAGES = 8000
# Who only asks hardly comes back to a page. Who posts does: 100,000 cards are served from so much;
# among 1,000,000, twice as much would save each line one read of five, of what the system has in
# memory anyhow.
ASKING_CACHE_KIB = 8_192
POSTING_CACHE_KIB = 32_768
BUSY_TIMEOUT_S = 5.0
LOG_TRIES_MAX = 10
IN_MEMORY = ":memory:"

FileTrouble = sqlite3.Error  # what no caller but a person can do anything about

Connect = Callable[..., sqlite3.Connection]


class SqliteEngine:
    """One connection to a SQLite file; `Engine` says what its methods promise."""

    lock = ""  # BEGIN IMMEDIATE lets one writer in at a time

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self.database = connection
        self.place = place
        self._next: dict[str, int] = {}

    @contextmanager
    def transaction(self, meanwhile: Callable[[], bool] = nothing) -> Iterator[None]:
        try:
            self.database.execute("BEGIN IMMEDIATE")
            yield
            self.database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._roll_back()
            raise LedgerUnavailable(f"{self.place}: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def asking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LedgerUnavailable(f"{self.place}: {error}") from error

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self.asking():
            self.database.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    def changed_elsewhere(self) -> int:
        row = self.database.execute("PRAGMA data_version").fetchone()
        return int(row[0])

    def expect_keys(self) -> None:
        self.database.execute(f"PRAGMA cache_size = -{POSTING_CACHE_KIB}")

    def find(self, select: str, keys: Collection[Any], rest: str = "") -> list[Row]:
        if not keys:
            return []
        if len(keys) == 1:
            return self.database.execute(f"{select} = ? {rest}", (*keys,)).fetchall()
        among = f"{select} IN (SELECT value FROM json_each(?)) {rest}"
        return self.database.execute(among, (json.dumps([*keys]),)).fetchall()

    def find_all(
        self,
        *questions: Question,
        names: Collection[str] = (),
        meanwhile: Callable[[], bool] = nothing,
    ) -> list[list[Row]]:
        return [self.find(*it) for it in questions]

    def read_histories(self, since_ms: Mapping[int, int]) -> dict[int, "History"]:
        return {}  # A question costs microseconds here, and most histories are never asked for.

    def expect_numbers(self, table: str, count: int) -> None:
        pass  # The next one is known.

    def next_number(self, table: str) -> int:
        following = self._next.get(table)
        if following is None:
            found = self.database.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
            following = int(found.fetchone()[0])
        self._next[table] = following + 1
        return following

    def forget_numbers(self) -> None:
        self._next.clear()

    def hand_over(self, unwritten: Unwritten) -> None:
        pass  # SQLite writes in our own thread.

    def write(self, unwritten: Unwritten, meanwhile: Callable[[], bool]) -> None:
        del meanwhile  # SQLite writes in our own thread
        it = unwritten
        self._rows("INSERT INTO account VALUES (?, ?, ?, ?, 0)", it.accounts)
        moved = [(points, account) for account, points in it.deltas.items()]
        self._rows("UPDATE account SET balance = balance + ? WHERE id = ?", moved)
        self._rows(_SET_MEMBER, [member_row(member) for member in it.members.values()])
        self._rows(_SET_CHAIN, [chain_row(chain) for chain in it.chains.values()])
        self._rows("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", it.inbox)
        self._rows(_ADD_TRANSFER, it.transfers)
        self._rows(_ADD_LOT, it.lots.opened_rows())
        self._each(_ADD_MISSING_LOT, it.lots.perhaps_new_rows())
        self._rows(_CHANGE_LOT, it.lots.changed_rows())
        self._rows("INSERT INTO lot_use VALUES (?, ?, ?, ?, ?, ?)", it.lot_uses)
        self._rows(_SET_CARD, list(it.cards.values()))
        self._rows(_ADD_CARD_WRITE, it.card_writes)
        self._each(_OPEN_AGAIN, opened_again(it.cases))
        self._rows(_SET_CASE, it.cases)
        self._each(_FORGET_LATER_STATES, [*it.stale_after.items()])
        self._rows(_KEEP_STATE, it.kept_states)
        old = [(member, version - STATES_SPAN) for member, version, *_ in it.kept_states]
        self._each(_FORGET_OLD_STATES, old)

    def size_bytes(self) -> int:
        (pages,) = self.database.execute("PRAGMA page_count").fetchone()
        (page_bytes,) = self.database.execute("PRAGMA page_size").fetchone()
        return int(pages * page_bytes)

    def has_dangling_references(self) -> bool:
        return self.database.execute("PRAGMA foreign_key_check").fetchone() is not None

    def revision(self) -> str | None:
        named = "SELECT count(*), sum(name = 'alembic_version') FROM sqlite_schema"
        tables, versions = self.database.execute(named).fetchone()
        if not tables:
            return None
        if not versions:
            return "from before there were versions"
        row = self.database.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])

    def create(self) -> None:
        from hub.ledger.upgrade import newest_sqlite_schema

        schema = newest_sqlite_schema()
        with self.transaction():
            if self.revision() is None:  # Another process may have been quicker.
                for statement in schema:
                    self.database.execute(statement)

    def upgrade(self) -> None:
        from hub.ledger.upgrade import upgrade_sqlite

        upgrade_sqlite(self.database)

    def close(self) -> None:
        self.database.close()

    def _rows(self, statement: str, rows: Sequence[Row]) -> None:
        if rows:
            must_change(self._each(statement, rows), len(rows), statement)

    def _each(self, statement: str, rows: Sequence[Row]) -> int:
        """Run a statement for each of `rows` and return how many rows of the table it changed."""
        return self.database.executemany(statement, rows).rowcount if rows else 0

    def _roll_back(self) -> None:
        # A full disk may already have rolled back by itself.
        if self.database.in_transaction:
            self.database.execute("ROLLBACK")


def open_sqlite(path: Path, *, create: bool, connect: Connect = sqlite3.connect) -> SqliteEngine:
    """Return a connection to the file at `path`; `connect` is there for simulated disks.

    Raises:
        NoLedger: nothing is there and none is to be made, or it is no database.
        LedgerUnavailable: the disk or a lock stands in the way.
    """
    if not create and not path.is_file():
        found = "no file" if path.exists() else "no such file"
        raise NoLedger(f"{path}: {found}, a ledger wanted")
    try:
        if connect is sqlite3.connect:
            _keep_private(path)
        connection = connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
    except (sqlite3.Error, OSError) as error:
        raise NoLedger(f"{path}: {error}") from error
    try:
        _prepare(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        raise LedgerUnavailable(f"{path}: {error}") from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise NoLedger(f"{path}: {error}, a ledger wanted") from error
    return SqliteEngine(connection, str(path))


def _keep_private(path: Path) -> None:
    """Make a file that nobody else can read, if none is there: devices' secrets will be in it.

    What SQLite puts beside it gets the same mode.
    """
    if str(path) != IN_MEMORY and not path.exists():
        path.touch(mode=0o600)


def _prepare(connection: sqlite3.Connection) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables == 0:
        _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{ASKING_CACHE_KIB}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Give a new file its write-ahead log, which another process may be doing just now."""
    for _ in range(LOG_TRIES_MAX - 1):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            # That never waits for a lock; a transaction does.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = WAL")


_SET_MEMBER = (
    "INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " tier = excluded.tier, qualifying = excluded.qualifying, debt = excluded.debt,"
    " version = excluded.version, last_event_ms = excluded.last_event_ms,"
    " last_device = excluded.last_device, last_epoch = excluded.last_epoch,"
    " last_seq = excluded.last_seq, leases = excluded.leases"
)
_ADD_TRANSFER = "INSERT INTO transfer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_STATE = "INSERT OR REPLACE INTO kept_state VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET_LATER_STATES = "DELETE FROM kept_state WHERE member = ? AND version > ?"
_FORGET_OLD_STATES = "DELETE FROM kept_state WHERE member = ? AND version <= ?"
_ADD_LOT = "INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?, ?)"
_ADD_MISSING_LOT = _ADD_LOT + " ON CONFLICT DO NOTHING"
_CHANGE_LOT = (
    "UPDATE lot SET earned_ms = coalesce(?, earned_ms), expires_ms = coalesce(?, expires_ms),"
    " amount = amount + ?, remaining = remaining + ? WHERE member = ? AND op = ? AND leg = ?"
)
_SET_CARD = (
    "INSERT INTO card SELECT ?1, id, ?3, ?4, ?5, ?6 FROM member WHERE token = ?2"
    " ON CONFLICT (uid) DO UPDATE SET counter = excluded.counter,"
    " seen_ms = excluded.seen_ms, status = excluded.status, kind = excluded.kind"
)
_ADD_CARD_WRITE = (
    "INSERT INTO card_write VALUES (?, ?, ?, ?) ON CONFLICT (card, counter, op)"
    " DO UPDATE SET touched_ms = min(touched_ms, excluded.touched_ms)"
)
_OPEN_AGAIN = (
    "INSERT INTO case_note (case_file, at_ms, deed, who, note) SELECT id, ?, 'opened', '', ''"
    " FROM case_file WHERE code = ? AND subject = ? AND status = 'closed'"
)
_SET_CASE = (
    "INSERT INTO case_file"
    " (code, subject, detail, line, opened_ms, last_ms, times, status, assignee)"
    " VALUES (?, ?, ?, ?, ?, ?, 1, 'open', '') ON CONFLICT (code, subject) DO UPDATE SET"
    " last_ms = excluded.last_ms, times = times + 1, status = 'open'"
)
_SET_CHAIN = (
    "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " seq = excluded.seq, head = excluded.head, kept_seq = excluded.kept_seq,"
    " gap_since_ms = excluded.gap_since_ms, fork_seq = excluded.fork_seq"
)
