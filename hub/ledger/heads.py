"""Heads of chains: where they are, and whether they follow from the bytes of the lines."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from hub.ledger.ledger import Ledger
from loyalty.chain import ZERO_HEAD, head_after


class ChainHead(NamedTuple):
    """The head, in hexadecimal, after line `seq` of a device's epoch."""

    device: str
    epoch: str
    seq: int
    head: str


def chain_heads(ledger: Ledger) -> list[ChainHead]:
    """Return where every chain is now, the hub's own among them."""
    rows = ledger.connection.execute(_HEADS)
    return [ChainHead(device, epoch, seq, bytes(head).hex()) for device, epoch, seq, head in rows]


def heads_not_there(ledger: Ledger, heads: Iterable[ChainHead]) -> list[ChainHead]:
    """Return those of `heads` that the ledger does not have: lines that went, or changed."""
    found = []
    for it in heads:
        row = ledger.connection.execute(_HEAD, it[:3]).fetchone()
        if row is None or bytes(row[0]).hex() != it.head:
            found.append(it)
    return found


def heads_follow_lines(ledger: Ledger) -> bool:
    """Return whether the heads follow from the bytes, from the first line to the last."""
    ends = dict(ledger.connection.execute("SELECT id, head FROM chain").fetchall())
    for chain, rows in groupby(ledger.connection.execute(_LINES), itemgetter(0)):
        head = ZERO_HEAD
        for _, line, stated in rows:
            head = head_after(head, line)
            if head != stated:
                return False
        if head != ends[chain]:
            return False
    return True


_HEADS = """
SELECT name, epoch, seq, head FROM chain JOIN device ON device.id = chain.device
WHERE seq > 0 ORDER BY name, epoch
"""
_HEAD = """
SELECT inbox.head FROM inbox JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device WHERE name = ? AND epoch = ? AND inbox.seq = ?
"""
_LINES = """
SELECT inbox.chain, line, inbox.head FROM inbox JOIN chain ON chain.id = inbox.chain
WHERE inbox.seq <= chain.seq ORDER BY inbox.chain, inbox.seq
"""
