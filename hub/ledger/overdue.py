"""What should have come and did not: lines in a gap, word from a device, the end of a day.

Each is found as it is now, and is named like the case that it makes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.ledger.cases import ended_ms, open_subjects
from hub.ledger.database import Database
from hub.ledger.day_end import Missing
from hub.ledger.ledger import Ledger
from hub.ledger.line_text import moment
from hub.ledger.lost import lost_epochs
from hub.ledger.schema import HUB_DEVICE
from loyalty.clock import DAY_MS

GAP_OLD = "gap"
SILENT = "silent"
DAY_OPEN = "day_open"
SILENCE_PATIENCE_MS = 3 * DAY_MS


class Overdue(NamedTuple):
    """Something about `subject` that is overdue since `since_ms`; `detail` is a sentence.

    `line` is the one that tells of it, if one does.
    """

    subject: str
    detail: str
    since_ms: int
    line: int | None = None


class Changes(NamedTuple):
    """The cases of one code that are to be opened, and the subjects of those that settled."""

    opens: list[Overdue]
    settled: list[str]


def old_gaps(ledger: Ledger, patience_ms: int, now_ms: int) -> list[Overdue]:
    """Return the gaps in chains that are older than `patience_ms` and not declared lost.

    What follows a fork waits for people anyway.
    """
    lost = lost_epochs(ledger.connection)
    found = []
    for name, epoch, seq, since_ms, after in ledger.connection.execute(
        _GAPS, (now_ms - patience_ms,)
    ).fetchall():
        if lost.get((name, epoch), after) > seq + 1:
            lines = f"line {seq + 1}" if after == seq + 2 else f"lines {seq + 1} to {after - 1}"
            detail = f"device {name}: {lines} of epoch {epoch} missing since {moment(since_ms)}"
            found.append(Overdue(f"{name}:{epoch}", detail, since_ms + patience_ms))
    return found


def silent_devices(ledger: Ledger, now_ms: int) -> list[Overdue]:
    """Return the devices that once sent lines, and none for `SILENCE_PATIENCE_MS`."""
    before_ms = now_ms - SILENCE_PATIENCE_MS
    rows = ledger.connection.execute(_LAST_HEARD, (HUB_DEVICE, before_ms)).fetchall()
    return [
        Overdue(name, f"no line from it since {moment(heard_ms)}", heard_ms + SILENCE_PATIENCE_MS)
        for name, heard_ms in rows
    ]


def told(owed: Sequence[Missing]) -> str:
    """Return what is missing as a sentence."""
    return "; ".join(map(_told, owed))


def changes(database: Database, code: str, found: Sequence[Overdue]) -> Changes:
    """Return what `found` changes about the cases of `code`.

    A case that a person closed stays closed until what it is about has ended and begun again.
    """
    there = {it.subject for it in found}
    still_open = open_subjects(database, code)
    opens = [
        it
        for it in found
        if it.subject not in still_open and it.since_ms > ended_ms(database, code, it.subject)
    ]
    return Changes(opens, sorted(still_open - there))


def _told(owed: Missing) -> str:
    if not owed.epoch:
        return f"device {owed.device} has never sent a line"
    lines = f"lines {owed.first} to {owed.last}" if owed.last else f"line {owed.first} and later"
    return f"device {owed.device}, epoch {owed.epoch}: {lines}"


_GAPS = """
SELECT name, epoch, seq, gap_since_ms, (SELECT min(inbox.seq) FROM inbox
    WHERE inbox.chain = chain.id AND inbox.seq > chain.seq)
FROM chain JOIN device ON device.id = chain.device
WHERE gap_since_ms <= ? AND fork_seq IS NULL ORDER BY name, epoch
"""
_LAST_HEARD = """
SELECT name, max(received_ms) FROM device JOIN chain ON chain.device = device.id
JOIN inbox ON inbox.chain = chain.id AND inbox.seq = chain.kept_seq
WHERE revoked_ms IS NULL AND name <> ? GROUP BY name HAVING max(received_ms) <= ? ORDER BY name
"""
