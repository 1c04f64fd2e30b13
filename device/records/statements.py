"""The journal's statements: what was written is on disk, or an error says that it is not."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from device.records.journal_file import JournalFailed

Value = int | str | bytes


class Statements:
    """An open journal file, whose every trouble is a `JournalFailed`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """`database` is as `open_database` returns it; it is closed from here."""
        self._database = database

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def read(self, query: str, *values: Value) -> list[tuple[Any, ...]]:
        """Return the rows of `query`.

        Raises:
            JournalFailed: the disk is broken.
        """
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JournalFailed(f"journal cannot be read: {error}") from error

    def write(self, what: str, statement: str, values: Sequence[Value]) -> None:
        """Perform one statement, which stores `what`.

        Raises:
            JournalFailed: the disk is full or broken; nothing is stored.
        """
        try:
            self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise JournalFailed(f"{what} is not stored: {error}") from error

    @contextmanager
    def together(self, what: str) -> Iterator[sqlite3.Connection]:
        """Store `what` with several statements: all of them, or none where something is raised.

        Raises:
            JournalFailed: the disk is full or broken; nothing is stored.
        """
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):  # after some faults SQLite has rolled back itself
                self._database.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise JournalFailed(f"{what} is not stored: {error}") from error
            raise
