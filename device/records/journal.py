"""The durable record store: what happened is on disk before anybody is told that it did.

One SQLite file in WAL mode with `synchronous=FULL`: when a method returns, its effect survives a
power cut; when one raises, nothing of it was kept. A line's place is its sequence number, counted
from 1 without gaps within the file's epoch; its head names everything up to it (`loyalty.chain`).

Every method is plain and costs at most one flush of the disk (0.2 ms on an SSD, some 10 ms on a
memory card). The app calls them straight from its event loop, on the thread that opened the
journal: the next step must not begin before the record is safe, so there is nothing to overlap.
"""

import sqlite3
from pathlib import Path

from device.behaviour.intent import Intent, op_ended_by
from device.errors import DeviceError
from device.links.lockfile import FileLock
from device.records.intents import Intents
from device.records.journal_file import Connect, JournalFailed, open_database
from device.records.kept_lines import KeptLines
from device.records.looking_back import LookingBack
from device.records.settlement import Settlement
from device.records.settling import Settling
from device.records.statements import Statements
from loyalty.clock import DAY_MS
from loyalty.receipts import Receipt
from loyalty.record import Record
from loyalty.records import FacePrinted, FaceStarted, TouchUnknown

LINES_MAX = 20_000  # not settled; a shop's busiest week without a network
OUTCOMES_KEPT = 8  # places that only the end of something begun may take
FILL_WARNING = 0.8
RETENTION_MS = 30 * DAY_MS

OUTCOME_KINDS = frozenset({FacePrinted.kind, TouchUnknown.kind})


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
            return cls(Statements(database), lock, lines_max=lines_max, retention_ms=retention_ms)
        except BaseException:
            lock.release()
            raise

    def __init__(
        self, statements: Statements, lock: FileLock, *, lines_max: int, retention_ms: int
    ) -> None:
        self._statements = statements
        self._lock = lock
        self._lines_max = lines_max
        self._retention_ms = retention_ms
        self._lines = KeptLines(statements)
        self._intents = Intents(statements)
        self._settling = Settling(statements, self._lines)
        self._past = LookingBack(statements)
        self.epoch = self._settling.epoch
        self.boot: int
        ((self.boot,),) = statements.read("SELECT boot FROM place")

    def close(self) -> None:
        """Let go of the file; the journal cannot be used any more."""
        self._statements.close()
        self._lock.release()

    @property
    def last_seq(self) -> int:
        """The number of the newest line; 0 for none."""
        return self._lines.last_seq

    @property
    def settled_seq(self) -> int:
        """The number of the last line that the hub has given a receipt for; 0 for none."""
        return self._settling.settled_seq

    @property
    def pending_lines(self) -> int:
        """How many lines the hub has not given a receipt for."""
        return self._lines.last_seq - self._settling.settled_seq

    @property
    def fill(self) -> float:
        """How full the journal is; at 1.0 the device stops selling."""
        taken = self.pending_lines + len(self._intents)
        return taken / (self._lines_max - OUTCOMES_KEPT)

    @property
    def is_nearly_full(self) -> bool:
        """Whether somebody should see to the network now."""
        return self.fill >= FILL_WARNING

    @property
    def incarnation(self) -> str:
        """The newest incarnation of the hub that this device has met; empty for none."""
        return self._settling.incarnation

    def append(self, record: Record) -> int:
        """Store `record` at the end of the chain and return its sequence number.

        Raises:
            JournalFull: only what must still be told about things begun has a place left.
            JournalFailed: the disk is full or broken; the record is not stored.
        """
        if self._room(record.kind) < 1:
            raise JournalFull(
                f"{self.pending_lines} lines wait for the hub and {len(self._intents)} for their"
                f" outcome, at most {self._lines_max - OUTCOMES_KEPT} may"
            )
        seq = self._lines.append(record)
        self._past.note(record)
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
        self._intents.begin(intent)

    def finish(self, op: str, record: Record) -> int:
        """Close intent `op` with its outcome, both at once, and return the record's number.

        There is always a place: `begin` kept it.

        Raises:
            JournalFailed: the disk is full or broken; the intent is still open.
            ValueError: no such intent is open, or `record` is about another `op`.
        """
        about = op_ended_by(record)
        if about != op:
            raise ValueError(f"outcome of {about!r}, {op!r} wanted")
        row = self._lines.next_row(record)
        self._intents.finish(op, row)
        return self._lines.take(row)

    def open_intents(self) -> list[Intent]:
        """Return the intents without an outcome, oldest first."""
        return self._intents.listed()

    def pending(self, after_seq: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` lines after `after_seq` with their numbers, settled ones too."""
        return self._lines.after(after_seq, limit)

    def head_at(self, seq: int) -> bytes:
        """Return the head after line `seq`.

        Raises:
            LookupError: that line is pruned, or not written yet.
        """
        return self._lines.head_at(seq)

    def settle(self, receipt: Receipt, *, epoch: str) -> Settlement:
        """Take the hub's word for every line up to the receipt's, if it names exactly our chain.

        `epoch` is that of the receipt's envelope. The first receipt of a new incarnation of the
        hub may also take lines back: what it lacks is pending again. A late receipt of an
        incarnation that another has replaced settles nothing: that hub is gone.

        Raises:
            JournalFailed: the disk is full or broken; nothing is settled.
        """
        return self._settling.settle(receipt, epoch=epoch)

    def prune(self, now_ms: int) -> int:
        """Forget settled lines older than the retention and return how many, `PRUNED_MAX` at most.

        The head of the last one forgotten is kept: the chain goes on from it.

        Raises:
            JournalFailed: the disk is full or broken; nothing is forgotten.
        """
        return self._lines.prune(
            settled_seq=self.settled_seq, before_ms=now_ms - self._retention_ms
        )

    def last_operation(self) -> Record | None:
        """Return the newest record that moves value: show it first, so nobody keys it again.

        Only the newest `LOOK_BACK_MAX` lines are searched.
        """
        return self._past.last_operation()

    def closed_day(self) -> int:
        """Return the business day (yyyymmdd) that was stated to be over last, 0 for none."""
        return self._past.closed_day()

    def open_face(self) -> FaceStarted | None:
        """Return the face that was begun last, if it has no outcome yet; searched as far back."""
        return self._past.open_face()

    def _room(self, kind: str) -> int:
        kept = 0 if kind in OUTCOME_KINDS else OUTCOMES_KEPT
        return self._lines_max - kept - len(self._intents) - self.pending_lines
