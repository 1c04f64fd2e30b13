"""What was begun and has no outcome yet: it stands beside the chain until it is known."""

from dataclasses import astuple

from device.behaviour.intent import Intent
from device.records.journal_file import INTENT_COLUMNS
from device.records.kept_lines import INSERT_LINE, Row
from device.records.statements import Statements

_NAMES = INTENT_COLUMNS.split(", ")
_INSERT_INTENT = f"INSERT INTO intent ({INTENT_COLUMNS}) VALUES ({', '.join('?' for _ in _NAMES)})"


class Intents:
    """The open intents, each known by its `op`; `len` says how many."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._ops: set[str] = {op for (op,) in statements.read("SELECT op FROM intent")}

    def __len__(self) -> int:
        return len(self._ops)

    def begin(self, intent: Intent) -> None:
        """Store `intent`.

        Raises:
            JournalFailed: the disk is full or broken; it is not stored.
            ValueError: an intent with this `op` is open already.
        """
        if intent.op in self._ops:
            raise ValueError(f"intent {intent.op} is open already")
        self._statements.write(f"intent {intent.op}", _INSERT_INTENT, astuple(intent))
        self._ops.add(intent.op)

    def finish(self, op: str, outcome: Row) -> None:
        """Close intent `op` and store the line that states its outcome, both at once.

        Raises:
            JournalFailed: the disk is full or broken; the intent is still open.
            ValueError: no such intent is open.
        """
        if op not in self._ops:
            raise ValueError(f"no intent {op!r} is open")
        with self._statements.together(f"outcome of {op}") as database:
            database.execute("DELETE FROM intent WHERE op = ?", (op,))
            database.execute(INSERT_LINE, outcome)
        self._ops.remove(op)

    def listed(self) -> list[Intent]:
        """Return all of them, oldest first."""
        rows = self._statements.read(f"SELECT {INTENT_COLUMNS} FROM intent ORDER BY begun_ms, op")
        return [Intent(**dict(zip(_NAMES, row, strict=True))) for row in rows]
