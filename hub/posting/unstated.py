"""Whether a card tells of visits that no line has told the hub of yet.

Each write raises a card's counter and is stated by a line, done or not. So a number that no line
states was used at a terminal that has lines which it has not sent.
"""

from hub.ledger.books import Books
from hub.ledger.rows import CardRow
from loyalty.clock import DAY_MS
from loyalty.records import from_kept_line

PATIENCE_MS = 7 * DAY_MS  # after which a line is not on its way any more; people look for it
LINES_MS = 365 * DAY_MS  # in which a write that did not hold is looked for
NUMBERS_MAX = 1_000  # of a card's counter that are looked through


def has_visits_to_come(books: Books, card: CardRow, ctr_seen: int, now_ms: int) -> bool:
    """Return whether `card`, which shows `ctr_seen` at `now_ms`, has numbers that nobody stated.

    Those up to the last that was written before our patience began are left alone.
    """
    last_known = books.cards.counter_before(card.uid, now_ms - PATIENCE_MS)
    written = books.cards.writes_after(card.uid, last_known)
    if last_known < 0:
        last_known = min(written, default=-1)  # not every chip begins at 0
    last = min(ctr_seen, last_known + NUMBERS_MAX)
    missing = set(range(last_known + 1, last + 1)) - written.keys()
    member = books.members.find(card.member) if missing else None
    if member is not None:
        missing -= stated_numbers(books, card.uid, member.id, now_ms - LINES_MS)
    return bool(missing)


def stated_numbers(books: Books, uid: str, member: int, since_ms: int) -> set[int]:
    """Return the numbers of card `uid` that lines tell of, also of writes that did not hold."""
    lines = books.inbox.witnessed_after(member, since_ms)
    return {it.ctr_used for it in map(from_kept_line, lines) if it.card == uid}
