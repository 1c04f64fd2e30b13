"""What a card's counter tells: copies of a card, and cards that went back in time.

Both are found whichever line comes first: a late write looks at the reads after it as a read looks
at the writes before it.
"""

from typing import NamedTuple

from hub.ledger.books import Books
from hub.ledger.rows import CardRow, Case
from loyalty.clock import DAY_MS
from loyalty.fold import stated_ms
from loyalty.record import Record
from loyalty.records import FacePrinted, FaceStarted, TouchUnknown, from_kept_line

TILL_LEADS_MS = DAY_MS  # at most, to a touch of the same sale

_TELLS_OF_EARLIER = (FaceStarted.kind, FacePrinted.kind, TouchUnknown.kind)


class Counters(NamedTuple):
    """What other lines tell about the counter of a record's card.

    `other_op` is another operation that the written number stands for; `written_before` the highest
    number written earlier, `left_after` the lowest that a later touch left on the card.
    """

    other_op: str | None = None
    written_before: int = -1
    left_after: int | None = None


NOTHING_KNOWN = Counters()


def is_silent(record: Record) -> bool:
    """Return whether `record` says nothing about its card's counter."""
    return record.ctr_seen < 0 and record.ctr_used < 0


def wrote(record: Record) -> bool:
    """Return whether `record` says that its card carries the new counter."""
    return record.touch == "done" and record.ctr_used >= 0


def left(record: Record) -> int:
    """Return the counter that the touch of `record` left on its card, -1 if it does not say.

    A face that is printed goes on stating what its touch began with, and a write that a power cut
    ended is stated at the next start: what they saw may have been long before they say it.
    """
    if record.kind in _TELLS_OF_EARLIER:
        return -1
    return record.ctr_used if wrote(record) else record.ctr_seen


def look_up(books: Books, record: Record, card: CardRow) -> Counters:
    """Return what the ledger knows beside `record`; nothing is asked while counters rise."""
    if is_silent(record):
        return NOTHING_KNOWN
    at_ms = stated_ms(record)
    other_op, before, after = None, -1, None
    if wrote(record) and record.op and record.ctr_used <= card.counter:
        other_op = books.cards.other_write(card.uid, record.ctr_used, record.op)
    if 0 <= left(record) < card.counter:
        before = books.cards.counter_before(card.uid, at_ms)
    if wrote(record) and at_ms < card.seen_ms:
        member = books.members.find(card.member)
        assert member is not None
        # A sale happened when the till says, which is before its card was touched.
        lines = map(from_kept_line, books.inbox.witnessed_after(member.id, at_ms - TILL_LEADS_MS))
        lefts = [left(it) for it in lines if it.card == card.uid and stated_ms(it) > at_ms]
        after = min([it for it in lefts if it >= 0], default=None)
    return Counters(other_op, before, after)


def cases(record: Record, card: CardRow, known: Counters) -> list[Case]:
    """Return what a person should look at."""
    if known is NOTHING_KNOWN:
        return []
    found = []
    if known.other_op is not None:
        detail = f"counter {record.ctr_used} stands for {known.other_op} and {record.op}"
        found.append(Case("clone", card.uid, detail))
    if 0 <= left(record) < known.written_before:
        detail = f"counter {left(record)} was there, {known.written_before} was written before"
        found.append(Case("counter_behind", card.uid, detail))
    if known.left_after is not None and known.left_after < record.ctr_used:
        detail = f"counter {known.left_after} was there, {record.ctr_used} was written before"
        found.append(Case("counter_behind", card.uid, detail))
    return found
