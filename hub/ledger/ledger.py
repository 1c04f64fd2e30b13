"""The ledger: its connection, its transactions, its devices and their secrets."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from hub.errors import LedgerContended, NoLedger, NotFound
from hub.ledger.database import Database, Engine, nothing
from hub.ledger.devices import add_secret, register_device
from hub.ledger.schema import OLDER_REVISIONS, REVISION
from hub.ledger.sqlite import Connect, open_sqlite

CONTENTIONS_MAX = 10  # in a row

T = TypeVar("T")

# Where a ledger is: a SQLite file, or postgresql://USER:PASSWORD@HOST:PORT/NAME.
Place = Path | str

_SQLITE, _POSTGRES = "sqlite:///", "postgresql://"


class Ledger:
    """One connection to a ledger; of one thread at a time, several connections may be open."""

    def __init__(self, engine: Engine) -> None:
        """Made by `open_ledger`."""
        self.engine = engine
        row = self.connection.execute(_INCARNATION).fetchone()
        self.incarnation = str(row[0])

    @property
    def connection(self) -> Database:
        """What runs statements."""
        return self.engine.database

    def changed_elsewhere(self) -> int:
        """Return a number that changes when another connection may have committed."""
        return self.engine.changed_elsewhere()

    @property
    def place(self) -> str:
        """Where the ledger is, for messages."""
        return self.engine.place

    @contextmanager
    def transaction(self, meanwhile: Callable[[], bool] = nothing) -> Iterator[Database]:
        """Run the block in one transaction: all of it is durable afterwards, or none of it.

        While a server waits for its disk, `meanwhile` is called until there is no more of it.

        Raises:
            LedgerUnavailable: the database could not take it; nothing of it is there.
            LedgerContended: another connection got in the way; do it again at once.
        """
        with self.engine.transaction(meanwhile):
            yield self.connection

    def add_device(
        self, store: str, device: str, kid: str, secret: bytes, mqtt_password: str
    ) -> None:
        """Register `device` of `store`, or give it a further secret and a new password.

        Only the two newest secrets stay valid.

        Raises:
            ValueError: a name that fits no topic, a short secret, a device of another store or
                that was shut out, or one that has another secret of that name.
        """
        with self.transaction() as database:
            number = register_device(database, store, device, mqtt_password)
            there = database.execute(_SECRET, (number, kid)).fetchone()
            if there is not None and bytes(there[0]) != secret:
                # Who has the one that is there would be nobody from now on.
                raise ValueError(f"device {device!r} has a secret {kid!r}, another kid wanted")
            add_secret(database, number, kid, secret)

    def revoke_device(self, device: str, now_ms: int) -> None:
        """Shut `device` out from `now_ms` on, or from when that was done before.

        Raises:
            NotFound: there is no such device.
        """
        with self.transaction() as database:
            statement = "UPDATE device SET revoked_ms = coalesce(revoked_ms, ?) WHERE name = ?"
            changed = database.execute(statement, (now_ms, device)).rowcount
        if changed != 1:
            raise NotFound(f"no device {device[:40]!r} in {self.place}")

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
        self.engine.close()


def open_ledger(
    place: Place,
    *,
    create: bool = False,
    new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    connect: Connect | None = None,
) -> Ledger:
    """Return the ledger at `place`.

    With `create` a new one, with a new incarnation, is made if none is there, and an older one is
    brought up to date. `connect` is there for simulated disks.

    Raises:
        NoLedger: nothing is there, or something that is no ledger of this version.
        LedgerUnavailable: the server, the disk or a lock stands in the way.
    """
    engine = _open(place, create, connect)
    try:
        _bring_up_to_date(engine, new_id if create else None)
        return Ledger(engine)
    except BaseException:
        engine.close()
        raise


def insistently(deed: Callable[[], T]) -> T:
    """Return what `deed` returns, done again as often as another connection got in its way.

    Raises:
        LedgerContended: it did so `CONTENTIONS_MAX` times.
    """
    for _ in range(CONTENTIONS_MAX - 1):
        with suppress(LedgerContended):
            return deed()
    return deed()


def is_on_server(place: Place) -> bool:
    """Return whether `place` names a database on a server rather than a file."""
    return isinstance(place, str) and place.startswith(_POSTGRES)


def file_of(place: Place) -> Path:
    """Return the file of a ledger that is not on a server."""
    return Path(str(place).removeprefix(_SQLITE))


def _open(place: Place, create: bool, connect: Connect | None) -> Engine:
    if is_on_server(place):
        from hub.ledger.postgres import open_postgres  # a shop's hub has no use for its driver

        return open_postgres(str(place))
    path = file_of(place)
    if connect is None:
        return open_sqlite(path, create=create)
    return open_sqlite(path, create=create, connect=connect)


def _bring_up_to_date(engine: Engine, new_id: Callable[[], str] | None) -> None:
    with engine.asking():
        found = engine.revision()
        if new_id is not None and found is None:
            engine.create()
        elif new_id is not None and found in OLDER_REVISIONS:
            engine.upgrade()
        elif found != REVISION:
            raise NoLedger(f"{engine.place}: schema {found or 'none'}, {REVISION} wanted")
    if new_id is not None:
        with engine.transaction():
            engine.database.execute(_NAME_INCARNATION, (new_id(),))


_INCARNATION = "SELECT value FROM meta WHERE name = 'incarnation'"
_NAME_INCARNATION = "INSERT INTO meta VALUES ('incarnation', ?) ON CONFLICT DO NOTHING"
_SECRET = "SELECT secret FROM device_secret WHERE device = ? AND kid = ?"
