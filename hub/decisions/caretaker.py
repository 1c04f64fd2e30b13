"""Looks after a ledger between messages: closes business days, and tells people what is overdue.

Several hubs may do this to one ledger at once: each change is made by the first that gets to it.
"""

from collections.abc import Callable, Sequence

from hub.decisions.counter_gaps import COUNTER_GAP, CounterGaps
from hub.decisions.decisions import Decisions
from hub.decisions.lease_keeper import LeaseKeeper
from hub.decisions.store_days import next_opens_ms, number_of
from hub.errors import DayIsClosed, HubError, LedgerContended, LedgerUnavailable
from hub.ledger.cases import open_case, settle
from hub.ledger.day_end import stores
from hub.ledger.ledger import Ledger, insistently
from hub.ledger.overdue import (
    DAY_OPEN,
    GAP_OLD,
    SILENT,
    Overdue,
    changes,
    old_gaps,
    silent_devices,
    told,
)
from hub.posting.custody import GAP_PATIENCE_MS
from hub.posting.envelopes import Reply
from hub.posting.groups import Group
from hub.posting.intake import Intake
from loyalty.programme import Programme
from loyalty.refold import FoldDiffers

CARE_EVERY_MS = 60_000
DAY_PATIENCE_MS = 6 * 3_600_000  # how long a day may stay open before people are told
DAYS_AT_ONCE = 31  # of a store that was away
DETAIL_MAX_CHARS = 300


class Caretaker:
    """Works with a connection of its own; of one thread at a time."""

    def __init__(
        self, ledger: Ledger, programmes: Sequence[Programme], now_ms: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._decisions = Decisions(ledger, programmes)
        self._leases = LeaseKeeper(ledger, programmes)
        self._counters = CounterGaps(ledger)
        self._programmes = programmes
        self._now_ms = now_ms
        self._due_ms = 0

    def tick(self) -> None:
        """Close every business day that can be closed, look after leases, see what is overdue.

        Called more often than once in `CARE_EVERY_MS`, it does nothing.

        Raises:
            LedgerUnavailable: what was not done waits on.
        """
        now_ms = self._now_ms()
        # A clock that was set back must not stop the care.
        if self._due_ms - CARE_EVERY_MS <= now_ms < self._due_ms:
            return
        with self._ledger.engine.asking():
            self._close_days(now_ms)
            self._leases.keep(now_ms)
            self._tell(GAP_OLD, old_gaps(self._ledger, GAP_PATIENCE_MS, now_ms), now_ms)
            self._tell(SILENT, silent_devices(self._ledger, now_ms), now_ms)
            self._tell(COUNTER_GAP, self._counters.overdue(now_ms), now_ms)
        self._due_ms = now_ms + CARE_EVERY_MS

    def _close_days(self, now_ms: int) -> None:
        kept_open = [it for store in stores(self._ledger) for it in self._close_all(store, now_ms)]
        self._tell(DAY_OPEN, kept_open, now_ms)

    def _close_all(self, store: str, now_ms: int) -> list[Overdue]:
        for _ in range(DAYS_AT_ONCE):
            day = self._decisions.open_day(store)
            if day is None or next_opens_ms(day, self._programmes) > now_ms:
                return []
            why = self._close(store, number_of(day), now_ms)
            if why:
                since_ms = next_opens_ms(day, self._programmes) + DAY_PATIENCE_MS
                overdue = Overdue(f"{store}:{number_of(day)}", why, since_ms)
                return [overdue] if since_ms <= now_ms else []
        return []

    def _close(self, store: str, day: int, now_ms: int) -> str:
        """Close `day`; return why it cannot, as a sentence."""
        try:
            return told(self._decisions.close_day(store, day, now_ms))
        except DayIsClosed:
            return ""  # Another hub was quicker.
        except (LedgerContended, LedgerUnavailable):
            raise
        except (HubError, FoldDiffers) as error:
            return str(error)

    def _tell(self, code: str, found: Sequence[Overdue], now_ms: int) -> None:
        """Have cases of `code` say what is overdue now, and those that settled closed."""
        if any(changes(self._ledger.connection, code, found)):
            insistently(lambda: self._change(code, found, now_ms))

    def _change(self, code: str, found: Sequence[Overdue], now_ms: int) -> None:
        with self._ledger.transaction() as database:
            database.execute(_ONE_AT_A_TIME + self._ledger.engine.lock)
            changed = changes(database, code, found)
            for it in changed.opens:
                detail = it.detail[:DETAIL_MAX_CHARS]
                open_case(database, code, it.subject, detail, now_ms, it.line)
            for subject in changed.settled:
                settle(database, code, subject, now_ms)


class Tended:
    """An intake, and after each of its ticks the caretaker's: both in the bridge's one worker."""

    def __init__(self, intake: Intake, caretaker: Caretaker) -> None:
        self._intake = intake
        self._caretaker = caretaker
        self.counts = intake.counts

    def post(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        """Take a group of messages, as the intake does."""
        return self._intake.post(group, meanwhile)

    def tick(self) -> int:
        """Post what has waited long enough, and do what the caretaker has to."""
        posted = self._intake.tick()
        self._caretaker.tick()
        return posted


_ONE_AT_A_TIME = "SELECT value FROM meta WHERE name = 'incarnation'"
