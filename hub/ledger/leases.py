"""What the hub knows of each lease, beside what its points are: which card has it, and how far."""

from typing import NamedTuple

from hub.ledger.database import Database
from hub.ledger.rows import DeviceRow
from loyalty.hub_records import LeaseLapsed
from loyalty.lease_records import LeaseCarried, LeaseClosed, LeaseSpend
from loyalty.state import MemberState

LeaseDeed = LeaseCarried | LeaseSpend | LeaseClosed | LeaseLapsed


class LeaseRow(NamedTuple):
    """A lease as it was given to `card` in answer to `ref` of `device`; in column order.

    `tables.py` says what `status` means.
    """

    lease: str
    card: str
    member: int
    device: int
    ref: str
    points: int
    counter: int
    offered_ms: int
    expires_ms: int
    status: str = "offered"


class Leases:
    """The leases of the ledger. They are few, so they are written at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, lease: str) -> LeaseRow | None:
        """Return the lease of that id, if there is one."""
        found = self._database.execute(f"{_ALL} WHERE lease = ?", (lease,)).fetchone()
        return None if found is None else LeaseRow(*found)

    def of_ask(self, device: DeviceRow, ref: str) -> LeaseRow | None:
        """Return the lease that `device` got for its question `ref`, if it got one."""
        where = f"{_ALL} WHERE device = ? AND ref = ?"
        found = self._database.execute(where, (device.id, ref)).fetchone()
        return None if found is None else LeaseRow(*found)

    def open_of(self, card: str) -> list[LeaseRow]:
        """Return the leases of `card` that are not closed, oldest first."""
        where = f"{_ALL} WHERE card = ? AND status <> 'closed' ORDER BY offered_ms, lease"
        return [LeaseRow(*row) for row in self._database.execute(where, (card,))]

    def all_open(self) -> list[LeaseRow]:
        """Return all leases that are not closed, the first to expire first."""
        where = f"{_ALL} WHERE status <> 'closed' ORDER BY expires_ms, lease"
        return [LeaseRow(*row) for row in self._database.execute(where)]

    def count_offered(self, device: DeviceRow) -> int:
        """Return how many leases `device` got that were not seen on their cards."""
        statement = "SELECT count(*) FROM lease WHERE device = ? AND status = 'offered'"
        return int(self._database.execute(statement, (device.id,)).fetchone()[0])

    def follow(self, record: LeaseDeed, state: MemberState) -> None:
        """Move a lease on as `record` tells, after which its member has `state`.

        What another card says of it, or a write of which nobody knows whether it was done, is no
        evidence.
        """
        row = self.find(record.lease)
        if row is None or row.card != record.card:
            return
        status = row.status
        if isinstance(record, (LeaseClosed, LeaseLapsed)):
            is_known = isinstance(record, LeaseLapsed) or record.touch == "done"
            status = "closing" if is_known else status
        elif status == "offered" and record.touch == "done":
            status = "carried"
        if status == "closing" and row.lease not in [it.lease for it in state.leases]:
            status = "closed"
        if status != row.status:
            self.mark(row.lease, status)

    def add(self, row: LeaseRow) -> None:
        """Keep a new lease; its card and member have to be written before."""
        self._database.execute("INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def mark(self, lease: str, status: str) -> None:
        """Have the lease be `status` from now on."""
        self._database.execute("UPDATE lease SET status = ? WHERE lease = ?", (status, lease))


_ALL = f"SELECT {', '.join(LeaseRow._fields)} FROM lease"
