"""The journal's file: its tables, and how it is opened, made and checked."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from device.behaviour.intent import Intent
from device.errors import DeviceError
from loyalty.chain import ZERO_HEAD, head_after

FORMAT = 1
BUSY_TIMEOUT_S = 5.0  # somebody may be reading the file with a tool

Connect = Callable[..., sqlite3.Connection]

INTENT_COLUMNS = ", ".join(it.name for it in fields(Intent))

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE place (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch TEXT NOT NULL,
    boot INTEGER NOT NULL,
    settled_seq INTEGER NOT NULL,
    pruned_seq INTEGER NOT NULL,
    pruned_head BLOB NOT NULL
) STRICT;
CREATE TABLE line (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    head BLOB NOT NULL,
    line BLOB NOT NULL
) STRICT;
CREATE TABLE intent (
    op TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    card TEXT NOT NULL,
    member TEXT NOT NULL,
    counter_before INTEGER NOT NULL,
    counter_after INTEGER NOT NULL,
    points INTEGER NOT NULL,
    value_minor INTEGER NOT NULL,
    begun_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE incarnation (met INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
PRAGMA user_version = {FORMAT};
"""


class JournalFailed(DeviceError):
    """The disk is full or broken, or the file is no journal of ours; nothing was half done."""


def open_database(
    path: Path, *, epoch_of_new: str, connect: Connect = sqlite3.connect
) -> sqlite3.Connection:
    """Return the database at `path`, made with `epoch_of_new` if it is new, one boot later.

    Raises:
        JournalFailed: it cannot be read or written, or its chain does not hold.
    """
    try:
        database = connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise JournalFailed(f"{path}: {error}") from error
    try:
        _prepare(database, path, epoch_of_new)
    except (sqlite3.Error, OSError) as error:
        database.close()
        raise JournalFailed(f"{path}: {error}") from error
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path, epoch_of_new: str) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    (form,) = database.execute("PRAGMA user_version").fetchone()
    if form == 0:
        _make(database, path, epoch_of_new)
    elif form != FORMAT:
        raise JournalFailed(f"{path}: journal format {form}, {FORMAT} wanted")
    _check_chain(database, path)
    database.execute("UPDATE place SET boot = boot + 1")


def _make(database: sqlite3.Connection, path: Path, epoch: str) -> None:
    # The tables, the format and the one row of `place` come in one transaction: a power cut
    # leaves an empty file, which is made again, or a whole one.
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables:
        raise JournalFailed(f"{path}: a database of something else")
    database.executescript(_TABLES)
    database.execute("INSERT INTO place VALUES (1, ?, 0, 0, 0, ?)", (epoch, ZERO_HEAD))
    database.execute("COMMIT")
    _sync_directory(path.parent)


def _check_chain(database: sqlite3.Connection, path: Path) -> None:
    # What is still to be sent must be what was stored: a worn memory card is found here, not in
    # the hub's cases.
    settled_seq, seq, head = database.execute(
        "SELECT settled_seq, pruned_seq, pruned_head FROM place"
    ).fetchone()
    if settled_seq > seq:
        row = database.execute("SELECT seq, head FROM line WHERE seq = ?", (settled_seq,))
        seq, head = row.fetchone() or (settled_seq, b"")
    for found_seq, found_head, line in database.execute(
        "SELECT seq, head, line FROM line WHERE seq > ? ORDER BY seq", (settled_seq,)
    ):
        seq, head = seq + 1, head_after(head, line)
        if (found_seq, found_head) != (seq, head):
            raise JournalFailed(f"{path}: line {found_seq} is damaged, or {seq} is missing")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
