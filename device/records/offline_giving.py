"""What this terminal gave away without asking, in lines that the hub has not got yet.

It is worked out from the journal's lines, so a restart forgets nothing, and what the hub has given
a receipt for counts no more.
"""

from collections import deque
from contextlib import suppress
from typing import NamedTuple

from device.records.journal import Journal
from loyalty.lease_records import LeaseSpend
from loyalty.records import Redemption, from_line
from loyalty.wire import UnknownLine

_LINES_AT_ONCE = 500


class _Given(NamedTuple):
    seq: int
    card: str
    points: int


class OfflineGiving:
    """The points given by one terminal since the hub heard of it last; as long as its journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._given: deque[_Given] = deque()
        self._settled_seq = 0
        self._read_seq = 0

    def points(self) -> int:
        """Return what was given to all cards together."""
        self._catch_up()
        return sum(it.points for it in self._given)

    def points_to(self, card: str) -> int:
        """Return what was given to the card with this UID, in hexadecimal."""
        self._catch_up()
        return sum(it.points for it in self._given if it.card == card)

    def _catch_up(self) -> None:
        settled_seq = self._journal.settled_seq
        if settled_seq < self._settled_seq:  # A restored hub lacks lines: they wait again.
            self._given.clear()
            self._read_seq = settled_seq
        self._settled_seq = settled_seq
        while self._given and self._given[0].seq <= settled_seq:
            self._given.popleft()
        self._read_seq = max(self._read_seq, settled_seq)
        while rows := self._journal.pending(self._read_seq, _LINES_AT_ONCE):
            for seq, line in rows:
                self._take(seq, line)
            self._read_seq = rows[-1][0]

    def _take(self, seq: int, line: bytes) -> None:
        with suppress(UnknownLine):  # A newer release of us wrote it.
            record = from_line(line)
            if isinstance(record, LeaseSpend) or (
                isinstance(record, Redemption) and not record.auth
            ):
                self._given.append(_Given(seq, record.card, record.points))
