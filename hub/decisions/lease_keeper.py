"""Leases that lapse, and cards that are stopped, without anybody asking.

What is on a lease is free once nobody can have spent more of it: the lease has expired, or devices
refuse its card, and every device has told everything up to then (docs/offline.md).
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from hub.ledger.books import Books
from hub.ledger.hotlist import Hotlist
from hub.ledger.leases import LeaseRow, Leases
from hub.ledger.ledger import Ledger, insistently
from hub.ledger.watermarks import Watermark, Watermarks
from hub.posting import own_chain
from hub.posting.custody import Custody
from hub.posting.poster import Poster
from loyalty.hub_records import CardStopped, LeaseLapsed
from loyalty.leases import LAPSE, operation
from loyalty.programme import Programme, in_force
from loyalty.record import Record

SKEW_MS = 5 * 60_000  # how far a device's trusted time may be behind ours
HOUR_MS = 3_600_000
FAULT = "fault"


class OpenLease(NamedTuple):
    """A lease that is not closed, from when on it may lapse, and the chains that it waits for."""

    row: LeaseRow
    free_ms: int
    waits_for: tuple[Watermark, ...]


def open_leases(ledger: Ledger, programmes: Sequence[Programme], now_ms: int) -> list[OpenLease]:
    """Return all leases that are not closed, the first to expire first.

    A stopped card is refused everywhere once every list of stopped cards from before is too old.
    """
    rows = Leases(ledger.connection).all_open()
    if not rows:
        return []
    marks = Watermarks(ledger.connection).waited_for()
    list_age_ms = in_force(programmes, now_ms).offline.hotlist_hours * HOUR_MS
    refused_ms = {it.card: it.at_ms + list_age_ms for it in Hotlist(ledger.connection).stops()}
    found = []
    for row in rows:
        free_ms = min(row.expires_ms, refused_ms.get(row.card, row.expires_ms)) + SKEW_MS
        waits_for = tuple([it for it in marks if it.at_ms < free_ms])
        found.append(OpenLease(row, free_ms, waits_for))
    return found


class LeaseKeeper:
    """Works with a connection of its own; of one thread at a time."""

    def __init__(self, ledger: Ledger, programmes: Sequence[Programme]) -> None:
        self._ledger = ledger
        self._programmes = programmes

    def keep(self, now_ms: int) -> None:
        """Stop every card of which there are two; have every lease lapse that can.

        Raises:
            LedgerUnavailable: what was not done waits on.
        """
        for (uid,) in self._ledger.connection.execute(_COPIED).fetchall():
            insistently(partial(self._stop, uid, now_ms))
        for it in open_leases(self._ledger, self._programmes, now_ms):
            if it.free_ms <= now_ms and not it.waits_for:
                insistently(partial(self._lapse, it.row.lease, now_ms))

    def _stop(self, uid: str, now_ms: int) -> None:
        with self._ledger.transaction():
            books = self._books()
            card = books.cards.find(uid)
            if card is not None and card.status != "blocked":
                stamp = own_chain.stamp(now_ms)
                self._state(books, CardStopped(**stamp, stopped=uid, reason="cloned"), now_ms)

    def _lapse(self, lease: str, now_ms: int) -> None:
        with self._ledger.transaction():
            books = self._books()
            row = books.leases.find(lease)
            card = None if row is None else books.cards.find(row.card)
            if row is None or card is None or row.status == "closed":
                return  # Another hub was quicker.
            op = operation(lease, LAPSE)
            if books.inbox.all_with_op(op, FAULT):
                return  # It was stated and could not be posted: its case waits for people.
            stamp = {**own_chain.stamp(now_ms), "card": row.card, "member": card.member}
            lapsed = LeaseLapsed(**{**stamp, "op": op}, lease=lease)
            self._state(books, lapsed, now_ms)

    def _books(self) -> Books:
        books = Books(self._ledger)
        books.hub_device()  # locked before any card, as whoever states something does
        return books

    def _state(self, books: Books, record: Record, now_ms: int) -> None:
        custody = Custody(books, Poster(books, self._programmes))
        own_chain.state(record, books, custody, self._ledger.incarnation, now_ms)
        books.flush()


# Those that somebody allowed again after they were last seen twice are left alone.
_COPIED = """
SELECT uid FROM case_file JOIN card ON uid = subject
WHERE code = 'clone' AND case_file.status = 'open' AND card.status <> 'blocked'
    AND NOT EXISTS (SELECT 1 FROM hotlist WHERE hotlist.card = uid AND at_ms >= last_ms)
ORDER BY uid
"""
