"""A ledger's file is copied at one moment, while the hub goes on writing.

A copy gets its name last: what has it is whole, checked and on disk. It holds the devices' secrets,
so only its owner can read it.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from hub.errors import HubError
from hub.ledger.digest import digest
from hub.ledger.ledger import Place, is_on_server, open_ledger
from hub.ledger.sqlite import SqliteEngine
from hub.whole_file import flush

BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps next to a database


class Extent(NamedTuple):
    """How much a ledger has seen: lines, when it received the newest of them, and devices."""

    lines: int
    newest_ms: int
    devices: int


class Copy(NamedTuple):
    """A copy that was made and checked."""

    digest: str
    extent: Extent


def back_up(place: Place, to: Path) -> Copy:
    """Copy the ledger at `place` to the new file `to`, as it is at one moment.

    Raises:
        HubError: no ledger is in a file there, `to` is taken, or the copy is not what it should be.
    """
    if is_on_server(place):
        told = f"there: pg_dump --format=custom --file={to} URL"
        raise HubError(f"found a server's ledger, wanted one in a file; {told}")
    if to.exists():
        raise HubError(f"{to}: is there already, a new name wanted")
    with closing(open_ledger(place)) as ledger, file_beside(to) as copied:
        engine = ledger.engine
        assert isinstance(engine, SqliteEngine)
        with engine.snapshot():
            copy = Copy(digest(ledger), extent(engine))
            copy_whole(engine, copied)
        with closing(open_ledger(copied)) as opened:
            found = digest(opened)
        if found != copy.digest:
            raise HubError(f"{to}: the copy's digest is {found}, {copy.digest} wanted")
        put(copied, to)
    return copy


def extent(engine: SqliteEngine) -> Extent:
    """Return how much the ledger has seen."""
    return Extent(*engine.database.execute(_EXTENT).fetchone())


@contextmanager
def file_beside(target: Path) -> Iterator[Path]:
    """Yield an empty file in the folder of `target`; what is left of it goes afterwards.

    Raises:
        HubError: no file can be made there.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HubError(f"{target}: {reason}, a folder to write to wanted") from error
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        clear_beside(Path(name))


def copy_whole(source: SqliteEngine, to: Path) -> None:
    """Copy what `source` sees into the empty file `to`, and have SQLite check every page of it.

    Raises:
        HubError: the disk refuses, or a page is damaged.
    """
    try:
        with closing(sqlite3.connect(to)) as copy:
            source.database.backup(copy)
            (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise HubError(f"{source.place}: {error}, a copy of it wanted in {to.parent}") from error
    if found != "ok":
        raise HubError(f"{source.place}: its copy says {found!r}, 'ok' wanted")


def put(copied: Path, target: Path) -> None:
    """Give the file `copied` the name `target`, once it is on disk.

    Raises:
        HubError: the disk refuses.
    """
    try:
        flush(copied)
        copied.replace(target)
        flush(target.parent)  # or a power cut could take the name away again
    except OSError as error:
        raise HubError(f"{target}: {error.strerror}, a place to write to wanted") from error


def clear_beside(database: Path) -> None:
    """Remove the log of a database that is gone: it would be played into the next of that name."""
    for ending in BESIDE:
        database.with_name(database.name + ending).unlink(missing_ok=True)


_EXTENT = """
SELECT (SELECT count(*) FROM inbox), (SELECT coalesce(max(received_ms), 0) FROM inbox),
    (SELECT count(*) FROM device)
"""
