"""Rows of one transaction that are not in the database yet, and the statements that write them."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from hub.ledger.rows import STATES_SPAN, CardRow, ChainRow, MemberRow, PostedLine, Transfer

Row = tuple[Any, ...]


@dataclass(slots=True)
class Unwritten:
    """Lists that go out with `executemany`, the accounts' sums as one row for each account."""

    inbox: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    deltas: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    transfers: list[Transfer] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    lot_uses: list[Row] = field(default_factory=list)
    lot_takings: list[Row] = field(default_factory=list)
    members: dict[str, MemberRow] = field(default_factory=dict)
    cards: dict[str, CardRow] = field(default_factory=dict)
    card_writes: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    chains: dict[int, ChainRow] = field(default_factory=dict)
    ops: dict[str, PostedLine] = field(default_factory=dict)
    kept_states: list[Row] = field(default_factory=list)

    def write(self, database: sqlite3.Connection) -> None:
        """Write everything, in the order in which rows refer to each other, and forget it."""
        write = _Writer(database)
        write.rows("INSERT INTO account VALUES (?, ?, ?, ?, 0)", self.accounts)
        moved = [(points, account) for account, points in self.deltas.items()]
        write.rows("UPDATE account SET balance = balance + ? WHERE id = ?", moved)
        write.rows(_SET_MEMBER, [_member_row(it) for it in self.members.values()])
        write.rows(_SET_CHAIN, [_chain_row(it) for it in self.chains.values()])
        write.rows("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self.inbox)
        write.rows(_ADD_TRANSFER, self.transfers)
        write.rows("INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?, ?)", self.lots)
        write.rows(_TAKE_FROM_LOT, self.lot_takings)
        write.rows("INSERT INTO lot_use VALUES (?, ?, ?, ?, ?, ?)", self.lot_uses)
        write.rows(_SET_CARD, list(self.cards.values()))
        write.rows(_ADD_CARD_WRITE, self.card_writes)
        write.rows(_SET_CASE, self.cases)
        write.rows(_KEEP_STATE, self.kept_states)
        old = [(member, version - STATES_SPAN) for member, version, *_ in self.kept_states]
        database.executemany("DELETE FROM kept_state WHERE member = ? AND version <= ?", old)
        for it in fields(self):
            getattr(self, it.name).clear()


class _Writer:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def rows(self, statement: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        changed = self._database.executemany(statement, rows).rowcount
        # A statement that silently changes fewer rows than it should is how money goes missing.
        assert changed == len(rows), f"{changed} rows changed, {len(rows)} wanted: {statement}"


_SET_MEMBER = (
    "INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " tier = excluded.tier, qualifying = excluded.qualifying, debt = excluded.debt,"
    " version = excluded.version, last_event_ms = excluded.last_event_ms,"
    " last_device = excluded.last_device, last_epoch = excluded.last_epoch,"
    " last_seq = excluded.last_seq"
)
_ADD_TRANSFER = "INSERT INTO transfer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_STATE = "INSERT OR REPLACE INTO kept_state VALUES (?, ?, ?, ?, ?, ?, ?)"
_TAKE_FROM_LOT = "UPDATE lot SET remaining = remaining - ? WHERE member = ? AND op = ? AND leg = ?"
_SET_CARD = (
    "INSERT INTO card SELECT ?1, id, ?3, ?4, ?5, ?6 FROM member WHERE token = ?2"
    " ON CONFLICT (uid) DO UPDATE SET counter = excluded.counter,"
    " seen_ms = excluded.seen_ms, status = excluded.status, kind = excluded.kind"
)
_ADD_CARD_WRITE = (
    "INSERT INTO card_write VALUES (?, ?, ?, ?) ON CONFLICT (card, counter, op)"
    " DO UPDATE SET touched_ms = min(touched_ms, excluded.touched_ms)"
)
_SET_CASE = (
    "INSERT INTO case_file (code, subject, detail, line, opened_ms, last_ms, times, status)"
    " VALUES (?, ?, ?, ?, ?, ?, 1, 'open') ON CONFLICT (code, subject) DO UPDATE SET"
    " last_ms = excluded.last_ms, times = times + 1, status = 'open'"
)
_SET_CHAIN = (
    "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " seq = excluded.seq, head = excluded.head, kept_seq = excluded.kept_seq,"
    " gap_since_ms = excluded.gap_since_ms, fork_seq = excluded.fork_seq"
)


def _member_row(member: MemberRow) -> Row:
    state = member.state
    last = state.last if state.last is not None else (None, None, None, None)
    return (
        member.id,
        member.token,
        member.account,
        state.tier,
        state.qualifying_points,
        state.debt_points,
        state.version,
        *last,
    )


def _chain_row(chain: ChainRow) -> Row:
    return (
        chain.id,
        chain.device.id,
        chain.epoch,
        chain.seq,
        chain.head,
        chain.kept_seq,
        chain.gap_since_ms,
        chain.fork_seq,
    )
