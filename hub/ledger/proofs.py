"""The last proof that each card gave of itself, as the ledger keeps it."""

from typing import NamedTuple

from hub.ledger.database import Database
from hub.ledger.rows import DeviceRow


class LastProof(NamedTuple):
    """A card's read counter, and the ask of a device that it came with."""

    counter: int
    device: int
    ref: str


class Proofs:
    """One row for each card that ever proved itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self, uid: str) -> LastProof | None:
        """Return the last proof of the card `uid`, if there was one."""
        statement = "SELECT counter, device, ref FROM card_proof WHERE uid = ?"
        found = self._database.execute(statement, (uid,)).fetchone()
        return None if found is None else LastProof(*found)

    def keep(self, uid: str, counter: int, device: DeviceRow, ref: str) -> None:
        """Make this the last proof of the card `uid`."""
        self._database.execute(
            "INSERT INTO card_proof VALUES (?, ?, ?, ?) ON CONFLICT (uid) DO UPDATE SET"
            " counter = excluded.counter, device = excluded.device, ref = excluded.ref",
            (uid, counter, device.id, ref),
        )
