"""How far each device has told everything, by the hub's clock.

A hello says how many lines its device has, and which time of the hub it has heard of. Once those
lines are here, nothing that happened there before that time can still come. When the hello arrives
says nothing: it may have waited, or somebody may bring it again.
"""

from typing import NamedTuple

from hub.ledger.database import Database
from hub.ledger.lost import lost_epochs
from hub.ledger.rows import ChainRow


class Watermark(NamedTuple):
    """Everything that happened at `device` before `at_ms` is here, of its journal `epoch`."""

    device: str
    epoch: str
    at_ms: int


class Watermarks:
    """One for each chain that is waited for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hear(self, chain: ChainRow, last_seq: int, heard_ms: int) -> None:
        """Note that the device of `chain` had `last_seq` lines at `heard_ms` or later.

        What it said before is kept until it is here, or a journal that is never empty would never
        have told anything.
        """
        found = self._database.execute(_OF_CHAIN, (chain.id,)).fetchone()
        told_seq, told_ms, reported_ms = (0, 0, 0) if found is None else found
        if heard_ms <= told_ms:
            return  # it was heard before, or has been overtaken
        if chain.seq >= told_seq:
            reported_ms = max(reported_ms, told_ms)
            told_seq, told_ms = last_seq, heard_ms
        self._database.execute(_KEEP, (chain.id, told_seq, told_ms, reported_ms))

    def all(self) -> list[Watermark]:
        """Return the watermark of every chain of a device that is not revoked, lowest first.

        A chain in two versions has told nothing since, whatever its device says. A branch that two
        people adopted is as they took it, and nothing comes after it by itself.
        """
        rows = self._database.execute(_ALL).fetchall()
        return [Watermark(*row) for row in rows]

    def waited_for(self) -> list[Watermark]:
        """Return those of `all` whose journals people have not declared lost, lowest first."""
        lost = lost_epochs(self._database)
        return [it for it in self.all() if (it.device, it.epoch) not in lost]


_OF_CHAIN = "SELECT told_seq, told_ms, reported_ms FROM watermark WHERE chain = ?"
_KEEP = (
    "INSERT INTO watermark VALUES (?, ?, ?, ?) ON CONFLICT (chain) DO UPDATE SET"
    " told_seq = excluded.told_seq, told_ms = excluded.told_ms, reported_ms = excluded.reported_ms"
)
_ALL = """
SELECT name, epoch, CASE WHEN fork_seq IS NULL AND seq >= told_seq THEN told_ms
    ELSE coalesce(reported_ms, 0) END AS at_ms
FROM chain JOIN device ON device.id = chain.device LEFT JOIN watermark ON watermark.chain = chain.id
WHERE revoked_ms IS NULL AND epoch NOT LIKE '%+%' ORDER BY at_ms, name, epoch
"""
