"""What the hub itself states: facts in a chain of its own, which fold like those of devices."""

from collections.abc import Sequence
from datetime import date, timedelta

from hub.decisions.store_days import date_of, day_at, next_opens_ms, number_of
from hub.errors import DayIsClosed, HubError, NotFound
from hub.ledger.books import Books
from hub.ledger.day_end import (
    Missing,
    chain_ends,
    first_received_ms,
    has_lines_before,
    last_close,
    missing,
)
from hub.ledger.faces import UntrueFace, untrue_faces
from hub.ledger.ledger import Ledger, insistently
from hub.ledger.line_text import moment, short_card
from hub.ledger.schema import HUB_DEVICE
from hub.posting import own_chain
from hub.posting.custody import Custody
from hub.posting.poster import Poster
from loyalty.hub_records import CardAllowed, CardStopped, EpochLost, StoreDayClosed
from loyalty.programme import Programme
from loyalty.record import Record


class Decisions:
    """Writes decisions into the ledger, each in a transaction of its own.

    The connection has to be its own too: a hub that runs learns from that to look again.
    """

    def __init__(self, ledger: Ledger, programmes: Sequence[Programme]) -> None:
        self._ledger = ledger
        self._programmes = programmes

    def open_day(self, store: str) -> date | None:
        """Return the first business day of `store` that is not closed, None before its first line.

        The first day of a store is the one in which the hub first heard from it.
        """
        close = last_close(self._ledger, store)
        if close is not None:
            return date_of(close.day) + timedelta(days=1)
        first_ms = first_received_ms(self._ledger, store)
        return None if first_ms is None else day_at(first_ms, self._programmes)

    def close_day(self, store: str, day: int, now_ms: int, staff: str = "") -> list[Missing]:
        """Close business day `day` (yyyymmdd) of `store`; return what is missing if it cannot.

        Raises:
            DayIsClosed: somebody has closed it.
            HubError: it is not over or before the first that is open.
        """
        opens_ms = next_opens_ms(date_of(day), self._programmes)
        if now_ms < opens_ms:
            raise HubError(f"day {day} is over at {moment(opens_ms)}, and it is {moment(now_ms)}")
        return insistently(lambda: self._close_day(store, day, opens_ms, now_ms, staff))

    def _close_day(
        self, store: str, day: int, opens_ms: int, now_ms: int, staff: str
    ) -> list[Missing]:
        with self._ledger.transaction() as database:
            # Whoever posts holds the row of the device: no line of the store slips past this close.
            database.execute(_DEVICES_OF + self._ledger.engine.lock, (store,))
            found = database.execute(
                "SELECT 1 FROM day_close WHERE store = ? AND opens_ms = ?", (store, opens_ms)
            ).fetchone()
            if found is not None:
                raise DayIsClosed(f"day {day} of {store!r} has been closed")
            owed = missing(self._ledger, store, day, opens_ms)
            if not owed:
                self._check_is_there(store, day, opens_ms)
                ends = chain_ends(self._ledger, store)
                stamp = own_chain.stamp(now_ms, store=store, staff=staff)
                close = StoreDayClosed(**stamp, day=day, opens_ms=opens_ms, ends=ends)
                # Now all is here that can tell whether the day's faces were true.
                faces = untrue_faces(self._ledger, last_close(self._ledger, store), close)
                self._state(close, now_ms, faces)
        return owed

    def _check_is_there(self, store: str, day: int, opens_ms: int) -> None:
        """Refuse a day before all that is known of `store`, and one that a later close covers."""
        opened = self.open_day(store)
        if opened is None:
            raise HubError(f"no line of store {store!r} has come yet, so no day of it can close")
        if day >= number_of(opened):
            return
        # What a store did before the hub first heard from it may be closed by hand.
        is_first = last_close(self._ledger, store) is None
        if not is_first or not has_lines_before(self._ledger, store, opens_ms):
            first = f"{number_of(opened)} is the first that is open"
            raise HubError(f"day {day} of {store!r} cannot close: {first}")

    def declare_lost(
        self, device: str, epoch: str, from_seq: int, now_ms: int, staff: str = ""
    ) -> None:
        """State that the lines of `epoch` from `from_seq` on will never come.

        Raises:
            NotFound: the hub has never heard of that device or epoch.
            HubError: the line `from_seq` is here.
        """
        stamp = own_chain.stamp(now_ms, staff=staff)
        lost = EpochLost(**stamp, device=device, epoch=epoch, from_seq=from_seq)
        insistently(lambda: self._declare_lost(lost, now_ms))

    def stop_card(self, uid: str, reason: str, now_ms: int, staff: str = "") -> None:
        """State that the card is nobody's to use from now on.

        Raises:
            HubError: the ledger does not know it, or it is stopped.
        """
        stopped = CardStopped(**own_chain.stamp(now_ms, staff=staff), stopped=uid, reason=reason)
        insistently(lambda: self._about_card(stopped, uid, now_ms, is_stopped=False))

    def allow_card(self, uid: str, now_ms: int, staff: str = "") -> None:
        """State that a card that was stopped may be used again.

        Raises:
            HubError: the ledger does not know it, or it is not stopped.
        """
        allowed = CardAllowed(**own_chain.stamp(now_ms, staff=staff), allowed=uid)
        insistently(lambda: self._about_card(allowed, uid, now_ms, is_stopped=True))

    def _about_card(self, record: Record, uid: str, now_ms: int, *, is_stopped: bool) -> None:
        with self._ledger.transaction():
            books = Books(self._ledger)
            books.hub_device()  # locked before any card, as whoever states something does
            card = books.cards.find(uid)
            if card is None:
                raise NotFound(f"no card {short_card(uid)} in {self._ledger.place}")
            if (card.status == "blocked") != is_stopped:
                found, wanted = ("in use", "stopped") if is_stopped else ("stopped", "in use")
                raise HubError(f"card {short_card(uid)} is {found}, one {wanted} wanted")
            self._state(record, now_ms)

    def _declare_lost(self, lost: EpochLost, now_ms: int) -> None:
        with self._ledger.transaction() as database:
            last_seqs = dict(database.execute(_EPOCHS_OF, (lost.device, HUB_DEVICE)).fetchall())
            if not last_seqs:
                raise NotFound(f"no journal of a device {lost.device!r} was ever heard of")
            if lost.epoch not in last_seqs:
                wanted = f"one of {', '.join(last_seqs)} wanted"
                raise NotFound(f"no epoch {lost.epoch!r} of device {lost.device!r}, {wanted}")
            if lost.from_seq <= last_seqs[lost.epoch]:
                last = last_seqs[lost.epoch]
                here = f"lines up to {last} of {lost.device} are here"
                raise HubError(f"{here}: {last + 1} is the first that can be lost")
            self._state(lost, now_ms)

    def _state(self, record: Record, now_ms: int, faces: Sequence[UntrueFace] = ()) -> None:
        books = Books(self._ledger)
        custody = Custody(books, Poster(books, self._programmes))
        own_chain.state(record, books, custody, self._ledger.incarnation, now_ms)
        for face in faces:
            books.open_case(face.case, face.line, now_ms)
        books.flush()


_DEVICES_OF = "SELECT id FROM device WHERE store = ? ORDER BY id"
_EPOCHS_OF = """
SELECT epoch, seq FROM chain JOIN device ON device.id = chain.device
WHERE name = ? AND name <> ? ORDER BY chain.id
"""
