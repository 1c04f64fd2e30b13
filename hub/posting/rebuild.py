"""A fresh ledger from the lines of one that is there: every line posts again, from the first on.

Given is what devices and people brought: the lines with their places and heads, the devices, and
what waits for people beside a fork or beyond a gap. What follows from it is worked out anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from hub.errors import HubError
from hub.ledger.books import Books
from hub.ledger.branches import FORK
from hub.ledger.database import Database, Row
from hub.ledger.derived import DERIVED, PAGE_ROWS, Difference, copy, differences
from hub.ledger.heads import heads_follow_lines
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.replace import replace
from hub.ledger.rows import Filed, Verdict
from hub.ledger.schema import HUB_DEVICE
from hub.posting.poster import GAP, Poster
from hub.posting.reconcile import FUTURE_CLOCK, HELD
from hub.posting.waiting import WAITS_FOR, Waiting
from loyalty.programme import Programme


def rebuild(
    ledger: Ledger,
    programmes: Sequence[Programme],
    scratch: Path,
    now_ms: int,
    done: Callable[[int], None] = lambda _lines: None,
) -> dict[str, list[Difference]]:
    """Make a fresh ledger in the empty file `scratch`; return where `ledger` differs, by table.

    Copies of both stand in `scratch` afterwards, under the names of `derived`. `ledger` has to stay
    as it is meanwhile. Lines that were ahead of the clock and posted later do so at `now_ms`.
    `done` hears how many more lines have posted.

    Raises:
        HubError: a line is not the one that its head stands for, so nothing follows from it.
    """
    if not heads_follow_lines(ledger):
        raise HubError(f"{ledger.place}: lines are not those that their heads stand for")
    with closing(open_ledger(scratch, create=True)) as fresh:
        copies = fresh.connection
        copies.execute("PRAGMA synchronous = OFF")  # Nobody misses it after a power cut.
        _give(ledger, fresh)
        _post_all(ledger.connection, fresh, programmes, now_ms, done)
        found = {}
        with fresh.transaction():
            for derived in DERIVED:
                copy(ledger.connection, derived, copies, "was")
                copy(copies, derived, copies, "is")
                found[derived.name] = differences(copies, derived)
    return found


def put_in_place(ledger: Ledger, found: Mapping[str, Sequence[Difference]], scratch: Path) -> None:
    """Write what `rebuild` `found` to differ as the lines say; in the transaction that it ran in.

    Raises:
        HubError: something differs even then; nothing may be written.
    """
    differing = {name for name, rows in found.items() if rows}
    with closing(open_ledger(scratch)) as fresh, fresh.transaction() as copies:
        replace(ledger, copies, differing)
        for derived in DERIVED:
            copies.execute(f"DROP TABLE was_{derived.name}")
            copy(ledger.connection, derived, copies, "was")
            left = differences(copies, derived)
            if left:
                told = f"{len(left)} of its {derived.name} differ still, such as {left[0].name}"
                raise HubError(f"{ledger.place}: {told}")


def _give(ledger: Ledger, fresh: Ledger) -> None:
    """Give `fresh` what does not follow from lines: its name, devices, and how far chains are."""
    fresh.begin_incarnation(ledger.incarnation)
    with fresh.transaction() as database:
        database.executemany(_ADD_DEVICE, ledger.connection.execute(_DEVICES).fetchall())
        database.executemany(_ADD_CHAIN, ledger.connection.execute(_CHAINS).fetchall())


def _post_all(
    source: Database,
    fresh: Ledger,
    programmes: Sequence[Programme],
    now_ms: int,
    done: Callable[[int], None],
) -> None:
    books = Books(fresh)
    poster = Poster(books, programmes)
    # Whether what a line waited for came before its chain was seen to fork, only its end tells.
    stay = {line for (line,) in source.execute(_STAY, WAITS_FOR).fetchall()}
    poster.waiting = Waiting(books, poster.post, lambda filed: filed.id in stay)
    reached: list[Filed] = []
    in_order = _InOrder()
    after = 0
    while page := source.execute(_LINES, (after, PAGE_ROWS)).fetchall():
        with fresh.transaction():
            for row in in_order.take(page):
                device = books.device(row[1])
                assert device is not None
                filed = Filed(row[0], books.inbox.chain(device, row[2]), *row[3:7])
                if _post(poster, books, filed, row) == FUTURE_CLOCK != row[8]:
                    reached.append(filed._replace(received_ms=now_ms, is_kept=True))
            books.flush()
        books.trim()
        after = page[-1][0]
        done(len(page))
    with fresh.transaction():
        for filed in reached:  # They were ahead of the clock when they came, and posted later.
            poster.post(filed)
        books.flush()


class _InOrder:
    """Puts the hub's own lines in their order: one decision may take another back.

    Several hubs of a server take numbers of lines in blocks, and so not in the order of lines.
    """

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._early: dict[tuple[str, int], Row] = {}

    def take(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield `rows`, and those of before whose turn has come; keep what comes too early."""
        for row in rows:
            _, name, epoch, seq, *_ = row
            if name != HUB_DEVICE:
                yield row
                continue
            self._early[epoch, seq] = row
            place = (epoch, self._next.get(epoch, 1))
            while place in self._early:
                yield self._early.pop(place)
                place = (epoch, place[1] + 1)
            self._next[epoch] = place[1]


def _post(poster: Poster, books: Books, filed: Filed, row: Row) -> str:
    """Post a line; return the code of what was decided."""
    status, code = map(str, row[7:])
    # Whether lines came in two versions, or are missing, is nothing that lines could tell.
    if status != HELD or code not in (GAP, FORK):
        return poster.post(filed).code
    books.inbox.keep(filed, Verdict(status, code))
    return code


_DEVICES = "SELECT id, store, name, revoked_ms FROM device"
_ADD_DEVICE = (
    "INSERT INTO device (id, store, name, password_salt, password_digest, revoked_ms)"
    " VALUES (?, ?, ?, x'', x'', ?)"
)
_CHAINS = "SELECT id, device, epoch, seq, head, kept_seq, gap_since_ms, fork_seq FROM chain"
_ADD_CHAIN = "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_STAY = """
SELECT inbox.id FROM inbox JOIN chain ON chain.id = inbox.chain
WHERE inbox.seq >= fork_seq AND status = 'held' AND code IN (?, ?, ?)
"""
_LINES = """
SELECT inbox.id, name, epoch, inbox.seq, inbox.head, line, received_ms, status, code FROM inbox
JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device
WHERE inbox.id > ? ORDER BY inbox.id LIMIT ?
"""
