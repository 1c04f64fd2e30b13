"""The rows that a ledger holds, written again by bare SQL: the most that any hub could post.

Groups are as large as the hub's, each durable before the next; members and cards are there
already, and of an account's balance only the sum of a group is written.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg

GROUP_LINES = 1_500
ONCE = ("device", "chain", "account", "member", "card")


def sqlite_rate(source: Path, target: Path) -> float:
    """Return how many lines a second go into the ledger at `target`, which is empty."""
    groups, once = _read(sqlite3.connect(source))
    database = sqlite3.connect(target, isolation_level=None)
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA wal_autocheckpoint = 8000")
    for table, rows in once.items():
        database.execute(f"DELETE FROM {table}")
        _insert(database, table, rows)
    begun_s = perf_counter()
    for inbox, transfer, lot, deltas in groups:
        database.execute("BEGIN IMMEDIATE")
        for table, rows in (("inbox", inbox), ("transfer", transfer), ("lot", lot)):
            _insert(database, table, rows)
        moved = [(points, account) for account, points in deltas.items()]
        database.executemany("UPDATE account SET balance = balance + ? WHERE id = ?", moved)
        database.execute("COMMIT")
    took_s = perf_counter() - begun_s
    database.close()
    return sum(len(it[0]) for it in groups) / took_s


def postgres_rate(source: str, target: str) -> float:
    """Return how many lines a second go into the ledger at `target`, which is empty."""
    with psycopg.connect(source) as reading:
        groups, once = _read(reading)
    with psycopg.connect(target, autocommit=True) as database:
        for table, rows in once.items():
            database.execute(f"DELETE FROM {table}")
            _copy(database, table, rows)
        begun_s = perf_counter()
        for inbox, transfer, lot, deltas in groups:
            with database.transaction():
                for table, rows in (("inbox", inbox), ("transfer", transfer), ("lot", lot)):
                    _copy(database, table, rows)
                moved = [list(deltas), list(deltas.values())]
                database.execute(
                    "UPDATE account SET balance = balance + points FROM"
                    " unnest(%s::bigint[], %s::bigint[]) AS moved (account, points)"
                    " WHERE id = account",
                    moved,
                )
        took_s = perf_counter() - begun_s
    return sum(len(it[0]) for it in groups) / took_s


def _read(database: Any) -> tuple[list[Any], dict[str, list[Any]]]:
    once = {it: database.execute(f"SELECT * FROM {it}").fetchall() for it in ONCE}
    lines = database.execute("SELECT * FROM inbox ORDER BY id").fetchall()
    transfers = database.execute("SELECT * FROM transfer ORDER BY line").fetchall()
    lots = {(row[0], row[1]): row for row in database.execute("SELECT * FROM lot")}
    return list(_groups(lines, transfers, lots)), once


def _groups(lines: list[Any], transfers: list[Any], lots: dict[Any, Any]) -> Iterator[Any]:
    """Yield lines, transfers, lots and changes of balances of each group; line ids rise."""
    at = 0
    for first in range(0, len(lines), GROUP_LINES):
        group = lines[first : first + GROUP_LINES]
        end = at
        while end < len(transfers) and transfers[end][0] <= group[-1][0]:
            end += 1
        deltas: Counter[int] = Counter()
        for _, _, _, debit, credit, amount, *_ in transfers[at:end]:
            deltas[debit] -= amount
            deltas[credit] += amount
        keys = [(row[10], row[9]) for row in group]
        yield group, transfers[at:end], [lots[it] for it in keys if it in lots], deltas
        at = end


def _insert(database: sqlite3.Connection, table: str, rows: list[Any]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _copy(database: Any, table: str, rows: list[Any]) -> None:
    with database.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
