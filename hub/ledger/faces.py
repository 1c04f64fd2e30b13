"""Whether what cards show was true: each printed face beside the history of its account."""

from bisect import bisect_left, bisect_right
from itertools import accumulate, groupby
from operator import itemgetter
from typing import NamedTuple

from hub.ledger.ledger import Ledger
from loyalty.records import FacePrinted, from_kept_line


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
        bookings = list(rows)
        sums = list(accumulate(row[-1] for row in bookings))
        held[member] = _Held([row[1] for row in bookings], sums)
    for member, line in ledger.connection.execute(_FACES):
        face = from_kept_line(line)
        assert isinstance(face, FacePrinted)
        history = held.get(member, _Held([], []))
        if face.shown_points not in history.at(face.account_version):
            return False
    return True


_BOOKINGS = """
SELECT transfer.member, transfer.version, booked_ms, line,
    sum(CASE credit WHEN member.account THEN amount ELSE -amount END)
FROM transfer JOIN member ON member.id = transfer.member
GROUP BY transfer.member, transfer.version, booked_ms, line
ORDER BY transfer.member, transfer.version, booked_ms, line
"""
_FACES = "SELECT member, line FROM inbox WHERE kind = 'face_printed' AND status = 'posted'"
