"""A member's posted facts in the order of positions, and the states that were kept on the way.

Everything here is for facts that come late; those in order never ask.
"""

import json
from collections.abc import Iterable

from hub.ledger.database import Database, Row
from hub.ledger.rows import MemberRow
from hub.ledger.unwritten import Unwritten
from loyalty.records import VALUE_KINDS, from_kept_line
from loyalty.refold import LotChange, Tail, UseChange
from loyalty.state import Fact, Lot, MemberState, Position


def kept_state_row(member: MemberRow) -> Row:
    """Return the row that keeps what `member` has now."""
    return _row(member.id, member.state)


class Histories:
    """Reads what was posted for a member, and corrects what late facts changed about it."""

    def __init__(self, database: Database, unwritten: Unwritten) -> None:
        self._database = database
        self._unwritten = unwritten

    def tail(self, member: MemberRow, position: Position) -> Tail:
        """Return the last state kept before `position`, and all facts posted after that state."""
        self._unwritten.write()
        kept = self._database.execute(_KEPT_BEFORE, (member.id, *position)).fetchone()
        before = None if kept is None else _read_state(kept)
        last = before.last if before is not None else None
        rows = self._database.execute(_FACTS, (member.id, last.event_ms if last else 0))
        facts = [Fact(Position(*where), from_kept_line(line)) for line, *where in rows]
        return Tail(before, tuple([it for it in facts if last is None or it.position > last]))

    def keep_instead(
        self, member: MemberRow, before: MemberState | None, passed: Iterable[MemberState]
    ) -> None:
        """Forget the states kept after `before`; keep `passed` in their place."""
        self._unwritten.write()
        version = before.version if before is not None else 0
        statement = "DELETE FROM kept_state WHERE member = ? AND version > ?"
        self._database.execute(statement, (member.id, version))
        self._unwritten.kept_states += [_row(member.id, state) for state in passed]

    def correct_lots(self, member: MemberRow, changes: Iterable[LotChange]) -> None:
        """Make the member's lots hold what they should; a lot that was never there is opened."""
        self._unwritten.write()
        for it in changes:
            key = (member.id, it.op, it.leg)
            times = (it.earned_ms, it.expires_ms)
            self._database.execute(_OPEN_LOT, (*key, *times))
            points = (it.amount_points, it.remaining_points)
            changed = self._database.execute(_CORRECT_LOT, (*times, *points, *key)).rowcount
            assert changed == 1, f"{changed} lots changed, 1 wanted: {key}"

    def correct_uses(self, line_id: int, member: MemberRow, changes: Iterable[UseChange]) -> None:
        """Note on behalf of a late line what operations take from lots now."""
        self._unwritten.lot_uses += [
            (line_id, it.op, member.id, it.lot_op, it.lot_leg, it.points) for it in changes
        ]


_KEPT_BEFORE = (
    "SELECT state FROM kept_state"
    " WHERE member = ? AND (event_ms, device, epoch, seq) < (?, ?, ?, ?)"
    " ORDER BY version DESC LIMIT 1"
)
_FACTS = f"""
SELECT line, event_ms, device.name, epoch, inbox.seq
FROM inbox
JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device
WHERE member = ? AND event_ms >= ? AND status = 'posted'
    AND kind IN ({", ".join(f"'{it}'" for it in sorted(VALUE_KINDS))})
ORDER BY event_ms, device.name, epoch, inbox.seq
"""
_OPEN_LOT = "INSERT INTO lot VALUES (?, ?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING"
_CORRECT_LOT = (
    "UPDATE lot SET earned_ms = ?, expires_ms = ?, amount = amount + ?, remaining = remaining + ?"
    " WHERE member = ? AND op = ? AND leg = ?"
)


def _row(member: int, state: MemberState) -> Row:
    assert state.last is not None
    points = (state.tier, state.qualifying_points, state.debt_points, state.version)
    text = json.dumps([*points, state.last, state.lots], separators=(",", ":"))
    return (member, state.version, *state.last, text)


def _read_state(row: Row) -> MemberState:
    tier, qualifying_points, debt_points, version, last, lots = json.loads(row[0])
    return MemberState(
        tier=tier,
        qualifying_points=qualifying_points,
        debt_points=debt_points,
        lots=tuple([Lot(*it) for it in lots]),
        version=version,
        last=Position(*last),
    )
