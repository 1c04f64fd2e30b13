"""What the hub itself states: facts in a chain of its own, which fold like those of devices."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hub import own_chain
from hub.custody import Custody
from hub.errors import HubError
from hub.ledger.books import Books
from hub.ledger.day_end import Missing, chain_ends, missing
from hub.ledger.ledger import Ledger, insistently
from hub.posting import Poster
from loyalty.clock import end_of_day_ms
from loyalty.hub_records import CLOSE_CHAINS_MAX, EpochLost, StoreDayClosed
from loyalty.programme import Programme, in_force
from loyalty.record import Record


class Decisions:
    """Writes decisions into the ledger, each in a transaction of its own.

    The connection has to be its own too: a hub that runs learns from that to look again.
    """

    def __init__(self, ledger: Ledger, programmes: Sequence[Programme]) -> None:
        self._ledger = ledger
        self._programmes = programmes

    def close_day(self, store: str, day: int, now_ms: int, staff: str = "") -> list[Missing]:
        """Close business day `day` (yyyymmdd) of `store`; return what is missing if it cannot.

        Raises:
            HubError: the day is not over, or has been closed.
        """
        opens_ms = self._opens_ms(day)
        if now_ms < opens_ms:
            raise HubError(f"day {day} is over at {opens_ms} ms, now is {now_ms}")
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
                raise HubError(f"day {day} of {store!r} has been closed")
            owed = missing(self._ledger, store, day, opens_ms)
            if not owed:
                ends = chain_ends(self._ledger, store)
                if len(ends) > CLOSE_CHAINS_MAX:
                    raise HubError(f"{len(ends)} chains in {store!r}, at most {CLOSE_CHAINS_MAX}")
                stamp = own_chain.stamp(now_ms, store=store, staff=staff)
                self._state(StoreDayClosed(**stamp, day=day, opens_ms=opens_ms, ends=ends), now_ms)
        return owed

    def declare_lost(
        self, device: str, epoch: str, from_seq: int, now_ms: int, staff: str = ""
    ) -> None:
        """State that the lines of `epoch` from `from_seq` on will never come."""
        stamp = own_chain.stamp(now_ms, staff=staff)
        lost = EpochLost(**stamp, device=device, epoch=epoch, from_seq=from_seq)
        insistently(lambda: self._state_alone(lost, now_ms))

    def _state_alone(self, record: Record, now_ms: int) -> None:
        with self._ledger.transaction():
            self._state(record, now_ms)

    def _state(self, record: Record, now_ms: int) -> None:
        books = Books(self._ledger)
        custody = Custody(books, Poster(books, self._programmes))
        own_chain.state(record, books, custody, self._ledger.incarnation, now_ms)
        books.flush()

    def _opens_ms(self, day: int) -> int:
        try:
            date = datetime.strptime(str(day), "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError as error:
            raise HubError(f"day {day}, one such as 20170301 wanted") from error
        noon_ms = int(datetime(*date.timetuple()[:3], 12, tzinfo=UTC).timestamp()) * 1000
        programme = in_force(self._programmes, noon_ms)
        return end_of_day_ms(date, programme.zone, programme.cutoff_hour)


_DEVICES_OF = "SELECT id FROM device WHERE store = ? ORDER BY id"
