"""What a store's devices still owe the hub before a business day can close."""

from typing import NamedTuple

from hub.ledger.ledger import Ledger
from hub.ledger.lost import lost_epochs
from hub.ledger.schema import HUB_DEVICE
from loyalty.hub_records import CLOSE_CHAINS_MAX, ChainEnd, StoreDayClosed
from loyalty.records import DayClosed, from_kept_line

LOOK_BACK_LINES = 1_000  # of a chain, for a word that the day is over


class Missing(NamedTuple):
    """Lines `first` to `last` of a device's epoch are wanted; `last` is 0 if nobody knows."""

    device: str
    epoch: str
    first: int
    last: int


def missing(ledger: Ledger, store: str, day: int, opens_ms: int) -> list[Missing]:
    """Return what is missing before `day` (yyyymmdd) of `store` can close.

    Each device has to have stated, without a gap, that the day is over or something of a later
    day. Revoked devices and epochs that were declared lost are not waited for.
    """
    lost = lost_epochs(ledger.connection)
    found = []
    devices = ledger.connection.execute(
        "SELECT id, name FROM device WHERE store = ? AND revoked_ms IS NULL ORDER BY name", (store,)
    ).fetchall()
    for number, name in devices:
        chains = ledger.connection.execute(_CHAINS, (number,)).fetchall()
        gaps = [
            Missing(name, epoch, seq + 1, after - 1)
            for _, epoch, seq, after in chains
            if after is not None and after > seq + 1 and lost.get((name, epoch), after) > seq + 1
        ]
        found += gaps
        waited_for = [it for it in chains if (name, it[1]) not in lost]
        if chains and not waited_for:
            continue
        newest_first = reversed(chains)
        if not gaps and not any(
            _is_over(ledger, it[0], it[2], day, opens_ms) for it in newest_first
        ):
            epoch, seq = (chains[-1][1], chains[-1][2]) if chains else ("", 0)
            found.append(Missing(name, epoch, seq + 1, 0))
    return found


def last_close(ledger: Ledger, store: str) -> StoreDayClosed | None:
    """Return the close of the latest business day of `store` that has been closed."""
    row = ledger.connection.execute(_LAST_CLOSE, (store,)).fetchone()
    if row is None:
        return None
    close = from_kept_line(row[0])
    assert isinstance(close, StoreDayClosed)
    return close


def first_received_ms(ledger: Ledger, store: str) -> int | None:
    """Return when the hub first heard from a device of `store`, None if it never did."""
    (received_ms,) = ledger.connection.execute(_FIRST_RECEIVED, (store,)).fetchone()
    return None if received_ms is None else int(received_ms)


def has_lines_before(ledger: Ledger, store: str, at_ms: int) -> bool:
    """Return whether anything that a device of `store` stated counts before `at_ms`."""
    row = ledger.connection.execute(_BEFORE, (store, at_ms)).fetchone()
    return row is not None


def stores(ledger: Ledger) -> list[str]:
    """Return the stores that have devices."""
    return [str(it) for (it,) in ledger.connection.execute(_STORES, (HUB_DEVICE,))]


def chain_ends(ledger: Ledger, store: str) -> tuple[ChainEnd, ...]:
    """Return how far chains have come without a gap that have lines from the last close on.

    Of a chain whose gap was there at that close, all lines are seen that are here: what posted
    early beyond it was late then, and is not late again for each day that closes. At most
    `CLOSE_CHAINS_MAX`, the present journal of each device before anybody's older ones; the lines of
    those that are left out are late, and the next close names them.
    """
    before = last_close(ledger, store)
    closed_ms, since_ms = (-1, 0) if before is None else (before.at_ms, before.opens_ms)
    found = []
    rows = ledger.connection.execute(_ENDS, (closed_ms, store)).fetchall()
    for age, chain, last_ms, *place in rows:
        end = ChainEnd(*place)
        is_of_day = last_ms is None or last_ms >= since_ms
        # What a close left unnamed had nothing of its day or later: its last line is enough to ask.
        if is_of_day or (_may_name(before, end) and _has_since(ledger, chain, end.seq, since_ms)):
            found.append((age, end))
    newest = [end for _, end in sorted(found)[:CLOSE_CHAINS_MAX]]
    return tuple(sorted(newest))


def _may_name(close: StoreDayClosed | None, end: ChainEnd) -> bool:
    """Return whether `close` names the chain of `end`, or had no room for it."""
    ends = () if close is None else close.ends
    return len(ends) >= CLOSE_CHAINS_MAX or any(it[:2] == end[:2] for it in ends)


def _has_since(ledger: Ledger, chain: int, seq: int, since_ms: int) -> bool:
    row = ledger.connection.execute(_SINCE, (chain, seq, since_ms)).fetchone()
    return row is not None


def _is_over(ledger: Ledger, chain: int, seq: int, day: int, opens_ms: int) -> bool:
    for kind, line in ledger.connection.execute(
        _SAID_OVER, (chain, seq - LOOK_BACK_LINES, seq, opens_ms)
    ):
        closed = from_kept_line(line) if kind == DayClosed.kind else None
        if not isinstance(closed, DayClosed) or closed.day >= day:
            return True
    return False


# The journal that the device writes now stands last: to a branch that was adopted nothing comes.
_CHAINS = """
SELECT id, epoch, seq, (SELECT min(inbox.seq) FROM inbox
    WHERE inbox.chain = chain.id AND inbox.seq > chain.seq)
FROM chain WHERE device = ? ORDER BY epoch NOT LIKE '%+%', id
"""
# Beyond a gap only what has posted or waits for people is sure to stay where it is.
_ENDS = """
SELECT age, id, (SELECT event_ms FROM inbox WHERE inbox.chain = ends.id AND inbox.seq = seen),
    name, epoch, seen
FROM (
    SELECT row_number() OVER (PARTITION BY chain.device ORDER BY chain.id DESC) AS age, chain.id,
        name, epoch, store, CASE WHEN kept_seq > seq AND coalesce(gap_since_ms, 0) <= ?
        THEN (SELECT coalesce(max(inbox.seq), 0) FROM inbox
            WHERE inbox.chain = chain.id AND (status <> 'held' OR code <> 'gap'))
        ELSE seq END AS seen
    FROM chain JOIN device ON device.id = chain.device
) AS ends WHERE store = ? AND seen > 0
"""
# A line that is held without a time gets one when it posts.
_SINCE = """
SELECT 1 FROM inbox WHERE chain = ? AND seq <= ?
    AND (event_ms >= ? OR event_ms IS NULL AND status = 'held') ORDER BY seq DESC LIMIT 1
"""
# What is ahead of the hub's clock says nothing about the day.
_SAID_OVER = """
SELECT kind, line FROM inbox WHERE chain = ? AND seq > ? AND seq <= ? AND code <> 'future_clock'
    AND (event_ms >= ? OR kind = 'day_closed' AND status = 'posted') ORDER BY seq DESC
"""
_LAST_CLOSE = """
SELECT inbox.line FROM day_close JOIN inbox ON inbox.id = day_close.line
WHERE store = ? ORDER BY opens_ms DESC LIMIT 1
"""
# Each chain's first line by its key: the smallest of a join, SQLite looks for among all lines.
_FIRST_RECEIVED = """
SELECT min((SELECT received_ms FROM inbox WHERE inbox.chain = chain.id AND inbox.seq = 1))
FROM chain JOIN device ON device.id = chain.device WHERE store = ?
"""
_BEFORE = """
SELECT 1 FROM inbox JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device
WHERE store = ? AND event_ms < ? LIMIT 1
"""
_STORES = "SELECT DISTINCT store FROM device WHERE name <> ? ORDER BY store"
