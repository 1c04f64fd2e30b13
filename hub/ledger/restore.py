"""A backup takes the place of a ledger's file, as a new incarnation, while no hub runs."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub.errors import HubError, LedgerUnavailable, NoLedger
from hub.ledger.backup import Copy, Extent, clear_beside, copy_whole, extent, file_beside, put
from hub.ledger.digest import digest
from hub.ledger.ledger import Ledger, Place, file_of, is_on_server, open_ledger
from hub.ledger.schema import OLDER_REVISIONS, REVISION
from hub.ledger.sqlite import SqliteEngine, open_sqlite

LOCK_TIMEOUT_S = 1.0
LOOKS_MAX, BETWEEN_LOOKS_S = 25, 0.2  # at who is connected to a server


def restore(backup: Path, place: Place, incarnation: str, *, overwrites: bool) -> Copy:
    """Put a copy of `backup` to `place`, with the name `incarnation`; it is brought up to date.

    With `overwrites` also where a ledger has seen what the backup has not, or cannot be read.

    Raises:
        HubError: `backup` is none of ours, a ledger there would be lost or is open, or the disk
            refuses. Nothing has changed then.
    """
    if is_on_server(place):
        told = f"there: pg_restore --clean --if-exists --single-transaction --dbname=URL {backup}"
        then = "and then revisit ledger restored --db URL"
        raise HubError(f"found a server's ledger, wanted one in a file; {told}, {then}")
    target = file_of(place)
    if target.exists() and backup.exists() and target.samefile(backup):
        raise HubError(f"{backup}: found the ledger itself, wanted a backup of it")
    with file_beside(target) as copied:
        _copy_checked(backup, copied)
        with closing(open_ledger(copied, create=True)) as ledger:
            ledger.begin_incarnation(incarnation)
            assert isinstance(ledger.engine, SqliteEngine)
            copy = Copy(digest(ledger), extent(ledger.engine))
        if not target.exists():
            clear_beside(target)
            put(copied, target)
            return copy
        if not overwrites:
            _refuse_to_lose(target, backup, copy.extent)
        with _for_nobody_else(target):
            _own_alike(copied, target)
            put(copied, target)
    return copy


def begin_anew(place: Place, incarnation: str) -> str:
    """Give the ledger at `place`, which was restored by other means, the name `incarnation`.

    Return where it is, as people may be told: no password of `place` is in that.

    Raises:
        HubError: there is no ledger, or somebody has it open; it keeps its name then.
    """
    if not is_on_server(place):
        with closing(open_ledger(place)):
            pass  # it is one of ours
        with _for_nobody_else(file_of(place)):
            pass
    with closing(open_ledger(place)) as ledger:
        if is_on_server(place):
            _check_nobody_else_on(ledger)
        ledger.begin_incarnation(incarnation)
        return ledger.place


def _check_nobody_else_on(ledger: Ledger) -> None:
    """See that no other program of ours is connected to the server's ledger.

    One that has just ended is still seen for a moment, so the server is asked again.
    """
    for _ in range(LOOKS_MAX):
        (others,) = ledger.connection.execute(_OTHERS_OF_OURS).fetchone()
        if not others:
            return
        ledger.connection.execute("SELECT pg_sleep(?)", (BETWEEN_LOOKS_S,))
    wanted = "wanted nobody to have it open: stop every hub"
    raise LedgerUnavailable(f"{ledger.place}: found {others} connections of ours, {wanted}")


def _copy_checked(backup: Path, to: Path) -> None:
    with closing(open_sqlite(backup, create=False)) as engine:
        try:
            found = engine.revision()
        except sqlite3.DatabaseError as error:
            raise NoLedger(f"{backup}: {error}, a ledger wanted") from error
        # An empty one would be made a new ledger, and a newer one nobody here can read.
        if found not in (REVISION, *OLDER_REVISIONS):
            raise NoLedger(f"{backup}: schema {found or 'none'}, {REVISION} wanted")
        copy_whole(engine, to)


def _refuse_to_lose(target: Path, backup: Path, saved: Extent) -> None:
    there = _extent_of(target)
    if there is None:
        raise HubError(f"{target}: found what cannot be read, wanted a ledger; --yes overwrites it")
    if any(mine > theirs for mine, theirs in zip(there, saved, strict=True)):
        has = f"found {there.lines:,} lines of {there.devices:,} devices"
        backup_has = f"{backup.name} has {saved.lines:,} of {saved.devices:,}"
        raise HubError(f"{target}: {has}, {backup_has}; --yes overwrites what is newer")


def _extent_of(path: Path) -> Extent | None:
    try:
        with closing(open_sqlite(path, create=False)) as engine:
            return extent(engine)
    except (NoLedger, sqlite3.DatabaseError):
        return None


@contextmanager
def _for_nobody_else(target: Path) -> Iterator[None]:
    """Keep everybody from opening the file at `target` while the block gives its name away.

    Raises:
        LedgerUnavailable: somebody has it open.
    """
    old = sqlite3.connect(target, timeout=LOCK_TIMEOUT_S, isolation_level=None)
    with closing(old):
        try:
            # Nobody may have the file open for this. It plays the log into it and removes the log,
            # so that none is left for the next file of that name.
            old.execute("PRAGMA journal_mode = DELETE")
            old.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            wanted = "wanted nobody to have it open: stop the hub"
            raise LedgerUnavailable(f"{target}: {error}, {wanted}") from error
        except sqlite3.DatabaseError:
            clear_beside(target)  # It is damaged; nobody runs on that.
        try:
            yield
        except BaseException:
            if old.in_transaction:
                old.execute("ROLLBACK")
                old.execute("PRAGMA journal_mode = WAL")
            raise


def _own_alike(copied: Path, target: Path) -> None:
    """Let the same user and group use `copied` as use `target`."""
    there = target.stat()
    try:
        os.chown(copied, there.st_uid, there.st_gid)
        shutil.copymode(target, copied)
    except OSError as error:
        wanted = f"its owner, user {there.st_uid}, wanted"
        raise HubError(f"{target}: {error.strerror} to user {os.getuid()}, {wanted}") from error


_OTHERS_OF_OURS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND application_name = current_setting('application_name')
"""
