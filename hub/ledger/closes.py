"""Closed business days: when a fact counts that belongs to one.

A close says which lines it saw, so whether a fact is late does not depend on when it arrives. It
names chains that have lines of its day or of later ones; what was seen before stays seen.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.ledger.database import Database
from hub.ledger.unwritten import Unwritten
from loyalty.hub_records import StoreDayClosed
from loyalty.records import from_kept_line
from loyalty.state import Position

STORES_MAX = 1_000  # in memory


class Close(NamedTuple):
    """The next day opened at `opens_ms`; `ends` are the last lines seen, by device and epoch."""

    opens_ms: int
    ends: dict[tuple[str, str], int]


def counts_at_ms(stated: Position, closes: Sequence[Close]) -> int:
    """Return when a fact at `stated` counts: then, or when the first day opened that was not shut.

    `closes` are those of its store, earliest first.
    """
    event_ms, device, epoch, seq = stated
    for opens_ms, ends in closes:
        if event_ms >= opens_ms:
            continue
        if seq <= ends.get((device, epoch), 0):
            break  # every later close has seen it too, whether it names the chain or not
        event_ms = opens_ms
    return event_ms


class Closes:
    """The closes of the ledger's stores."""

    def __init__(self, database: Database, unwritten: Unwritten) -> None:
        self._database = database
        self._unwritten = unwritten
        self._last_opens_ms: dict[str, int] = {}

    def unknown(self, stores: Iterable[str]) -> list[str]:
        """Return those of `stores` whose last close is not known."""
        return [it for it in stores if it not in self._last_opens_ms]

    def expect(self, opens_ms: Mapping[str, int]) -> None:
        """Know when the day after the last close of each store opened, 0 for none."""
        if len(self._last_opens_ms) >= STORES_MAX:
            self._last_opens_ms.clear()
        self._last_opens_ms.update(opens_ms)

    def position(self, store: str, stated: Position) -> Position:
        """Return where a fact of `store` is folded that stands at `stated` by its own word."""
        last_ms = self._last_opens_ms.get(store)
        if last_ms is None:
            last_ms = self._look_up(store)
        if stated.event_ms >= last_ms:
            return stated
        self._unwritten.write()
        rows = self._database.execute(_CLOSES_AFTER, (store, stated.event_ms))
        closes = [_close(line) for (line,) in rows]
        return stated._replace(event_ms=counts_at_ms(stated, closes))

    def opened_before(self, store: str, opens_ms: int) -> int:
        """Return when the close of `store` before the one at `opens_ms` was, 0 for none."""
        self._unwritten.write()
        (found,) = self._database.execute(_OPENED_BEFORE, (store, opens_ms)).fetchone()
        return int(found)

    def add(self, store: str, opens_ms: int, line_id: int) -> None:
        """Note the close that line `line_id` states."""
        self._unwritten.write()
        self._database.execute("INSERT INTO day_close VALUES (?, ?, ?)", (store, opens_ms, line_id))
        self._last_opens_ms.pop(store, None)

    def _look_up(self, store: str) -> int:
        if len(self._last_opens_ms) >= STORES_MAX:
            self._last_opens_ms.clear()
        (last_ms,) = self._database.execute(
            "SELECT coalesce(max(opens_ms), 0) FROM day_close WHERE store = ?", (store,)
        ).fetchone()
        self._last_opens_ms[store] = int(last_ms)
        return int(last_ms)


_CLOSES_AFTER = (
    "SELECT inbox.line FROM day_close JOIN inbox ON inbox.id = day_close.line"
    " WHERE store = ? AND opens_ms > ? ORDER BY opens_ms, inbox.id"
)
_OPENED_BEFORE = "SELECT coalesce(max(opens_ms), 0) FROM day_close WHERE store = ? AND opens_ms < ?"


def _close(line: bytes) -> Close:
    record = from_kept_line(line)
    assert isinstance(record, StoreDayClosed)
    return Close(record.opens_ms, {(it.device, it.epoch): it.seq for it in record.ends})
