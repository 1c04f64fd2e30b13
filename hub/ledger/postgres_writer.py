"""Rows in bulk for PostgreSQL, in one round trip: columns as arrays, and COPY where lines are many.

A statement that joins arrays changes each row of a table once, whatever the arrays hold: so rows
are summed up by key before, and the number of changed rows is checked after.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import psycopg

from hub.ledger.database import Row
from hub.ledger.postgres_arrays import as_array
from hub.ledger.postgres_copy import Load
from hub.ledger.postgres_database import PostgresDatabase
from hub.ledger.rows import STATES_SPAN
from hub.ledger.unwritten import (
    NewRows,
    Unwritten,
    chain_row,
    member_row,
    must_change,
    opened_again,
)

HAND_OVER_LINES = 400  # new since the last time: each COPY costs something to begin
ROWS_PER_STEP = 400  # changing these takes a server as long as we need to read a full message
COPY_MIN_LINES = 50  # COPY costs half of what an INSERT does for a row, and more to begin with


class _Change(NamedTuple):
    """A statement over columns of `rows`; unless `is_free` it must change a row for each of them.

    `is_free`: nobody knows beforehand how many there are to change.
    """

    statement: str
    rows: Sequence[Row]
    is_free: bool = False


_InColumns = tuple[_Change, list[str]]


class PostgresWriter:
    """Writes what a transaction gathered."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def hand_over(self, unwritten: Unwritten) -> None:
        """Have the server begin with what is new in `unwritten`, if that is enough, or go on."""
        copying = self._database.copying
        if copying.is_under_way:
            copying.advance()
        elif len(unwritten.inbox) >= HAND_OVER_LINES:
            copying.add(_loads(unwritten.take_new()))

    def write(self, unwritten: Unwritten, meanwhile: Callable[[], bool]) -> None:
        """Write the rows of `unwritten`, in the order in which the server wants to see them.

        While it works on most of what is not new, `meanwhile` is called.
        """
        new = unwritten.take_new()
        changes = []
        if len(new.inbox) < COPY_MIN_LINES:
            changes += [_Change(_add_to(table), rows) for table, rows in new._asdict().items()]
        else:
            self._database.copying.add(_loads(new))
        of_members, of_others = _moved(unwritten)
        changes += [*_changes(unwritten), _Change(_MOVE, of_members)]
        wanted = _in_columns(changes)
        with self._database.pipeline():
            made = self._send(wanted)
            steps = 1 + sum(len(it.rows) for it in changes) // ROWS_PER_STEP
            while steps and meanwhile():
                steps -= 1
            made += self._send(_in_columns(_changes_of_houses(of_others)))
        for (statement, rows, is_free), cursor in made:
            if not is_free:
                must_change(cursor.rowcount, len(rows), statement)

    def _send(self, changes: Iterable[_InColumns]) -> list[tuple[_Change, psycopg.Cursor[Row]]]:
        """Have `changes` made, without waiting for that."""
        execute = self._database.connection.execute
        return [(it, execute(it.statement, columns)) for it, columns in changes]


def _changes(it: Unwritten) -> Iterator[_Change]:
    """Yield what there is besides new rows and what moves on accounts."""
    yield _Change(_SET_MEMBER, [member_row(member) for member in it.changed_members()])
    yield _Change(_SET_CHAIN, [chain_row(chain) for chain in it.chains.values()])
    yield _Change(_ADD_MISSING_LOT, it.lots.perhaps_new_rows(), is_free=True)
    yield _Change(_CHANGE_LOT, it.lots.changed_rows())
    yield _Change(_SET_CARD, list(it.cards.values()))
    yield _Change(_ADD_CARD_WRITE, _earliest(it.card_writes))
    yield _Change(_OPEN_AGAIN, opened_again(it.cases), is_free=True)
    yield _Change(_SET_CASE, _counted(it.cases))
    yield _Change(_FORGET_LATER_STATES, sorted(it.stale_after.items()), is_free=True)
    kept = {(member, version): row for row in it.kept_states for member, version in [row[:2]]}
    yield _Change(_KEEP_STATE, list(kept.values()))
    old = {member: version - STATES_SPAN for member, version in sorted(kept)}
    yield _Change(_FORGET_OLD_STATES, list(old.items()), is_free=True)


def _changes_of_houses(deltas: Sequence[Row]) -> Iterator[_Change]:
    """Yield what moves `deltas` on accounts that are everybody's.

    They come last, so that others wait for nothing but the commit. Without the lock the order of
    the update would decide who waits for whom.
    """
    yield _Change(_LOCK_ACCOUNTS, [(account,) for account, _ in deltas])
    yield _Change(_MOVE, deltas)


def _moved(it: Unwritten) -> tuple[list[Row], list[Row]]:
    """Return what moves on accounts that are there: of members whose rows we hold, and others."""
    held = {member.account for member in it.members.values()}
    of_members: list[Row] = []
    others: list[Row] = []
    for account, points in it.deltas.items():
        (of_members if account in held else others).append((account, points))
    return of_members, others


def _loads(new: NewRows) -> list[Load]:
    return [Load(table, _TYPES[table], rows) for table, rows in new._asdict().items()]


def _in_columns(changes: Iterable[_Change]) -> list[_InColumns]:
    return [
        (it, [as_array(column) for column in zip(*it.rows, strict=True)])
        for it in changes
        if it.rows
    ]


def _earliest(writes: Sequence[Row]) -> list[Row]:
    touched: dict[Row, int] = {}
    for *write, touched_ms in writes:
        touched[tuple(write)] = min(touched.get(tuple(write), touched_ms), touched_ms)
    return [(*write, touched_ms) for write, touched_ms in touched.items()]


def _counted(cases: Sequence[Row]) -> list[Row]:
    counted: dict[Row, Row] = {}
    for code, subject, detail, line, opened_ms, last_ms in cases:
        first = counted.get((code, subject), (code, subject, detail, line, opened_ms, last_ms, 0))
        counted[code, subject] = (*first[:5], last_ms, first[6] + 1)
    return list(counted.values())


def _arrays(types: str) -> str:
    return "unnest(" + ", ".join(f"%s::{it}[]" for it in types.split()) + ")"


_W, _T, _B = "bigint", "text", "bytea"
_LOCK_ACCOUNTS = "SELECT id FROM account WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
_MOVE = (
    "UPDATE account SET balance = balance + points"
    f" FROM {_arrays(f'{_W} {_W}')} AS moved (account, points) WHERE id = moved.account"
)
_MEMBER = f"{_W} {_T} {_W} {_T} {_W} {_W} {_W} {_W} {_T} {_T} {_W} {_T}"
_SET_MEMBER = (
    "UPDATE member SET tier = now.tier, qualifying = now.qualifying, debt = now.debt,"
    " version = now.version, last_event_ms = now.last_event_ms, last_device = now.last_device,"
    " last_epoch = now.last_epoch, last_seq = now.last_seq, leases = now.leases"
    f" FROM {_arrays(_MEMBER)} AS now (id, token, account, tier, qualifying, debt, version,"
    " last_event_ms, last_device, last_epoch, last_seq, leases) WHERE member.id = now.id"
)
_SET_CHAIN = (
    f"INSERT INTO chain SELECT * FROM {_arrays(f'{_W} {_W} {_T} {_W} {_B} {_W} {_W} {_W}')}"
    " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, head = excluded.head,"
    " kept_seq = excluded.kept_seq, gap_since_ms = excluded.gap_since_ms,"
    " fork_seq = excluded.fork_seq"
)
_LOT = f"{_W} {_T} {_T} {_W} {_W} {_W} {_W}"
_TYPES = {
    "account": f"{_W} {_T} {_T} {_T} {_W}",
    "member": _MEMBER,
    "card": f"{_T} {_W} {_W} {_W} {_T} {_T}",
    "inbox": f"{_W} {_W} {_W} {_B} {_B} {_W} {_T} {_T} {_T} {_T} {_W} {_W}",
    "transfer": f"{_W} {_T} {_T} {_W} {_W} {_W} {_W} {_W} {_W} {_W} {_W}",
    "lot": _LOT,
    "lot_use": f"{_W} {_T} {_W} {_T} {_T} {_W}",
}


@cache
def _add_to(table: str) -> str:
    return f"INSERT INTO {table} SELECT * FROM {_arrays(_TYPES[table])}"


_ADD_MISSING_LOT = f"INSERT INTO lot SELECT * FROM {_arrays(_LOT)} ON CONFLICT DO NOTHING"
_CHANGE_LOT = (
    "UPDATE lot SET earned_ms = coalesce(changed.earned_ms, lot.earned_ms),"
    " expires_ms = coalesce(changed.expires_ms, lot.expires_ms),"
    " amount = amount + changed.amount_added, remaining = remaining + changed.remaining_added"
    f" FROM {_arrays(f'{_W} {_W} {_W} {_W} {_W} {_T} {_T}')} AS changed"
    " (earned_ms, expires_ms, amount_added, remaining_added, member, op, leg)"
    " WHERE lot.member = changed.member AND lot.op = changed.op AND lot.leg = changed.leg"
)
_SET_CARD = (
    "INSERT INTO card SELECT uid, member.id, counter, seen_ms, status, kind"
    f" FROM {_arrays(f'{_T} {_T} {_W} {_W} {_T} {_T}')}"
    " AS seen (uid, whose, counter, seen_ms, status, kind)"
    " JOIN member ON member.token = whose ON CONFLICT (uid) DO UPDATE SET"
    " counter = greatest(card.counter, excluded.counter),"
    " seen_ms = greatest(card.seen_ms, excluded.seen_ms), status = excluded.status,"
    " kind = excluded.kind"
)
_ADD_CARD_WRITE = (
    f"INSERT INTO card_write SELECT * FROM {_arrays(f'{_T} {_W} {_T} {_W}')}"
    " ON CONFLICT (card, counter, op)"
    " DO UPDATE SET touched_ms = least(card_write.touched_ms, excluded.touched_ms)"
)
_OPEN_AGAIN = (
    "INSERT INTO case_note (case_file, at_ms, deed, who, note)"
    " SELECT id, seen.at_ms, 'opened', '', '' FROM case_file"
    f" JOIN {_arrays(f'{_W} {_T} {_T}')} AS seen (at_ms, code, subject)"
    " ON seen.code = case_file.code AND seen.subject = case_file.subject WHERE status = 'closed'"
)
_SET_CASE = (
    "INSERT INTO case_file"
    " (code, subject, detail, line, opened_ms, last_ms, times, status, assignee)"
    f" SELECT *, 'open', '' FROM {_arrays(f'{_T} {_T} {_T} {_W} {_W} {_W} {_W}')}"
    " ON CONFLICT (code, subject) DO UPDATE SET last_ms = excluded.last_ms,"
    " times = case_file.times + excluded.times, status = 'open'"
)
_KEEP_STATE = (
    f"INSERT INTO kept_state SELECT * FROM {_arrays(f'{_W} {_W} {_W} {_T} {_T} {_W} {_T}')}"
    " ON CONFLICT (member, version) DO UPDATE SET event_ms = excluded.event_ms,"
    " device = excluded.device, epoch = excluded.epoch, seq = excluded.seq,"
    " state = excluded.state"
)
_FORGET_LATER_STATES = (
    f"DELETE FROM kept_state USING {_arrays(f'{_W} {_W}')} AS stale (member, version)"
    " WHERE kept_state.member = stale.member AND kept_state.version > stale.version"
)
_FORGET_OLD_STATES = (
    f"DELETE FROM kept_state USING {_arrays(f'{_W} {_W}')} AS old (member, version)"
    " WHERE kept_state.member = old.member AND kept_state.version <= old.version"
)
