"""Heads of chains: whether they follow from the bytes of the lines."""

from itertools import groupby
from operator import itemgetter

from hub.ledger.ledger import Ledger
from loyalty.chain import ZERO_HEAD, head_after


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


_LINES = """
SELECT inbox.chain, line, inbox.head FROM inbox JOIN chain ON chain.id = inbox.chain
WHERE inbox.seq <= chain.seq ORDER BY inbox.chain, inbox.seq
"""
