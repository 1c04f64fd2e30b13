"""Brings a database to the newest schema, with Alembic.

Imported only where that is to be done: Alembic takes half a second to load.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy.pool import NullPool, StaticPool

MIGRATIONS = Path(__file__).parent / "migrations"

# PostgreSQL's advisory lock, in one database, of whoever makes or changes the schema.
SCHEMA_LOCK = int.from_bytes(b"revisit", "big")

_STATE_REVISION = "INSERT INTO alembic_version VALUES ('{}')"


def upgrade_sqlite(connection: sqlite3.Connection) -> None:
    """Bring the open file to the newest schema in one transaction.

    Who comes second waits for the first, and finds nothing left to do.
    """
    # Our own connection, not a second one: the file may be in memory.
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    with _in_drivers_words(), engine.connect() as opened, opened.begin():
        opened.exec_driver_sql("BEGIN IMMEDIATE")
        _upgrade(opened)


@cache
def newest_sqlite_schema() -> tuple[str, ...]:
    """Return the statements that make the newest schema in an empty file.

    A new file gets them by our own connection: a simulated disk is nothing for Alembic.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        upgrade_sqlite(model)
        made = model.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        (revision,) = model.execute("SELECT version_num FROM alembic_version").fetchone()
    return (*[statement for (statement,) in made], _STATE_REVISION.format(revision))


def upgrade_postgres(url: str) -> None:
    """Bring the database that `url` names to the newest schema in one transaction.

    Who comes second waits for the first, and finds nothing left to do.
    """
    from hub.ledger.postgres_patience import settings_for  # a shop's hub has no such driver

    engine = sqlalchemy.create_engine(
        url.replace("postgresql:", "postgresql+psycopg:", 1),
        poolclass=NullPool,
        connect_args=settings_for(url),
    )
    with _in_drivers_words(), engine.connect() as opened, opened.begin():
        opened.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")
        _upgrade(opened)


def _upgrade(connection: sqlalchemy.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _in_drivers_words() -> Iterator[None]:
    """Raise what went wrong as the driver raised it, which an engine knows what to make of."""
    try:
        yield
    except sqlalchemy.exc.DBAPIError as error:
        raise error.orig or error from error
