"""Which cards were stopped or allowed again, in that order.

A list's version is when it last changed: so it goes on rising when a backup takes the ledger's
place, and devices that had a newer list still get the next one.
"""

from typing import NamedTuple

from hub.ledger.database import Database

ALLOWED = ""  # the reason of a card that is not stopped any more


class Stop(NamedTuple):
    """A card that is nobody's to use, why, and since when."""

    card: str
    reason: str
    at_ms: int


class Hotlist:
    """The list of stopped cards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, card: str, reason: str, now_ms: int) -> None:
        """Note that `card` was stopped for `reason`, or is `ALLOWED` again."""
        at_ms = max(now_ms, self.version() + 1)
        statement = "INSERT INTO hotlist (card, reason, at_ms) VALUES (?, ?, ?)"
        self._database.execute(statement, (card, reason, at_ms))

    def version(self) -> int:
        """Return the version of the list as it is now, 0 for one that never changed."""
        found = self._database.execute("SELECT at_ms FROM hotlist ORDER BY id DESC LIMIT 1")
        row = found.fetchone()
        return 0 if row is None else int(row[0])

    def stops(self) -> list[Stop]:
        """Return the cards that are stopped, by number."""
        rows = self._database.execute(_LATEST, (ALLOWED,)).fetchall()
        return [Stop(*row) for row in rows]


_LATEST = """
SELECT card, reason, at_ms FROM hotlist
WHERE id IN (SELECT max(id) FROM hotlist GROUP BY card) AND reason <> ? ORDER BY card
"""
