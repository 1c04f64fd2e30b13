"""Points set aside: for grants, and for lines that spend and wait beyond a gap.

What is set aside for a line is a reservation and no grant: no device asked for it. None can name it
either, to use it, release it or ask for it again: there is a space in its name, as in no name that
a device can state (`loyalty.fields.Name`). Both are few, so they are written at once.
"""

from collections.abc import Iterable

from hub.ledger.database import Database
from hub.ledger.rows import DeviceRow, Filed, HoldRow, MemberRow
from hub.ledger.unwritten import Unwritten
from loyalty.fields import TIME_MAX_MS
from loyalty.records import Redemption

IS_GRANT = "auth NOT LIKE 'line %'"
# A reservation begins its `ref` with the grant that its line names: that gives its points over.
SETS_ASIDE = """
status = 'active' AND expires_ms > ? AND NOT EXISTS (SELECT 1 FROM hold AS line
    WHERE line.member = hold.member AND line.status = 'active'
    AND substr(line.ref, 1, length(hold.auth) + 1) = hold.auth || ' ')
"""


class Holds:
    """The holds of the ledger; each is resolved once, or frees its points when it expires."""

    def __init__(self, database: Database, unwritten: Unwritten) -> None:
        self._database = database
        self._unwritten = unwritten
        self._free: set[int] = set()

    def expect(self, members: Iterable[int], reserved: set[int]) -> None:
        """Know that of `members` only those `reserved` have holds, until the transaction ends."""
        self._free = {*members} - reserved

    def expect_none(self, member: int) -> None:
        """Know that a member, who is new, has no hold."""
        self._free.add(member)

    def reserved_points(self, member: MemberRow, now_ms: int) -> int:
        """Return what grants and reservations keep of the member's points."""
        return self._sum(_RESERVED, member, now_ms)

    def granted_points(self, member: MemberRow, now_ms: int, except_auth: str = "") -> int:
        """Return what grants, apart from `except_auth`, keep of the member's points."""
        return self._sum(_GRANTED, member, now_ms, except_auth)

    def find(self, auth: str) -> HoldRow | None:
        """Return the hold named `auth`, if there is one."""
        found = self._database.execute("SELECT * FROM hold WHERE auth = ?", (auth,)).fetchone()
        return None if found is None else HoldRow(*found)

    def of_ask(self, device: DeviceRow, ref: str) -> HoldRow | None:
        """Return the grant that `device` got for its question `ref`, if it got one."""
        statement = "SELECT * FROM hold WHERE device = ? AND ref = ?"
        found = self._database.execute(statement, (device.id, ref)).fetchone()
        return None if found is None else HoldRow(*found)

    def count_granted(self, device: DeviceRow, now_ms: int) -> int:
        """Return how many grants of `device` are neither resolved nor expired."""
        found = self._database.execute(_ACTIVE_GRANTS, (device.id, now_ms)).fetchone()
        return int(found[0])

    def add(self, hold: HoldRow) -> None:
        """Set points aside."""
        self._free.discard(hold.member)
        if self._unwritten.is_new(hold.member):
            self._unwritten.write()  # or the hold would refer to nobody
        self._database.execute("INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", hold)

    def reserve(self, filed: Filed, redemption: Redemption, member: MemberRow) -> None:
        """Set aside what a line takes that waits beyond a gap: once, until `end_reservation`."""
        auth = _of_line(filed)
        if self.find(auth) is not None:
            return
        device, ref = filed.chain.device.id, f"{redemption.auth} {auth}"
        terms = (redemption.offer, redemption.points, redemption.value_minor)
        times = (filed.received_ms, TIME_MAX_MS)
        self.add(HoldRow(auth, member.id, device, ref, *terms, *times, "active"))

    def end_reservation(self, filed: Filed) -> None:
        """Free what was set aside for a line, if anything was: it takes its points, or never."""
        self.resolve(_of_line(filed), "released")

    def resolve(self, auth: str, status: str) -> bool:
        """Resolve an active hold as `status`; return False if it was resolved before."""
        changed = self._database.execute(
            "UPDATE hold SET status = ? WHERE auth = ? AND status = 'active'", (status, auth)
        ).rowcount
        return changed == 1

    def _sum(self, statement: str, member: MemberRow, *values: object) -> int:
        if member.id in self._free:
            return 0
        found = self._database.execute(statement, (member.id, *values)).fetchone()
        return int(found[0])


def _of_line(filed: Filed) -> str:
    return f"line {filed.name}"


_RESERVED = f"SELECT coalesce(sum(points), 0) FROM hold WHERE member = ? AND {SETS_ASIDE}"
_GRANTED = (
    "SELECT coalesce(sum(points), 0) FROM hold"
    f" WHERE member = ? AND status = 'active' AND expires_ms > ? AND auth <> ? AND {IS_GRANT}"
)
_ACTIVE_GRANTS = (
    "SELECT count(*) FROM hold"
    f" WHERE device = ? AND status = 'active' AND expires_ms > ? AND {IS_GRANT}"
)
