"""Cases as people work on them: found, assigned, closed, and what became of them before.

Posting opens those about lines (`Books.open_case`). One that is seen again after it was closed
opens again.
"""

from typing import NamedTuple

from hub.errors import HubError, NotFound
from hub.ledger.database import Database
from hub.ledger.ledger import Ledger, insistently

LIST_MAX = 1_000
WHO_MAX_CHARS = 64
NOTE_MAX_CHARS = 1_000


class CaseFile(NamedTuple):
    """A case: one code and subject, first seen at `opened_ms` and last at `last_ms`.

    `line` is the first line that opened it, `since_ms` when it was opened last. `assignee` is empty
    while nobody looks after it, `store` where no store is known.
    """

    number: int
    code: str
    subject: str
    detail: str
    line: int | None
    opened_ms: int
    last_ms: int
    times: int
    status: str
    assignee: str
    since_ms: int
    store: str


class CaseNote(NamedTuple):
    """Something that became of a case: it was assigned, closed, settled or opened again."""

    at_ms: int
    deed: str
    who: str
    note: str


class CaseFilter(NamedTuple):
    """Which cases are wanted; what is empty leaves none out."""

    code: str = ""
    store: str = ""
    assignee: str = ""
    is_open: bool = False
    opened_before_ms: int | None = None


def find_cases(ledger: Ledger, wanted: CaseFilter, limit: int) -> list[CaseFile]:
    """Return at most `limit` of the cases that are `wanted`: open ones first, then oldest first."""
    conditions = {
        "code = ?": wanted.code or None,
        "store = ?": wanted.store or None,
        "assignee = ?": wanted.assignee or None,
        "status = ?": "open" if wanted.is_open else None,
        "since_ms <= ?": wanted.opened_before_ms,
    }
    asked = {it: value for it, value in conditions.items() if value is not None}
    where = f"WHERE {' AND '.join(asked)}" if asked else ""
    # "open" sorts behind "closed".
    statement = f"{_CASES} {where} ORDER BY status DESC, since_ms, id LIMIT ?"
    rows = ledger.connection.execute(statement, (*asked.values(), min(limit, LIST_MAX)))
    return [CaseFile(*row) for row in rows]


def find_case(ledger: Ledger, number: int) -> CaseFile:
    """Return case `number`.

    Raises:
        NotFound: there is none.
    """
    row = ledger.connection.execute(f"{_CASES} WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise NotFound(f"no case {number} in {ledger.place}")
    return CaseFile(*row)


def notes(ledger: Ledger, number: int) -> list[CaseNote]:
    """Return what became of case `number` since it was first opened, oldest first."""
    statement = "SELECT at_ms, deed, who, note FROM case_note WHERE case_file = ? ORDER BY id"
    return [CaseNote(*row) for row in ledger.connection.execute(statement, (number,))]


def assign(ledger: Ledger, number: int, who: str, now_ms: int) -> None:
    """Give open case `number` to `who`.

    Raises:
        HubError: it is closed or not there, or `who` is no name.
    """
    _check_text("name", who, WHO_MAX_CHARS)
    deed = CaseNote(now_ms, "assigned", who, "")
    insistently(lambda: _change(ledger, number, "assignee = ?", who, deed))


def close(ledger: Ledger, number: int, who: str, note: str, now_ms: int) -> None:
    """Close open case `number`: `note` says what `who` found and did.

    Raises:
        HubError: it is closed or not there, or `who` is no name or `note` no sentence.
    """
    _check_text("name", who, WHO_MAX_CHARS)
    _check_text("note", note, NOTE_MAX_CHARS)
    deed = CaseNote(now_ms, "closed", who, note)
    insistently(lambda: _change(ledger, number, "status = ?", "closed", deed))


def settle(database: Database, code: str, subject: str, now_ms: int) -> None:
    """Close a case because what it was about has settled itself; nothing if none is open."""
    found = database.execute(_OPEN, (code, subject)).fetchone()
    if found is not None:
        database.execute("UPDATE case_file SET status = 'closed' WHERE id = ?", found)
        _note(database, found[0], CaseNote(now_ms, "settled", "", ""))


def open_case(
    database: Database,
    code: str,
    subject: str,
    detail: str,
    now_ms: int,
    line: int | None = None,
) -> None:
    """Open a case that nobody's posting is about, or count it once more.

    One that opens again says what was found now, and from `line`, if one tells of it.
    """
    found = database.execute(_CLOSED, (code, subject)).fetchone()
    if found is not None:
        _note(database, found[0], CaseNote(now_ms, "opened", "", ""))
    database.execute(_OPEN_OR_COUNT, (code, subject, detail, line, now_ms, now_ms))


def open_subjects(database: Database, code: str) -> set[str]:
    """Return what the open cases of `code` are about."""
    rows = database.execute(_OPEN_SUBJECTS, (code,))
    return {str(subject) for (subject,) in rows}


def ended_ms(database: Database, code: str, subject: str) -> int:
    """Return when the case was closed last, or settled by itself; 0 if it never was."""
    (at_ms,) = database.execute(_ENDED, (code, subject)).fetchone()
    return int(at_ms)


def _change(ledger: Ledger, number: int, change: str, value: str, deed: CaseNote) -> None:
    with ledger.transaction() as database:
        # The count of changed rows tells two people who close one case at once apart.
        statement = f"UPDATE case_file SET {change} WHERE id = ? AND status = 'open'"
        if database.execute(statement, (value, number)).rowcount != 1:
            found = find_case(ledger, number)
            raise HubError(f"case {number} is {found.status}, an open one wanted")
        _note(database, number, deed)


def _note(database: Database, number: int, note: CaseNote) -> None:
    statement = "INSERT INTO case_note (case_file, at_ms, deed, who, note) VALUES (?, ?, ?, ?, ?)"
    database.execute(statement, (number, *note))


def _check_text(what: str, text: str, most: int) -> None:
    if not 1 <= len(text) <= most or not text.isprintable():
        wanted = f"1 to {most} printable characters wanted"
        raise HubError(f"{what} of {len(text)} characters, {text[:40]!r}: {wanted}")


_OPEN = "SELECT id FROM case_file WHERE code = ? AND subject = ? AND status = 'open'"
_OPEN_SUBJECTS = "SELECT subject FROM case_file WHERE code = ? AND status = 'open'"
_ENDED = """
SELECT coalesce(max(at_ms), 0) FROM case_note JOIN case_file ON case_file.id = case_note.case_file
WHERE code = ? AND subject = ? AND deed IN ('closed', 'settled')
"""
_CLOSED = "SELECT id FROM case_file WHERE code = ? AND subject = ? AND status = 'closed'"
_OPEN_OR_COUNT = (
    "INSERT INTO case_file"
    " (code, subject, detail, line, opened_ms, last_ms, times, status, assignee)"
    " VALUES (?, ?, ?, ?, ?, ?, 1, 'open', '') ON CONFLICT (code, subject) DO UPDATE SET"
    " last_ms = excluded.last_ms, times = case_file.times + 1, status = 'open',"
    " detail = CASE case_file.status WHEN 'open' THEN case_file.detail ELSE excluded.detail END,"
    " line = CASE case_file.status WHEN 'open' THEN case_file.line ELSE excluded.line END"
)
# A case that names no line is about a chain, a device, or a day of a store, and is found by that.
_CASES = """
SELECT id, code, subject, detail, line, opened_ms, last_ms, times, status, assignee, since_ms, store
FROM (
    SELECT case_file.id, code, subject, detail, line, opened_ms, last_ms, times, status, assignee,
        coalesce((SELECT max(at_ms) FROM case_note
            WHERE case_note.case_file = case_file.id AND deed = 'opened'), opened_ms) AS since_ms,
        coalesce(
            (SELECT store FROM inbox JOIN chain ON chain.id = inbox.chain
             JOIN device ON device.id = chain.device WHERE inbox.id = case_file.line),
            (SELECT store FROM chain JOIN device ON device.id = chain.device
             WHERE code IN ('fork', 'gap') AND name || ':' || epoch = subject),
            (SELECT store FROM device WHERE case_file.code IN
             ('silent', 'future_clock', 'pairing_reused') AND name = subject),
            (SELECT min(store) FROM pairing WHERE case_file.code = 'pairing_guessed'
             AND name = subject),
            (SELECT min(store) FROM device WHERE code = 'day_open'
             AND store || ':' = substr(subject, 1, length(store) + 1)),
            '') AS store
    FROM case_file
) AS file
"""
