"""Numbers of cards' counters that no line states, and that no device will bring by itself any more.

Each write raises a card's counter and is stated by a line, done or not. A number between two that
are known waits for the device that used it: until every device has told everything up to the later
of the two, or until a week is over. Then people look for it (docs/offline.md).
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from hub.decisions.lease_keeper import SKEW_MS
from hub.ledger.books import Books
from hub.ledger.cases import open_subjects
from hub.ledger.ledger import Ledger
from hub.ledger.overdue import Overdue
from hub.ledger.watermarks import Watermarks
from hub.posting.unstated import LINES_MS, NUMBERS_MAX, PATIENCE_MS, stated_numbers
from loyalty.clock import DAY_MS

COUNTER_GAP = "counter_gap"
CARDS_AT_ONCE = 250  # that are looked through together: what posts waits meanwhile
NUMBERS_TOLD = 10


class _Write(NamedTuple):
    """A write that is known to be done: its number and its time."""

    number: int
    at_ms: int


class _Gap(NamedTuple):
    """Two writes of a card with numbers between them that were not done, or are not known.

    `op` is the operation of the later, empty if it has none.
    """

    uid: str
    member: int
    before: _Write
    after: _Write
    op: str


class CounterGaps:
    """Goes through all cards, some at a time. With a connection of its own; of one thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._after = ""

    def overdue(self, now_ms: int) -> list[Overdue]:
        """Return the cards with numbers that people have to look for.

        Found are those among the next cards; of all others those that have a case, which goes on.
        """
        database = self._ledger.connection
        rows = database.execute(_NEXT_CARDS, (self._after, CARDS_AT_ONCE)).fetchall()
        first, last = self._after, rows[-1][0] if rows else self._after
        self._after = last if len(rows) == CARDS_AT_ONCE else ""
        told = open_subjects(database, COUNTER_GAP)
        found = [Overdue(uid, "", 0) for uid in told if not first < uid <= last]
        books, everything_ms = Books(self._ledger), self._everything_ms()
        for uid, gaps in groupby(self._gaps(first, last), key=lambda it: it.uid):
            due = [it for it in gaps if uid in told or _is_due(it, everything_ms, now_ms)]
            missing = {it: numbers for it in due if (numbers := _missing(books, it))}
            if missing:
                found.append(_overdue(books, [*missing][-1], set().union(*missing.values())))
        return found

    def _everything_ms(self) -> int | None:
        """Return up to when every device has told everything; None if there is none to tell."""
        marks = Watermarks(self._ledger.connection).waited_for()
        return marks[0].at_ms if marks else None

    def _gaps(self, first: str, last: str) -> Iterator[_Gap]:
        rows = self._ledger.connection.execute(_GAPS, (first, last)).fetchall()
        for uid, member, before, before_ms, after, after_ms, op in rows:
            yield _Gap(uid, member, _Write(before, before_ms), _Write(after, after_ms), op)


def _is_due(gap: _Gap, everything_ms: int | None, now_ms: int) -> bool:
    at_ms = gap.after.at_ms
    if at_ms <= now_ms - LINES_MS:
        return False  # it has been looked for
    is_told = everything_ms is None or at_ms + SKEW_MS <= everything_ms
    return is_told or at_ms + PATIENCE_MS <= now_ms


def _missing(books: Books, gap: _Gap) -> set[int]:
    """Return the numbers in `gap` that no line states, the first `NUMBERS_MAX` at most."""
    last = min(gap.after.number, gap.before.number + NUMBERS_MAX + 1)
    numbers = set(range(gap.before.number + 1, last))
    since_ms = min(gap.before.at_ms, gap.after.at_ms) - DAY_MS  # clocks may differ
    return numbers - stated_numbers(books, gap.uid, gap.member, since_ms)


def _overdue(books: Books, gap: _Gap, missing: set[int]) -> Overdue:
    told = ", ".join(map(str, sorted(missing)[:NUMBERS_TOLD]))
    more = ", …" if len(missing) > NUMBERS_TOLD else ""
    detail = f"what the card wrote as {told}{more} was never stated"
    after = books.inbox.posted_with_op(gap.op)
    return Overdue(gap.uid, detail, gap.after.at_ms, None if after is None else after.id)


_NEXT_CARDS = "SELECT uid FROM card WHERE uid > ? ORDER BY uid LIMIT ?"
_GAPS = """
SELECT uid, member, before, before_ms, number, touched_ms, op
FROM (
    SELECT card, counter AS number, op, touched_ms,
        lag(counter) OVER places AS before, lag(touched_ms) OVER places AS before_ms
    FROM card_write WHERE card > ? AND card <= ?
    WINDOW places AS (PARTITION BY card ORDER BY counter, op)
) AS pairs JOIN card ON uid = card
WHERE number > before + 1 ORDER BY uid, number
"""
