"""The ledger's SQLite file: opening it, its transactions and its devices.

A write-ahead log with `synchronous=FULL`: a commit that returned survives a power cut. With NORMAL
one image in four lost a committed line (676 simulated cuts).
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import LedgerUnavailable, NoLedger, NotFound
from hub.ledger.schema import HUB_DEVICE, SCHEMA_VERSION, TABLES
from loyalty.chain import is_name

# Bigger than SQLite's 1000: at 100 lines a transaction the checkpoint's writes were the limit.
AUTOCHECKPOINT_PAGES = 8000
CACHE_KIB = 65_536
BUSY_TIMEOUT_S = 5.0
SECRET_MIN_BYTES = 16
SECRETS_MAX = 2  # a rotation's old and new

Connect = Callable[..., sqlite3.Connection]


class Ledger:
    """One connection to a ledger; of one thread at a time, several connections may be open."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Made by `open_ledger`."""
        self.connection = connection
        self.path = path
        self.incarnation = self._meta("incarnation")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction: all of it is durable afterwards, or none of it.

        Raises:
            LedgerUnavailable: the database could not take it; nothing of it is there.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection
            self.connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._roll_back()
            raise LedgerUnavailable(f"{self.path}: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def changed_elsewhere(self) -> int:
        """Return a number that changes when another connection has committed."""
        row = self.connection.execute("PRAGMA data_version").fetchone()
        return int(row[0])

    def add_device(
        self, store: str, device: str, kid: str, secret: bytes, mqtt_password: str
    ) -> None:
        """Register `device` of `store`, or give it a further secret and a new password.

        Only the two newest secrets stay valid.

        Raises:
            ValueError: a name that fits no topic, a short secret, or a device of another store.
        """
        _check_device(store, device, kid, secret)
        salt = secrets.token_bytes(16)
        with self.transaction() as database:
            found = database.execute(
                "SELECT id, store FROM device WHERE name = ?", (device,)
            ).fetchone()
            if found is not None and found[1] != store:
                raise ValueError(f"device {device!r} is of store {found[1]!r}, {store!r} wanted")
            database.execute(
                "INSERT INTO device (store, name, password_salt, password_digest)"
                " VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " password_salt = excluded.password_salt,"
                " password_digest = excluded.password_digest",
                (store, device, salt, password_digest(salt, mqtt_password)),
            )
            (number,) = database.execute(
                "SELECT id FROM device WHERE name = ?", (device,)
            ).fetchone()
            _add_secret(database, number, kid, secret)

    def revoke_device(self, device: str, now_ms: int) -> None:
        """Shut `device` out from `now_ms` on.

        Raises:
            NotFound: there is no such device.
        """
        with self.transaction() as database:
            changed = database.execute(
                "UPDATE device SET revoked_ms = ? WHERE name = ?", (now_ms, device)
            ).rowcount
        if changed != 1:
            raise NotFound(f"no device {device!r} in {self.path}")

    def begin_incarnation(self, incarnation: str) -> None:
        """Go on under another name: this is a backup, and devices hold receipts for what it lacks.

        Devices send again whatever the first receipt of a new incarnation does not cover. No hub
        may be running on this ledger: it would go on with the name it knows.
        """
        with self.transaction() as database:
            database.execute("UPDATE meta SET value = ? WHERE name = 'incarnation'", (incarnation,))
        self.incarnation = incarnation

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _meta(self, name: str) -> str:
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0])

    def _roll_back(self) -> None:
        # A full disk may already have rolled back by itself.
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def open_ledger(
    path: Path,
    *,
    create: bool = False,
    new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    connect: Connect = sqlite3.connect,
) -> Ledger:
    """Return the ledger at `path`; with `create`, make one with a new incarnation if none is there.

    `connect` is there for simulated disks.

    Raises:
        NoLedger: nothing is there, or something that is no ledger of this version.
        LedgerUnavailable: the disk or a lock stands in the way.
    """
    if not create and not path.is_file():
        raise NoLedger(f"{path}: no such file, a ledger wanted")
    try:
        connection = connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise NoLedger(f"{path}: {error}") from error
    try:
        _prepare(connection, path, new_id if create else None)
        return Ledger(connection, path)
    except sqlite3.OperationalError as error:
        connection.close()
        raise LedgerUnavailable(f"{path}: {error}") from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise NoLedger(f"{path}: {error}, a ledger wanted") from error
    except NoLedger:
        connection.close()
        raise


def password_digest(salt: bytes, password: str) -> bytes:
    """Return what is kept of a device's broker password.

    One SHA-256 is enough: the passwords are 32 random bytes, not words that a person chose.
    """
    return hashlib.sha256(salt + password.encode()).digest()


def _prepare(connection: sqlite3.Connection, path: Path, new_id: Callable[[], str] | None) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if new_id is not None and version == 0 and tables == 0:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES}")
        connection.execute("INSERT INTO meta VALUES ('incarnation', ?)", (new_id(),))
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    elif version != SCHEMA_VERSION:
        raise NoLedger(f"{path}: schema version {version}, {SCHEMA_VERSION} wanted")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _check_device(store: str, device: str, kid: str, secret: bytes) -> None:
    if device == HUB_DEVICE:
        raise ValueError(f"{device!r} is the name of the hub itself, another wanted")
    for name in (store, device, kid):
        if not is_name(name):
            raise ValueError(f"{name!r} is no store, device or key id: 1-64 of A-Z a-z 0-9 _ -")
    if len(secret) < SECRET_MIN_BYTES:
        raise ValueError(f"secret of {len(secret)} bytes, {SECRET_MIN_BYTES} or more wanted")


def _add_secret(database: sqlite3.Connection, device: int, kid: str, secret: bytes) -> None:
    database.execute(
        "INSERT INTO device_secret (device, kid, secret, added) VALUES (?1, ?2, ?3,"
        " (SELECT coalesce(max(added), 0) + 1 FROM device_secret WHERE device = ?1))"
        " ON CONFLICT (device, kid) DO UPDATE SET secret = excluded.secret,"
        " added = excluded.added",
        (device, kid, secret),
    )
    database.execute(
        "DELETE FROM device_secret WHERE device = ?1 AND added <="
        " (SELECT max(added) FROM device_secret WHERE device = ?1) - ?2",
        (device, SECRETS_MAX),
    )
