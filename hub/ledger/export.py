"""Members, lots, transfers and cases as CSV files, for the back office, and lines for auditors.

Files are as they are at one moment, made one page of rows at a time, and there together or not at
all. Secrets are not among what is told, nor whole card numbers but in the lines.
"""

import csv
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from hub.errors import HubError
from hub.ledger.case_words import words_of
from hub.ledger.database import Row
from hub.ledger.ledger import Ledger
from hub.ledger.line_text import short_card
from hub.ledger.schema import ESCROW
from loyalty.fields import TIME_MAX_MS

PAGE_ROWS = 5_000

# What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Sheet(NamedTuple):
    """A file: its columns, and the statement that finds a page of rows behind a key.

    `before` is a key before all others. The first columns that the statement returns are the row's
    key, as many as that has, and not told.
    """

    name: str
    columns: tuple[str, ...]
    before: Row
    statement: str
    tell: Callable[[Row], Row] = lambda row: row


def export(ledger: Ledger, folder: Path, *, with_lines: bool = False) -> dict[str, int]:
    """Write the ledger's sheets into the new folder `folder`; return how many rows each has.

    Lines tell whole card numbers, and are among them only where asked for.

    Raises:
        HubError: something is there already, or the disk refuses.
    """
    if folder.exists():
        raise HubError(f"{folder}: is there already, a new folder wanted")
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            with ledger.engine.snapshot():
                counts = _write_all(ledger, made, (*SHEETS, LINES) if with_lines else SHEETS)
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HubError(f"{folder}: {reason}, a place to write to wanted") from error
    return counts


def _write_all(ledger: Ledger, folder: Path, sheets: Sequence[Sheet]) -> dict[str, int]:
    return {it.name: _write(ledger, folder / f"{it.name}.csv", it) for it in sheets}


def _write(ledger: Ledger, path: Path, sheet: Sheet) -> int:
    # The mark at the start tells spreadsheets that names are in UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet_writer = csv.writer(file)
        sheet_writer.writerow(sheet.columns)
        count = 0
        for row in _rows(ledger, sheet):
            sheet_writer.writerow([_cell(it) for it in sheet.tell(row[len(sheet.before) :])])
            count += 1
    return count


def _rows(ledger: Ledger, sheet: Sheet) -> Iterator[Row]:
    key = sheet.before
    while True:
        page = ledger.connection.execute(sheet.statement, (*key, PAGE_ROWS)).fetchall()
        yield from page
        if len(page) < PAGE_ROWS:
            return
        key = page[-1][: len(sheet.before)]


def _cell(value: object) -> object:
    """Return `value` so that a spreadsheet shows it and runs nothing."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _lot(row: Row) -> Row:
    member, op, leg, earned_ms, expires_ms, *points = row
    return (member, op, leg, _moment(earned_ms), _until(expires_ms), *points)


def _transfer(row: Row) -> Row:
    happened_ms, booked_ms, *what, source, source_kind, target, target_kind, token, rules = row
    ends = (_owner(source, source_kind), source_kind, _owner(target, target_kind), target_kind)
    return (_moment(happened_ms), _moment(booked_ms), *what, *ends, token, rules)


def _owner(owner: str, kind: str) -> str:
    return short_card(owner) if kind == ESCROW else owner


def _case(row: Row) -> Row:
    number, code, subject, detail, opened_ms, last_ms, *rest = row
    words = words_of(code)
    about = short_card(subject) if words.about == "card" else subject
    return (number, code, words.meaning, about, detail, _moment(opened_ms), _moment(last_ms), *rest)


def _line(row: Row) -> Row:
    device, epoch, number, received_ms, status, code, line, head = row
    received = (_moment(received_ms), status, code)
    return (device, epoch, number, *received, bytes(line).hex(), bytes(head).hex())


def _until(expires_ms: int) -> str:
    return "" if expires_ms >= TIME_MAX_MS else _moment(expires_ms)


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


SHEETS = (
    Sheet(
        "members",
        ("member", "tier", "points", "qualifying_points", "debt_points", "version"),
        (-1,),
        "SELECT member.id, token, tier, balance, qualifying, debt, version FROM member"
        " JOIN account ON account.id = member.account WHERE member.id > ?"
        " ORDER BY member.id LIMIT ?",
    ),
    Sheet(
        "lots",
        ("member", "operation", "leg", "earned_utc", "expires_utc", "points", "points_left"),
        (-1, "", ""),
        "SELECT lot.member, op, leg, token, op, leg, earned_ms, expires_ms, amount, remaining"
        " FROM lot JOIN member ON member.id = lot.member"
        " WHERE (lot.member, op, leg) > (?, ?, ?) ORDER BY lot.member, op, leg LIMIT ?",
        _lot,
    ),
    Sheet(
        "transfers",
        (
            *("happened_utc", "booked_utc", "store", "device", "operation", "leg", "points"),
            *("unit", "from", "from_kind", "to", "to_kind", "member", "rules_version"),
        ),
        (-1, ""),
        "SELECT transfer.line, leg, transfer.event_ms, booked_ms, store, name, inbox.op, leg,"
        " amount, transfer.unit, source.owner, source.kind, target.owner, target.kind, token, rules"
        " FROM transfer JOIN inbox ON inbox.id = transfer.line"
        " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
        " JOIN account AS source ON source.id = debit JOIN account AS target ON target.id = credit"
        " JOIN member ON member.id = transfer.member WHERE (transfer.line, leg) > (?, ?)"
        " ORDER BY transfer.line, leg LIMIT ?",
        _transfer,
    ),
    Sheet(
        "cases",
        (
            *("case", "code", "meaning", "about", "detail", "opened_utc", "last_seen_utc"),
            *("times", "status", "assignee"),
        ),
        (-1,),
        "SELECT id, id, code, subject, detail, opened_ms, last_ms, times, status, assignee"
        " FROM case_file WHERE id > ? ORDER BY id LIMIT ?",
        _case,
    ),
)

# As bytes in hexadecimal: that is what heads are made of.
LINES = Sheet(
    "lines",
    ("device", "epoch", "number", "received_utc", "status", "code", "line", "head"),
    (-1, -1),
    "SELECT chain, inbox.seq, name, epoch, inbox.seq, received_ms, status, code, line, inbox.head"
    " FROM inbox JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
    " WHERE (chain, inbox.seq) > (?, ?) ORDER BY chain, inbox.seq LIMIT ?",
    _line,
)
