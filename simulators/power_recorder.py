"""SQLite files whose every write and flush is written down, for power cuts to be simulated.

The real code runs on a `RecordedConnection`, which is what it uses of `sqlite3.Connection`, on top
of APSW: Python's own module cannot be given a VFS. Flushes are noted and not done, so that a
simulated disk costs no real one.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from simulators.power_cut import (
    FolderSynced,
    Happening,
    Named,
    Removed,
    Synced,
    Truncated,
    Written,
)

_REAL_VFS = "unix"
# SQLite flushes the folder with the first flush of a new log or rollback journal, and not for the
# database itself; source: os_unix.c, UNIXFILE_DIRSYNC in unixOpen.
_FLUSHES_FOLDER = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL

Values = Sequence[Any] | Mapping[str, Any]


def lay_out(image: Mapping[str, bytes], folder: Path) -> None:
    """Make the files of `image` the only ones in `folder`."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in image.items():
        (folder / name).write_bytes(content)


class Recorder:
    """Everything that happened to the SQLite files opened through `connect`, oldest first.

    `pragmas` are in force whatever the code under test says: `{"synchronous": "NORMAL"}` is a
    deliberate bug, `{"wal_autocheckpoint": 8}` makes a short history meet checkpoints.
    """

    def __init__(self, name: str, pragmas: Mapping[str, str | int] | None = None) -> None:
        self.happenings: list[Happening] = []
        self._pragmas = dict(pragmas or {})
        self._files: dict[str, int] = {}
        self._made = 0
        self._vfs = _RecordingVfs(name, self)
        self._name = name

    def connect(self, path: Path, **_options: object) -> Any:
        """Return a connection to the database at `path`; for `connect` arguments of real code."""
        with _translated():
            database = apsw.Connection(str(path), vfs=self._name)
            for pragma, value in self._pragmas.items():
                database.execute(f"PRAGMA {pragma} = {value}")
        return RecordedConnection(database, self._pragmas)

    def close(self) -> None:
        """Take the recording VFS out of SQLite again; no connection may be open."""
        self._vfs.unregister()

    def file(self, name: str) -> int:
        """Return the number of the file that has `name` now, a new one if none has."""
        if name not in self._files:
            self._made += 1
            self._files[name] = self._made
            self.happenings.append(Named(self._made, name))
        return self._files[name]

    def remove(self, name: str, is_synced: bool) -> None:
        """Note that the file called `name` is gone."""
        if self._files.pop(name, None) is not None:
            self.happenings.append(Removed(name))
        if is_synced:
            self.happenings.append(FolderSynced())


class RecordedConnection:
    """What the journal and the ledger use of `sqlite3.Connection`, with its exceptions."""

    def __init__(self, database: apsw.Connection, pragmas: Mapping[str, str | int]) -> None:
        self._database = database
        self._pragmas = pragmas

    @property
    def in_transaction(self) -> bool:
        return self._database.in_transaction

    def execute(self, statement: str, values: Values = ()) -> "RecordedCursor":
        with _translated():
            before = self._database.total_changes()
            cursor = self._database.execute(self._ruled(statement), values)
            return RecordedCursor(cursor, self._database.total_changes() - before)

    def executemany(self, statement: str, rows: Iterable[Values]) -> "RecordedCursor":
        with _translated():
            before = self._database.total_changes()
            cursor = self._database.executemany(statement, rows)
            return RecordedCursor(cursor, self._database.total_changes() - before)

    def executescript(self, script: str) -> None:
        with _translated():
            for _ in self._database.execute(script):
                pass

    def close(self) -> None:
        with _translated():
            self._database.close()

    def _ruled(self, statement: str) -> str:
        for pragma, value in self._pragmas.items():
            if statement.startswith(f"PRAGMA {pragma} ="):
                return f"PRAGMA {pragma} = {value}"
        return statement


class RecordedCursor:
    """What the journal and the ledger use of `sqlite3.Cursor`."""

    def __init__(self, cursor: apsw.Cursor, rowcount: int) -> None:
        self._cursor = cursor
        self.rowcount = rowcount

    def fetchone(self) -> Any:
        with _translated():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with _translated():
            return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        with _translated():
            yield from self._cursor


class _RecordingVfs(apsw.VFS):
    def __init__(self, name: str, recorder: Recorder) -> None:
        super().__init__(name, _REAL_VFS)
        self._recorder = recorder

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        if name is None:  # a temporary file of SQLite's own, nothing that outlives the process
            return apsw.VFSFile(_REAL_VFS, name, flags)
        path = Path(name if isinstance(name, str) else name.filename())
        return _RecordingFile(name, flags, path.name, self._recorder)

    def xDelete(self, name: str, sync_folder: bool) -> None:
        super().xDelete(name, False)
        self._recorder.remove(Path(name).name, sync_folder)


class _RecordingFile(apsw.VFSFile):
    def __init__(
        self, path: str | apsw.URIFilename, flags: list[int], name: str, recorder: Recorder
    ) -> None:
        self._owes_folder = bool(flags[0] & _FLUSHES_FOLDER)
        super().__init__(_REAL_VFS, path, flags)
        self._recorder = recorder
        self._file = recorder.file(name)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._recorder.happenings.append(Written(self._file, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self._recorder.happenings.append(Truncated(self._file, size))

    def xSync(self, flags: int) -> None:
        self._recorder.happenings.append(Synced(self._file))
        if self._owes_folder:
            self._recorder.happenings.append(FolderSynced())
            self._owes_folder = False


@contextmanager
def _translated() -> Iterator[None]:
    """Turn APSW's exceptions into those of `sqlite3`, which the code under test catches."""
    try:
        yield
    except apsw.ConstraintError as error:
        raise sqlite3.IntegrityError(str(error)) from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise sqlite3.DatabaseError(str(error)) from error
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error
