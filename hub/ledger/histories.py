"""A member's posted facts in the order of positions, and the states that were kept on the way.

Everything here is for facts that come late; those in order never ask.
"""

from collections.abc import Iterable

from hub.ledger.ahead import History
from hub.ledger.database import Database, Row
from hub.ledger.rows import MemberRow, PostedLine, posted_line
from hub.ledger.state_text import read_state, state_text
from hub.ledger.unwritten import Unwritten
from loyalty.differences import LotChange, UseChange
from loyalty.fields import COUNT_MAX
from loyalty.records import VALUE_KINDS, from_kept_line
from loyalty.refold import Tail
from loyalty.state import Fact, MemberState, Position


def kept_state_row(member: MemberRow) -> Row:
    """Return the row that keeps what `member` has now."""
    return _row(member.id, member.state)


class Histories:
    """Reads what was posted for a member, and corrects what late facts changed about it."""

    def __init__(self, database: Database, unwritten: Unwritten) -> None:
        self._database = database
        self._unwritten = unwritten
        self._ahead: dict[int, History] = {}
        self._ahead_at = 0

    def expect(self, histories: dict[int, History]) -> None:
        """Know what was read ahead; it is right until the transaction writes something."""
        self._ahead, self._ahead_at = histories, self._unwritten.writes

    def tail(self, member: MemberRow, position: Position) -> Tail:
        """Return a state before `position`, the last that is known, and all facts after it.

        What was written last is one; in a group of lines that is mostly late enough.
        """
        new = [_fact(posted_line(*it)) for it in self._unwritten.facts.get(member.id, ())]
        before = self._unwritten.written.get(member.id, member.state)
        stored: list[Fact] = []
        if not self._is_past(member, before, min([position, *[it.position for it in new]])):
            before, stored = self._stored(member, position)
        last = before.last if before is not None else None
        # What is new may be stored already.
        facts = {it.position: it for it in (*stored, *new) if last is None or it.position > last}
        return Tail(before, tuple(sorted(facts.values(), key=_position)))

    def keep_instead(
        self, member: MemberRow, before: MemberState | None, passed: Iterable[MemberState]
    ) -> None:
        """Forget the states kept after `before`; keep `passed` in their place."""
        version = before.version if before is not None else 0
        stale_after, kept = self._unwritten.stale_after, self._unwritten.kept_states
        stale_after[member.id] = min(version, stale_after.get(member.id, version))
        kept[:] = [it for it in kept if it[0] != member.id or it[1] <= version]
        kept += [_row(member.id, state) for state in passed]

    def correct_lots(self, member: MemberRow, changes: Iterable[LotChange]) -> None:
        """Make the member's lots hold what they should; a lot that was never there is opened."""
        for change in changes:
            self._unwritten.lots.correct(member.id, change)

    def correct_uses(self, line_id: int, member: MemberRow, changes: Iterable[UseChange]) -> None:
        """Note on behalf of a late line what operations take from lots now."""
        self._unwritten.lot_uses += [
            (line_id, it.op, member.id, it.lot_op, it.lot_leg, it.points) for it in changes
        ]

    def _is_past(self, member: MemberRow, state: MemberState | None, position: Position) -> bool:
        """Return whether `state` is what `member` had at some time before `position`."""
        if state is None or state.last is None:
            return True
        is_early = state.last < position
        return is_early and state.version <= self._unwritten.stale_after.get(member.id, COUNT_MAX)

    def _stored(
        self, member: MemberRow, position: Position
    ) -> tuple[MemberState | None, list[Fact]]:
        """Return the last state kept before `position`, and the facts from then on."""
        ahead = self._ahead.get(member.id) if self._unwritten.writes == self._ahead_at else None
        if ahead is not None:
            before = None if ahead.kept is None else read_state(ahead.kept)
            if self._is_past(member, before, position):
                return before, _facts(ahead.facts)
        until = self._unwritten.stale_after.get(member.id, COUNT_MAX)
        kept = self._database.execute(_KEPT_BEFORE, (member.id, until, *position)).fetchone()
        before = None if kept is None else read_state(kept[0])
        last = before.last if before is not None else None
        rows = self._database.execute(_FACTS, (member.id, last.event_ms if last else 0))
        return before, _facts(rows)


_KEPT_BEFORE = (
    "SELECT state FROM kept_state"
    " WHERE member = ? AND version <= ? AND (event_ms, device, epoch, seq) < (?, ?, ?, ?)"
    " ORDER BY version DESC LIMIT 1"
)
_FACTS = f"""
SELECT line, event_ms, device.name, epoch, inbox.seq
FROM inbox
JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device
WHERE member = ? AND event_ms >= ? AND status = 'posted'
    AND kind IN ({", ".join(f"'{it}'" for it in sorted(VALUE_KINDS))})
"""


def _facts(rows: Iterable[Row]) -> list[Fact]:
    return [Fact(Position(*where), from_kept_line(line)) for line, *where in rows]


def _fact(posted: PostedLine) -> Fact:
    return Fact(posted.position, from_kept_line(posted.line))


def _position(fact: Fact) -> Position:
    return fact.position


def _row(member: int, state: MemberState) -> Row:
    assert state.last is not None
    return (member, state.version, *state.last, state_text(state))
