"""The lines of a journal: chained as they are appended, read back, and forgotten when old.

A line's place is its sequence number, counted from 1 without gaps; its head names everything up to
it (`loyalty.chain`).
"""

from device.records.statements import Statements
from loyalty.chain import head_after
from loyalty.lines import to_line
from loyalty.record import Record

RETAINED_MAX = 200_000  # settled lines kept for a hub that lost them
PRUNED_MAX = 2_000  # by one call, so that no call is felt

INSERT_LINE = "INSERT INTO line (seq, at_ms, head, line) VALUES (?, ?, ?, ?)"

Row = tuple[int, int, bytes, bytes]  # in the order of `INSERT_LINE`


class KeptLines:
    """Every line that is not forgotten.

    `last_seq` is the number of the newest, `pruned_seq` that of the last one forgotten; 0 for none.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self.pruned_seq: int
        self._pruned_head: bytes
        self.last_seq: int
        self._head: bytes
        (pruned,) = statements.read("SELECT pruned_seq, pruned_head FROM place")
        newest = statements.read("SELECT seq, head FROM line ORDER BY seq DESC LIMIT 1")
        self.pruned_seq, self._pruned_head = pruned
        self.last_seq, self._head = newest[0] if newest else pruned

    def append(self, record: Record) -> int:
        """Store `record` at the end of the chain and return its number.

        Raises:
            JournalFailed: the disk is full or broken; the record is not stored.
        """
        row = self.next_row(record)
        self._statements.write(f"line {row[0]}", INSERT_LINE, row)
        return self.take(row)

    def next_row(self, record: Record) -> Row:
        """Return the row that puts `record` at the end; `take` it once it is stored."""
        line = to_line(record)
        return self.last_seq + 1, record.at_ms, head_after(self._head, line), line

    def take(self, row: Row) -> int:
        """Go on from `row`, which is stored, and return its number."""
        self.last_seq, _, self._head, _ = row
        return self.last_seq

    def after(self, seq: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` lines after line `seq`, with their numbers."""
        return self._statements.read(
            "SELECT seq, line FROM line WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit
        )

    def head_at(self, seq: int) -> bytes:
        """Return the head after line `seq`.

        Raises:
            LookupError: that line is pruned, or not written yet.
        """
        if seq == self.last_seq:
            return self._head
        if seq == self.pruned_seq:
            return self._pruned_head
        rows = self._statements.read("SELECT head FROM line WHERE seq = ?", seq)
        if not rows:
            raise LookupError(f"line {seq}, {self.pruned_seq} to {self.last_seq} are known")
        head: bytes = rows[0][0]
        return head

    def prune(self, *, settled_seq: int, before_ms: int) -> int:
        """Forget lines of before `before_ms`, none beyond `settled_seq`; return how many.

        The head of the last one forgotten is kept: the chain goes on from it.

        Raises:
            JournalFailed: the disk is full or broken; nothing is forgotten.
        """
        young = self._statements.read(
            "SELECT seq FROM line WHERE at_ms >= ? ORDER BY seq LIMIT 1", before_ms
        )
        old_seq = young[0][0] - 1 if young else self.last_seq
        upto_seq = max(min(old_seq, settled_seq), settled_seq - RETAINED_MAX)
        upto_seq = min(upto_seq, self.pruned_seq + PRUNED_MAX)
        if upto_seq <= self.pruned_seq:
            return 0
        head = self.head_at(upto_seq)
        with self._statements.together("pruning") as database:
            database.execute("DELETE FROM line WHERE seq <= ?", (upto_seq,))
            database.execute("UPDATE place SET pruned_seq = ?, pruned_head = ?", (upto_seq, head))
        forgotten = upto_seq - self.pruned_seq
        self.pruned_seq, self._pruned_head = upto_seq, head
        return forgotten
