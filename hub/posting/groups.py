"""Groups of messages, read as far as that goes without the ledger.

Whoever waits for the ledger can read the next group meanwhile: nothing of that depends on what
becomes of the one before.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from hub.posting.envelopes import Arrival, Dropped, Envelope, read_envelope
from loyalty.record import Record
from loyalty.records import from_line


class Group(NamedTuple):
    """Messages that are taken together, and what they say.

    `records` are by the lines that state them; a line without one is for whoever posts it to judge.
    `dropped` are the messages that are no envelopes, by why.
    """

    arrivals: Sequence[Arrival]
    envelopes: list[Envelope]
    records: dict[bytes, Record]
    dropped: Counter[str]


class Reading:
    """A group that is read one message at a time; no seal is checked yet."""

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self._group = Group(arrivals, [], {}, Counter())
        self._unread = iter(arrivals)

    def read_one(self) -> bool:
        """Read the next message; return False if all are read."""
        arrival = next(self._unread, None)
        if arrival is None:
            return False
        try:
            envelope = read_envelope(arrival)
        except Dropped as why:
            self._group.dropped[f"dropped_{why}"] += 1
        else:
            self._group.envelopes.append(envelope)
            if envelope.purpose == "batch":
                self._group.records.update(_readable(envelope.lines))
        return True

    def whole(self) -> Group:
        """Return what all messages say."""
        while self.read_one():
            pass
        return self._group


def read_group(arrivals: Sequence[Arrival]) -> Group:
    """Return what `arrivals` say; no seal is checked yet."""
    return Reading(arrivals).whole()


def _readable(lines: Iterable[bytes]) -> dict[bytes, Record]:
    records = {}
    for line in lines:
        with suppress(Exception):  # whoever posts it finds out, and keeps it for people
            records[line] = from_line(line)
    return records
