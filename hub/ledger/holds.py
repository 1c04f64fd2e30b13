"""Points set aside for grants. They are few, so they are written at once."""

from collections.abc import Iterable

from hub.ledger.database import Database
from hub.ledger.rows import DeviceRow, HoldRow, MemberRow


class Holds:
    """The holds of the ledger; each is resolved once, or frees its points when it expires."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._free: set[int] = set()

    def expect(self, members: Iterable[int], reserved: set[int]) -> None:
        """Know that of `members` only those `reserved` have holds, until the transaction ends."""
        self._free = {*members} - reserved

    def expect_none(self, member: int) -> None:
        """Know that a member, who is new, has no hold."""
        self._free.add(member)

    def reserved_points(self, member: MemberRow, now_ms: int, except_auth: str = "") -> int:
        """Return what active holds, apart from `except_auth`, keep of the member's points."""
        if member.id in self._free:
            return 0
        found = self._database.execute(_RESERVED, (member.id, now_ms, except_auth)).fetchone()
        return int(found[0])

    def find(self, auth: str) -> HoldRow | None:
        """Return the hold named `auth`, if there is one."""
        found = self._database.execute("SELECT * FROM hold WHERE auth = ?", (auth,)).fetchone()
        return None if found is None else HoldRow(*found)

    def of_ask(self, device: DeviceRow, ref: str) -> HoldRow | None:
        """Return the hold that `device` got for its question `ref`, if it got one."""
        statement = "SELECT * FROM hold WHERE device = ? AND ref = ?"
        found = self._database.execute(statement, (device.id, ref)).fetchone()
        return None if found is None else HoldRow(*found)

    def count_active(self, device: DeviceRow, now_ms: int) -> int:
        """Return how many holds of `device` are neither resolved nor expired."""
        found = self._database.execute(_ACTIVE_HOLDS, (device.id, now_ms)).fetchone()
        return int(found[0])

    def add(self, hold: HoldRow) -> None:
        """Set points aside."""
        self._free.discard(hold.member)
        self._database.execute("INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", hold)

    def resolve(self, auth: str, status: str) -> bool:
        """Resolve an active hold as `status`; return False if it was resolved before."""
        changed = self._database.execute(
            "UPDATE hold SET status = ? WHERE auth = ? AND status = 'active'", (status, auth)
        ).rowcount
        return changed == 1


_RESERVED = (
    "SELECT coalesce(sum(points), 0) FROM hold"
    " WHERE member = ? AND status = 'active' AND expires_ms > ? AND auth <> ?"
)
_ACTIVE_HOLDS = (
    "SELECT count(*) FROM hold WHERE device = ? AND status = 'active' AND expires_ms > ?"
)
