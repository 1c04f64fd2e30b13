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


def read_group(arrivals: Sequence[Arrival]) -> Group:
    """Return what `arrivals` say; no seal is checked yet."""
    dropped: Counter[str] = Counter()
    envelopes = []
    for arrival in arrivals:
        try:
            envelopes.append(read_envelope(arrival))
        except Dropped as why:
            dropped[f"dropped_{why}"] += 1
    batches = [it for it in envelopes if it.purpose == "batch"]
    records = _readable(line for it in batches for line in it.lines)
    return Group(arrivals, envelopes, records, dropped)


def _readable(lines: Iterable[bytes]) -> dict[bytes, Record]:
    records = {}
    for line in lines:
        with suppress(Exception):  # whoever posts it finds out, and keeps it for people
            records[line] = from_line(line)
    return records
