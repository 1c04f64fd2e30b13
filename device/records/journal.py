"""The durable record store: what happened is on disk before anybody is told that it did.

One SQLite file in WAL mode with `synchronous=FULL`: when a method returns, its effect survives a
power cut; when one raises, nothing of it was kept. A line's place is its sequence number, counted
from 1 without gaps within the file's epoch; its head names everything up to it (`loyalty.chain`).

Every method is plain and costs at most one flush of the disk (0.2 ms on an SSD, some 10 ms on a
memory card). The app calls them straight from its event loop, on the thread that opened the
journal: the next step must not begin before the record is safe, so there is nothing to overlap.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from device.behaviour.intent import Intent
from device.errors import DeviceError
from device.links.lockfile import FileLock
from device.records.journal_file import INTENT_COLUMNS, Connect, JournalFailed, open_database
from device.records.settlement import Mismatch, Reopened, Settled, Settlement
from loyalty import wire
from loyalty.chain import head_after
from loyalty.clock import DAY_MS
from loyalty.lines import to_line
from loyalty.receipts import Receipt
from loyalty.record import Record
from loyalty.records import (
    VALUE_KINDS,
    DayClosed,
    FacePrinted,
    FaceStarted,
    TouchUnknown,
    from_line,
)

LINES_MAX = 20_000  # not settled; a shop's busiest week without a network
OUTCOMES_KEPT = 8  # places that only the end of something begun may take
FILL_WARNING = 0.8
RETENTION_MS = 30 * DAY_MS
RETAINED_MAX = 200_000  # settled lines kept for a hub that lost them
PRUNED_MAX = 2_000  # by one call, so that no call is felt
INCARNATIONS_MAX = 64
LOOK_BACK_MAX = 5_000  # lines searched for the last operation

OUTCOME_KINDS = frozenset({FacePrinted.kind, TouchUnknown.kind})
FACE_KINDS = frozenset({FaceStarted.kind, FacePrinted.kind})


class JournalFull(DeviceError):
    """There is no place for another record: stop selling, say so, and let the hub catch up."""


class Journal:
    """The records of one device, in order, in one file that one process may open."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        epoch_of_new: str,
        lines_max: int = LINES_MAX,
        retention_ms: int = RETENTION_MS,
        connect: Connect = sqlite3.connect,
    ) -> "Journal":
        """Open the journal at `path` and count one more boot.

        A file that does not exist yet is made, and its epoch is `epoch_of_new` for ever.
        `connect` is there for simulated disks.

        Raises:
            FileHeld: another process has it open; the message says which.
            JournalFailed: the file cannot be read or written, or is no journal of ours.
        """
        if lines_max <= OUTCOMES_KEPT:
            raise ValueError(f"lines_max of {lines_max}, more than {OUTCOMES_KEPT} wanted")
        lock = FileLock(path)
        try:
            lock.take()
        except OSError as error:
            raise JournalFailed(f"{path}: {error}") from error
        try:
            database = open_database(path, epoch_of_new=epoch_of_new, connect=connect)
            return cls(database, lock, lines_max=lines_max, retention_ms=retention_ms)
        except sqlite3.Error as error:
            lock.release()
            raise JournalFailed(f"{path}: {error}") from error
        except BaseException:
            lock.release()
            raise

    def __init__(
        self, database: sqlite3.Connection, lock: FileLock, *, lines_max: int, retention_ms: int
    ) -> None:
        self._database = database
        self._lock = lock
        self._lines_max = lines_max
        self._retention_ms = retention_ms
        self._intents: int
        self.epoch: str
        self.boot: int
        self.settled_seq: int
        self._pruned_seq: int
        self._pruned_head: bytes
        self.epoch, self.boot, self.settled_seq, self._pruned_seq, self._pruned_head = (
            database.execute(
                "SELECT epoch, boot, settled_seq, pruned_seq, pruned_head FROM place"
            ).fetchone()
        )
        self._incarnations: list[str] = [
            name for (name,) in database.execute("SELECT id FROM incarnation ORDER BY met")
        ]
        (self._intents,) = database.execute("SELECT count(*) FROM intent").fetchone()
        last = database.execute("SELECT seq, head FROM line ORDER BY seq DESC LIMIT 1").fetchone()
        self._closed_day: int | None = None  # not looked up yet
        self.last_seq: int
        self._head: bytes
        self.last_seq, self._head = last or (self._pruned_seq, self._pruned_head)

    def close(self) -> None:
        """Let go of the file; the journal cannot be used any more."""
        self._database.close()
        self._lock.release()

    @property
    def pending_lines(self) -> int:
        """How many lines the hub has not given a receipt for."""
        return self.last_seq - self.settled_seq

    @property
    def fill(self) -> float:
        """How full the journal is; at 1.0 the device stops selling."""
        taken = self.pending_lines + self._intents
        return taken / (self._lines_max - OUTCOMES_KEPT)

    @property
    def is_nearly_full(self) -> bool:
        """Whether somebody should see to the network now."""
        return self.fill >= FILL_WARNING

    @property
    def incarnation(self) -> str:
        """The newest incarnation of the hub that this device has met; empty for none."""
        return self._incarnations[-1] if self._incarnations else ""

    def append(self, record: Record) -> int:
        """Store `record` at the end of the chain and return its sequence number.

        Raises:
            JournalFull: only what must still be told about things begun has a place left.
            JournalFailed: the disk is full or broken; the record is not stored.
        """
        if self._room(record.kind) < 1:
            raise JournalFull(
                f"{self.pending_lines} lines wait for the hub and {self._intents} for their"
                f" outcome, at most {self._lines_max - OUTCOMES_KEPT} may"
            )
        line = to_line(record)
        head = head_after(self._head, line)
        seq = self.last_seq + 1
        try:
            self._database.execute(_INSERT_LINE, (seq, record.at_ms, head, line))
        except sqlite3.Error as error:
            raise JournalFailed(f"line {seq} is not stored: {error}") from error
        self.last_seq, self._head = seq, head
        if isinstance(record, DayClosed):
            self._closed_day = record.day
        return seq

    def begin(self, intent: Intent) -> None:
        """Store `intent` before its card is written; it keeps a place for its outcome.

        Raises:
            JournalFull: there is no such place; leave the card alone.
            JournalFailed: the disk is full or broken; leave the card alone.
            ValueError: an intent with this `op` is open already.
        """
        if self._room(intent.kind) < 1:
            raise JournalFull(f"journal is full at {self.pending_lines} lines, none for an intent")
        try:
            self._database.execute(_INSERT_INTENT, astuple(intent))
        except sqlite3.IntegrityError as error:
            raise ValueError(f"intent {intent.op} is open already") from error
        except sqlite3.Error as error:
            raise JournalFailed(f"intent {intent.op} is not stored: {error}") from error
        self._intents += 1

    def finish(self, op: str, record: Record) -> int:
        """Close intent `op` with its outcome, both at once, and return the record's number.

        There is always a place: `begin` kept it.

        Raises:
            JournalFailed: the disk is full or broken; the intent is still open.
            ValueError: no such intent is open, or `record` is about another `op`.
        """
        # What nobody knows moves no value, so it does not take the `op` that it is about.
        about = record.intended if isinstance(record, TouchUnknown) else record.op
        if about != op:
            raise ValueError(f"outcome of {about!r}, {op!r} wanted")
        line = to_line(record)
        head = head_after(self._head, line)
        seq = self.last_seq + 1
        with self._together(f"outcome of {op}") as database:
            if database.execute("DELETE FROM intent WHERE op = ?", (op,)).rowcount != 1:
                raise ValueError(f"no intent {op!r} is open")
            database.execute(_INSERT_LINE, (seq, record.at_ms, head, line))
        self._intents -= 1
        self.last_seq, self._head = seq, head
        return seq

    def open_intents(self) -> list[Intent]:
        """Return the intents without an outcome, oldest first."""
        rows = self._read(f"SELECT {INTENT_COLUMNS} FROM intent ORDER BY begun_ms, op")
        names = INTENT_COLUMNS.split(", ")
        return [Intent(**dict(zip(names, row, strict=True))) for row in rows]

    def pending(self, after_seq: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` lines after `after_seq` with their numbers, settled ones too."""
        return self._read(
            "SELECT seq, line FROM line WHERE seq > ? ORDER BY seq LIMIT ?", after_seq, limit
        )

    def head_at(self, seq: int) -> bytes:
        """Return the head after line `seq`.

        Raises:
            LookupError: that line is pruned, or not written yet.
        """
        if seq == self.last_seq:
            return self._head
        if seq == self._pruned_seq:
            return self._pruned_head
        rows = self._read("SELECT head FROM line WHERE seq = ?", seq)
        if not rows:
            raise LookupError(f"line {seq}, {self._pruned_seq} to {self.last_seq} are known")
        head: bytes = rows[0][0]
        return head

    def settle(self, receipt: Receipt, *, epoch: str) -> Settlement:
        """Take the hub's word for every line up to the receipt's, if it names exactly our chain.

        `epoch` is that of the receipt's envelope. The first receipt of a new incarnation of the
        hub may also take lines back: what it lacks is pending again. A late receipt of an
        incarnation that another has replaced settles nothing: that hub is gone.

        Raises:
            JournalFailed: the disk is full or broken; nothing is settled.
        """
        mismatch = self._mismatch(receipt, epoch)
        if mismatch is not None:
            return mismatch
        upto_seq = max(receipt.upto_seq, self._pruned_seq)
        is_new = receipt.incarnation != self.incarnation
        if upto_seq <= self.settled_seq and not is_new:
            return Settled(0)
        before_seq = self.settled_seq
        with self._together(f"receipt for {upto_seq}") as database:
            database.execute("UPDATE place SET settled_seq = ?", (upto_seq,))
            if is_new:
                database.execute("INSERT INTO incarnation (id) VALUES (?)", (receipt.incarnation,))
                database.execute(_FORGET_INCARNATIONS, (INCARNATIONS_MAX,))
        self.settled_seq = upto_seq
        if is_new:
            self._incarnations = [*self._incarnations, receipt.incarnation][-INCARNATIONS_MAX:]
        lost_lines = upto_seq - receipt.upto_seq
        if upto_seq < before_seq or lost_lines:
            return Reopened(before_seq - upto_seq, lost_lines)
        return Settled(upto_seq - before_seq)

    def prune(self, now_ms: int) -> int:
        """Forget settled lines older than the retention and return how many, `PRUNED_MAX` at most.

        The head of the last one forgotten is kept: the chain goes on from it.

        Raises:
            JournalFailed: the disk is full or broken; nothing is forgotten.
        """
        young = self._read(
            "SELECT seq FROM line WHERE at_ms >= ? ORDER BY seq LIMIT 1",
            now_ms - self._retention_ms,
        )
        old_seq = young[0][0] - 1 if young else self.last_seq
        upto_seq = max(min(old_seq, self.settled_seq), self.settled_seq - RETAINED_MAX)
        upto_seq = min(upto_seq, self._pruned_seq + PRUNED_MAX)
        if upto_seq <= self._pruned_seq:
            return 0
        head = self.head_at(upto_seq)
        with self._together("pruning") as database:
            database.execute("DELETE FROM line WHERE seq <= ?", (upto_seq,))
            database.execute("UPDATE place SET pruned_seq = ?, pruned_head = ?", (upto_seq, head))
        lines = upto_seq - self._pruned_seq
        self._pruned_seq, self._pruned_head = upto_seq, head
        return lines

    def last_operation(self) -> Record | None:
        """Return the newest record that moves value: show it first, so nobody keys it again.

        Only the newest `LOOK_BACK_MAX` lines are searched.
        """
        return self._newest(VALUE_KINDS)

    def closed_day(self) -> int:
        """Return the business day (yyyymmdd) that was stated to be over last, 0 for none."""
        if self._closed_day is None:
            self._closed_day = self._look_up_closed_day()
        return self._closed_day

    def open_face(self) -> FaceStarted | None:
        """Return the face that was begun last, if it has no outcome yet; searched as far back."""
        newest = self._newest(FACE_KINDS)
        return newest if isinstance(newest, FaceStarted) else None

    def _look_up_closed_day(self) -> int:
        named = b'"' + DayClosed.kind.encode() + b'"'
        for (line,) in self._read(_NAMING, named, LOOK_BACK_MAX):
            with suppress(wire.UnknownLine):
                record = from_line(line)
                if isinstance(record, DayClosed):
                    return record.day
        return 0

    def _newest(self, kinds: frozenset[str]) -> Record | None:
        newest = "SELECT line FROM line ORDER BY seq DESC LIMIT ?"
        for (line,) in self._read(newest, LOOK_BACK_MAX):
            with suppress(wire.UnknownLine):  # a newer release of us wrote it
                record = from_line(line)
                if record.kind in kinds:
                    return record
        return None

    def _room(self, kind: str) -> int:
        kept = 0 if kind in OUTCOME_KINDS else OUTCOMES_KEPT
        return self._lines_max - kept - self._intents - self.pending_lines

    def _read(self, query: str, *values: int | bytes) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise JournalFailed(f"journal cannot be read: {error}") from error

    @contextmanager
    def _together(self, what: str) -> Iterator[sqlite3.Connection]:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):  # after some faults SQLite has rolled back itself
                self._database.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise JournalFailed(f"{what} is not stored: {error}") from error
            raise

    def _mismatch(self, receipt: Receipt, epoch: str) -> Mismatch | None:
        if epoch != self.epoch:
            return Mismatch("epoch", epoch, self.epoch)
        if receipt.incarnation in self._incarnations[:-1]:
            return Mismatch("incarnation", receipt.incarnation, self.incarnation)
        if receipt.upto_seq > self.last_seq:
            return Mismatch("seq", str(receipt.upto_seq), f"at most {self.last_seq}")
        if receipt.upto_seq < self._pruned_seq:
            if receipt.incarnation != self.incarnation:
                return None  # its head is pruned; the seal vouches for what it lacks
            return Mismatch("seq", str(receipt.upto_seq), f"at least {self._pruned_seq}")
        head = self.head_at(receipt.upto_seq).hex()
        return None if receipt.head == head else Mismatch("head", receipt.head, head)


# SQLite looks at bytes far faster than we at lines.
_NAMING = "SELECT line FROM line WHERE instr(line, ?) > 0 ORDER BY seq DESC LIMIT ?"
_INSERT_LINE = "INSERT INTO line (seq, at_ms, head, line) VALUES (?, ?, ?, ?)"
_INSERT_INTENT = (
    f"INSERT INTO intent ({INTENT_COLUMNS})"
    f" VALUES ({', '.join('?' for _ in INTENT_COLUMNS.split())})"
)
_FORGET_INCARNATIONS = "DELETE FROM incarnation WHERE met <= (SELECT max(met) FROM incarnation) - ?"
