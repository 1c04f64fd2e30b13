"""The business days that a store has closed, and what each close was made on.

The digest of a day is over the chains that its close names: their heads, and the head of the hub's
own chain at the close, which stands for every decision before it. Lines never change, so neither
does the digest; what is late for a closed day counts from the open one.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from hub.ledger.ledger import Ledger
from hub.ledger.schema import HUB_DEVICE
from loyalty.hub_records import StoreDayClosed
from loyalty.records import from_kept_line

DAYS_MAX = 1_000  # that people are shown


class ClosedDay(NamedTuple):
    """Business day `day` (yyyymmdd) of `store`, closed at `closed_ms`.

    The chains that the close names had come to `lines` in all.
    """

    store: str
    day: int
    closed_ms: int
    staff: str
    lines: int
    digest: str


def closed_days(ledger: Ledger, store: str, limit: int) -> Iterator[ClosedDay]:
    """Yield at most `limit` closed days of `store`, the latest first."""
    rows = ledger.connection.execute(_CLOSES, (store, min(limit, DAYS_MAX))).fetchall()
    for line, epoch, head in rows:
        close = from_kept_line(line)
        assert isinstance(close, StoreDayClosed)
        lines = sum(it.seq for it in close.ends)
        digest = _digest(ledger, close, epoch, head)
        yield ClosedDay(store, close.day, close.at_ms, close.staff, lines, digest)


def _digest(ledger: Ledger, close: StoreDayClosed, epoch: str, head: bytes) -> str:
    found = hashlib.sha256(f"{close.store}|{close.day}|{close.opens_ms}\n".encode())
    found.update(f"{HUB_DEVICE}|{epoch}|{head.hex()}\n".encode())
    for device, chain, seq in close.ends:
        (at_end,) = ledger.connection.execute(_HEAD, (device, chain, seq)).fetchone()
        found.update(f"{device}|{chain}|{seq}|{bytes(at_end).hex()}\n".encode())
    return found.hexdigest()


_CLOSES = """
SELECT inbox.line, epoch, inbox.head FROM day_close JOIN inbox ON inbox.id = day_close.line
JOIN chain ON chain.id = inbox.chain WHERE store = ? ORDER BY opens_ms DESC LIMIT ?
"""
_HEAD = """
SELECT inbox.head FROM inbox JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device WHERE name = ? AND epoch = ? AND inbox.seq = ?
"""
