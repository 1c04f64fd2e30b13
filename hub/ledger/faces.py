"""Whether what cards show was true: each printed face beside the history of its account."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, groupby
from operator import itemgetter
from typing import NamedTuple

from hub.ledger.database import Row
from hub.ledger.ledger import Ledger
from hub.ledger.rows import Case
from loyalty.hub_records import StoreDayClosed
from loyalty.records import FacePrinted, from_kept_line

FACE_DIFFERS = "face_differs"


class UntrueFace(NamedTuple):
    """A face that its account never backed, and the line that tells of it."""

    case: Case
    line: int


class _Held(NamedTuple):
    """What an account held after each booking, and the member's version at that."""

    versions: list[int]
    balances_points: list[int]

    def at(self, version: int) -> list[int]:
        """Return every balance that was held at `version`; several bookings may share one."""
        first, after = bisect_left(self.versions, version), bisect_right(self.versions, version)
        if first < after:
            return self.balances_points[first:after]
        return [self.balances_points[first - 1]] if first else [0]


def faces_show_what_was_held(ledger: Ledger) -> bool:
    """Return whether each face shows a balance that its account held at the version it states.

    What was held then is what was booked until then: facts that came later change nothing of it.
    """
    held = {}
    for member, rows in groupby(ledger.connection.execute(_BOOKINGS), itemgetter(0)):
        held[member] = _held(rows)
    for member, line in ledger.connection.execute(_FACES):
        face = _face(line)
        history = held.get(member, _Held([], []))
        if face.shown_points not in history.at(face.account_version):
            return False
    return True


def untrue_faces(
    ledger: Ledger, before: StoreDayClosed | None, close: StoreDayClosed
) -> list[UntrueFace]:
    """Return the faces that `close` sees, and none before did, which their accounts never backed.

    `before` is the store's close before this one, None for its first. In a chain that it does not
    name, nothing from its own end on was seen before.
    """
    seen = {} if before is None else {(it.device, it.epoch): it.seq for it in before.ends}
    since_ms = 0 if before is None else before.opens_ms
    found = []
    for device, epoch, last in close.ends:
        span = (device, epoch, seen.get((device, epoch), 0), last, since_ms)
        for line_id, seq, member, line in ledger.connection.execute(_FACES_OF, span).fetchall():
            face = _face(line)
            if not _was_held(ledger, member, face):
                shown = f"{face.shown_points} points at version {face.account_version}"
                detail = f"the card shows {shown}, which {face.member or 'nobody'} never had"
                case = Case(FACE_DIFFERS, f"{device}:{epoch}:{seq}", detail)
                found.append(UntrueFace(case, line_id))
    return found


def _was_held(ledger: Ledger, member: int, face: FacePrinted) -> bool:
    # Nearly all bookings of a member are by the member's own lines, which are found quickly; the
    # others, by lines that took an operation from the member, take a look through everything.
    for statement, values in ((_BY_OWN_LINES, (member, member)), (_BY_ALL_LINES, (member,))):
        rows = ledger.connection.execute(statement, values)
        if face.shown_points in _held(rows).at(face.account_version):
            return True
    return False


def _held(rows: Iterable[Row]) -> _Held:
    bookings = list(rows)
    return _Held([row[1] for row in bookings], list(_sums(bookings)))


def _sums(bookings: Iterable[Row]) -> Iterator[int]:
    return accumulate(int(row[-1]) for row in bookings)


def _face(line: bytes) -> FacePrinted:
    face = from_kept_line(line)
    assert isinstance(face, FacePrinted)
    return face


_MOVED = """
SELECT transfer.member, transfer.version, booked_ms, transfer.line,
    sum(CASE member.account WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END)
FROM transfer JOIN member ON member.id = transfer.member
"""
_IN_ORDER = """
GROUP BY transfer.member, transfer.version, booked_ms, transfer.line
ORDER BY transfer.member, transfer.version, booked_ms, transfer.line
"""
_BOOKINGS = _MOVED + _IN_ORDER
_BY_ALL_LINES = f"{_MOVED} WHERE transfer.member = ? {_IN_ORDER}"
_BY_OWN_LINES = f"""
{_MOVED} JOIN inbox ON inbox.id = transfer.line
WHERE inbox.member = ? AND transfer.member = ? {_IN_ORDER}
"""
_FACES = "SELECT member, line FROM inbox WHERE kind = 'face_printed' AND status = 'posted'"
_FACES_OF = """
SELECT inbox.id, inbox.seq, member, line FROM inbox
JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device
WHERE name = ? AND epoch = ? AND inbox.seq > ? AND inbox.seq <= ?
    AND event_ms >= ? AND kind = 'face_printed' AND status = 'posted'
"""
