"""Every line that devices sent, where it stands in its chain, and what became of it.

Questions about lines look behind the lists of the transaction, so they write those first.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from hub.ledger.ahead import CHAINS_MAX
from hub.ledger.database import Database, Row
from hub.ledger.lost import lost_epochs
from hub.ledger.rows import ChainRow, DeviceRow, Filed, PostedLine, Verdict, posted_line
from hub.ledger.unwritten import Unwritten
from loyalty.chain import ZERO_HEAD
from loyalty.fields import TIME_MAX_MS
from loyalty.hub_records import CLOSE_CHAINS_MAX
from loyalty.receipts import LineStatus
from loyalty.records import VALUE_KINDS
from loyalty.state import Position


class Inbox:
    """The chains and their lines, and the forks beside them."""

    def __init__(self, database: Database, unwritten: Unwritten) -> None:
        self._database = database
        self._unwritten = unwritten
        self._ahead: dict[str, PostedLine | None] = {}
        self._chains: OrderedDict[tuple[str, str], ChainRow] = OrderedDict()
        self._wholly_known: set[str] = set()

    def expect(self, posted: Mapping[str, PostedLine], wanted: Iterable[str]) -> None:
        """Know that of the operations `wanted` those in `posted` are the ones that count so far."""
        self._ahead = {op: posted.get(op) for op in wanted}

    def expect_chains(self, devices: Iterable[DeviceRow], rows: Sequence[Row]) -> None:
        """Know chains of `devices`, whose rows are locked: the newest, or all if they are few."""
        of = {it.id: it for it in devices}
        if len(rows) < CHAINS_MAX:
            self._wholly_known.update([it.name for it in of.values()])
        for device, number, epoch, *rest in rows:
            chain = ChainRow(number, of[device], epoch, *rest)
            self._chains.setdefault((chain.device.name, epoch), chain)

    def trim(self) -> None:
        """Give the oldest chains in memory back; only between transactions."""
        while len(self._chains) > CHAINS_MAX:
            (device, _), _ = self._chains.popitem(last=False)
            self._wholly_known.discard(device)

    def chain(self, device: DeviceRow, epoch: str) -> ChainRow:
        """Return the chain of `device` in `epoch`, a new one if none is there."""
        chain = self._chains.get((device.name, epoch))
        if chain is None:
            chain = self._load(device, epoch)
            self._chains[(device.name, epoch)] = chain
        return chain

    def set_chain(self, chain: ChainRow) -> None:
        """Have `chain` written as it is now."""
        self._unwritten.chains[chain.id] = chain

    def chains_with_gap_since(self, before_ms: int) -> list[tuple[str, str]]:
        """Return device and epoch of each chain with a gap that old, those with a fork apart."""
        self._write()
        return self._database.execute(_OLD_GAPS, (before_ms,)).fetchall()

    def lost_epochs(self) -> dict[tuple[str, str], int]:
        """Return the first lost line of each epoch that was declared lost, by device and epoch."""
        self._write()
        return lost_epochs(self._database)

    def take_line_id(self) -> int:
        """Return the id of the next new line."""
        return self._unwritten.engine.next_number("inbox")

    def keep(self, filed: Filed, verdict: Verdict) -> None:
        """Keep a new line with its verdict, or change the verdict on one that was held."""
        if filed.is_kept:
            self._write()
            self._database.execute(_JUDGE, (*verdict, filed.id))
        else:
            self.set_chain(filed.chain)  # or its lines would refer to nothing until the batch ends
            number, chain, *rest, _ = filed
            self._unwritten.inbox.append((number, chain.id, *rest, *verdict))
        if verdict.op and verdict.status == "posted":
            self._unwritten.ops[verdict.op] = filed, verdict
            self._ahead.pop(verdict.op, None)
            if verdict.member is not None and not filed.is_kept and verdict.kind in VALUE_KINDS:
                self._unwritten.facts[verdict.member].append((filed, verdict))

    def posted_with_op(self, op: str) -> PostedLine | None:
        """Return the line that posted with business key `op`, if there is one."""
        new = self._unwritten.ops.get(op)
        if new is not None:
            return posted_line(*new)
        if op in self._ahead:
            return self._ahead[op]
        found = self._one(_POSTED_WITH_OP, op)
        if found is None:
            return None
        line_id, line, member, *position = found
        return PostedLine(line_id, line, member, Position(*position))

    def all_with_op(self, op: str, code: str) -> list[tuple[int, bytes, int | None]]:
        """Return id, line and member of the lines of `op`: posted, duplicate, or held as `code`."""
        self._write()
        return self._database.execute(_ALL_WITH_OP, (op, op, code)).fetchall()

    def witnessed_after(self, member: int, event_ms: int) -> list[bytes]:
        """Return the lines about `member` after `event_ms` whose touches count, posted or not."""
        self._write()
        rows = self._database.execute(_WITNESSED_AFTER, (member, event_ms))
        return [line for (line,) in rows]

    def unseen(
        self, store: str, since_ms: int, before_ms: int, ends: dict[tuple[str, str], int]
    ) -> list[tuple[PostedLine, bool]]:
        """Return the lines of the day from `since_ms` that lie beyond `ends` of their chains.

        The day is of `store` and ends at `before_ms`; a chain without an end was not seen at all.
        Each line comes with whether it is a fact that posted.
        """
        self._write()
        found = []
        # Journals that are over are not read through again, unless the close had no room for all.
        last_ms = 0 if len(ends) >= CLOSE_CHAINS_MAX else since_ms
        chains = self._database.execute(_CHAINS_OF, (store, last_ms, last_ms)).fetchall()
        for chain, device, epoch in chains:
            end = ends.get((device, epoch), 0)
            for row in self._database.execute(_UNSEEN, (chain, end, since_ms, before_ms)):
                line_id, line, member, event_ms, seq, is_posted = row
                position = Position(event_ms, device, epoch, seq)
                found.append((PostedLine(line_id, line, member, position), bool(is_posted)))
        return found

    def move(self, line_id: int, event_ms: int) -> None:
        """Have a line count at `event_ms`: its day has been closed without it."""
        self._database.execute("UPDATE inbox SET event_ms = ? WHERE id = ?", (event_ms, line_id))

    def judge_again(self, line_id: int, status: str, code: str) -> None:
        """Change the verdict on a line that is kept: another line with its `op` counts now."""
        self._ahead.clear()
        self._write()
        statement = "UPDATE inbox SET status = ?, code = ? WHERE id = ?"
        self._database.execute(statement, (status, code, line_id))

    def head_at(self, chain: ChainRow, seq: int) -> bytes | None:
        """Return the head after line `seq` of `chain`, or None if that line is not here."""
        if seq == 0:
            return ZERO_HEAD
        if seq == chain.seq:
            return chain.head
        if seq > chain.kept_seq:
            return None
        self._write()
        found = self._one("SELECT head FROM inbox WHERE chain = ? AND seq = ?", chain.id, seq)
        return None if found is None else bytes(found[0])

    def exceptions(self, chain: ChainRow, first: int, last: int) -> list[LineStatus]:
        """Return those of the lines `first` to `last` that did not simply post."""
        if first > last:
            return []
        self._write()
        rows = self._database.execute(_EXCEPTIONS, (chain.id, first, last))
        return [LineStatus(*row) for row in rows]

    def kept_after(self, chain: ChainRow, seq: int) -> int:
        """Return the number of the first line after `seq` that is here."""
        self._write()
        found = self._one("SELECT min(seq) FROM inbox WHERE chain = ? AND seq > ?", chain.id, seq)
        assert found is not None
        return int(found[0])

    def last_seq(self, chain: ChainRow) -> int:
        """Return the number of the last line that is here, 0 for none."""
        self._write()
        found = self._one("SELECT max(seq) FROM inbox WHERE chain = ?", chain.id)
        return 0 if found is None or found[0] is None else int(found[0])

    def line_at(self, chain: ChainRow, seq: int) -> tuple[Filed, str, str] | None:
        """Return line `seq` of `chain` with its status and code, if it is here."""
        self._write()
        found = self._one(_LINES + " WHERE chain = ? AND seq = ?", chain.id, seq)
        return None if found is None else _kept_line(chain, found)

    def held_beyond_gap(self, chain: ChainRow, code: str) -> list[Filed]:
        """Return the lines of `chain` that are held with `code`, oldest first."""
        self._write()
        where = " WHERE chain = ? AND seq > ? AND status = 'held' AND code = ? ORDER BY seq"
        rows = self._database.execute(_LINES + where, (chain.id, chain.seq, code)).fetchall()
        return [_kept_line(chain, row)[0] for row in rows]

    def held_with(self, code: str, until_ms: int = TIME_MAX_MS) -> list[tuple[str, str, int]]:
        """Return device, epoch and number of the lines that are held with `code`, oldest first.

        Those that count after `until_ms` are left out.
        """
        self._write()
        return self._database.execute(_HELD_WITH, (code, until_ms)).fetchall()

    def is_fork(self, chain: ChainRow, seq: int, head: bytes) -> bool:
        """Return whether the line with that head is kept as a fork of `chain`."""
        found = self._one(
            "SELECT 1 FROM fork WHERE chain = ? AND seq = ? AND head = ?", chain.id, seq, head
        )
        return found is not None

    def keep_fork(self, filed: Filed) -> bool:
        """Keep a line whose position is taken by another; return whether it is new."""
        self.set_chain(filed.chain)  # a new one has no row yet
        self._write()
        changed = self._database.execute(
            "INSERT INTO fork VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (filed.chain.id, filed.seq, filed.head, filed.line, filed.received_ms),
        )
        return changed.rowcount == 1

    def move_to_fork(self, chain: ChainRow, first: int, code: str) -> None:
        """Make forks of the lines from `first` on that are held with `code`."""
        self._write()
        where = "FROM inbox WHERE chain = ? AND seq >= ? AND status = 'held' AND code = ?"
        self._database.execute(
            f"INSERT INTO fork SELECT chain, seq, head, line, received_ms {where}"
            " ON CONFLICT DO NOTHING",
            (chain.id, first, code),
        )
        self._database.execute(f"DELETE {where}", (chain.id, first, code))

    def _write(self) -> None:
        self._unwritten.write()

    def _one(self, statement: str, *values: object) -> Row | None:
        row: Row | None = self._database.execute(statement, values).fetchone()
        return row

    def _load(self, device: DeviceRow, epoch: str) -> ChainRow:
        found = None
        if device.name not in self._wholly_known:
            found = self._one(_CHAIN, device.id, epoch)
        if found is None:
            found = (self._unwritten.engine.next_number("chain"),)
        return ChainRow(found[0], device, epoch, *found[1:])


_JUDGE = (
    "UPDATE inbox SET status = ?, code = ?, kind = ?, op = ?, member = ?, event_ms = ? WHERE id = ?"
)
_CHAIN = (
    "SELECT id, seq, head, kept_seq, gap_since_ms, fork_seq FROM chain"
    " WHERE device = ? AND epoch = ?"
)
_POSTED_WITH_OP = (
    "SELECT inbox.id, line, member, event_ms, device.name, epoch, inbox.seq FROM inbox"
    " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
    " WHERE op = ? AND op <> '' AND status = 'posted'"
)
_ALL_WITH_OP = (
    "SELECT id, line, member FROM inbox WHERE op = ? AND op <> '' AND status = 'posted' UNION ALL"
    " SELECT id, line, member FROM inbox WHERE op = ? AND op <> '' AND status <> 'posted'"
    " AND (status = 'duplicate' OR code = ?)"
)
# What no close has seen counts from the last one on, or has no time yet: so does the last line of
# its chain.
_CHAINS_OF = """
SELECT chain.id, name, epoch FROM chain JOIN device ON device.id = chain.device
WHERE store = ? AND coalesce((SELECT event_ms FROM inbox WHERE inbox.chain = chain.id
    ORDER BY inbox.seq DESC LIMIT 1), ?) >= ?
"""
_UNSEEN = (
    "SELECT id, line, member, event_ms, seq, status = 'posted' AND op <> '' FROM inbox"
    " WHERE chain = ? AND seq > ? AND event_ms >= ? AND event_ms < ?"
)
_WITNESSED_AFTER = (
    "SELECT line FROM inbox WHERE member = ? AND event_ms > ?"
    " AND (status IN ('posted', 'duplicate') OR code = 'op_conflict')"
)
_OLD_GAPS = (
    "SELECT name, epoch FROM chain JOIN device ON device.id = chain.device"
    " WHERE gap_since_ms <= ? AND fork_seq IS NULL"
)
_EXCEPTIONS = (
    "SELECT seq, status, code FROM inbox"
    " WHERE chain = ? AND seq BETWEEN ? AND ? AND status <> 'posted' ORDER BY seq"
)
_HELD_WITH = (
    "SELECT name, epoch, inbox.seq FROM inbox"
    " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
    " WHERE status = 'held' AND code = ? AND coalesce(event_ms, 0) <= ? ORDER BY inbox.id"
)
_LINES = "SELECT id, seq, head, line, received_ms, status, code FROM inbox"


def _kept_line(chain: ChainRow, row: Row) -> tuple[Filed, str, str]:
    number, seq, head, line, received_ms, status, code = row
    return Filed(number, chain, seq, head, line, received_ms, is_kept=True), status, code
