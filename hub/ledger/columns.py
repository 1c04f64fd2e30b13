"""The kinds of column that the ledger's tables are made of, on SQLite and on PostgreSQL.

Texts sort by their bytes on both, so that positions compare alike.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

# Of SQLite tables that are made for `INSERT … VALUES`: strict types, no hidden row number.
STRICT: dict[str, Any] = {"sqlite_strict": True}
BY_KEY: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}

_WHOLE: TypeEngine[Any] = BigInteger().with_variant(Integer(), "sqlite")
_WORDS: TypeEngine[Any] = Text(collation="C").with_variant(sqlite.TEXT(), "sqlite")
_OCTETS: TypeEngine[Any] = LargeBinary().with_variant(sqlite.BLOB(), "sqlite")


def number() -> Column[Any]:
    """Return the column of ids, which whoever posts gives: no statement waits for a counter."""
    return Column("id", _WHOLE, primary_key=True, autoincrement=False)


def whole(name: str, refers_to: str = "", *, empty: bool = False) -> Column[Any]:
    """Return a column of 64-bit integers; `refers_to` is the key of another table."""
    return Column(name, _WHOLE, *_reference(refers_to), nullable=empty)


def words(
    name: str, refers_to: str = "", *, empty: bool = False, default: str | None = None
) -> Column[Any]:
    """Return a column of text; rows that are there when it is added get `default`."""
    return Column(name, _WORDS, *_reference(refers_to), nullable=empty, server_default=default)


def octets(name: str) -> Column[Any]:
    """Return a column of bytes."""
    return Column(name, _OCTETS, nullable=False)


def _reference(key: str) -> tuple[ForeignKey, ...]:
    return (ForeignKey(key),) if key else ()
