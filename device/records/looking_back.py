"""What a journal's newest lines tell a terminal that starts: what it did last, and left open."""

from contextlib import suppress

from device.records.statements import Statements
from loyalty.record import Record
from loyalty.records import VALUE_KINDS, DayClosed, FacePrinted, FaceStarted, from_line
from loyalty.wire import UnknownLine

LOOK_BACK_MAX = 5_000  # lines searched for the last operation
FACE_KINDS = frozenset({FaceStarted.kind, FacePrinted.kind})

_NEWEST = "SELECT line FROM line ORDER BY seq DESC LIMIT ?"
# SQLite looks at bytes far faster than we at lines.
_NAMING = "SELECT line FROM line WHERE instr(line, ?) > 0 ORDER BY seq DESC LIMIT ?"


class LookingBack:
    """The newest line of a sort; only the newest `LOOK_BACK_MAX` are searched."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._closed_day: int | None = None  # not looked up yet

    def note(self, record: Record) -> None:
        """Know of `record`, which was appended."""
        if isinstance(record, DayClosed):
            self._closed_day = record.day

    def last_operation(self) -> Record | None:
        """Return the newest record that moves value."""
        return self._newest(VALUE_KINDS)

    def open_face(self) -> FaceStarted | None:
        """Return the face that was begun last, if it has no outcome yet."""
        newest = self._newest(FACE_KINDS)
        return newest if isinstance(newest, FaceStarted) else None

    def closed_day(self) -> int:
        """Return the business day (yyyymmdd) that was stated to be over last, 0 for none."""
        if self._closed_day is None:
            self._closed_day = self._look_up_closed_day()
        return self._closed_day

    def _newest(self, kinds: frozenset[str]) -> Record | None:
        for (line,) in self._statements.read(_NEWEST, LOOK_BACK_MAX):
            with suppress(UnknownLine):  # a newer release of us wrote it
                record = from_line(line)
                if record.kind in kinds:
                    return record
        return None

    def _look_up_closed_day(self) -> int:
        named = b'"' + DayClosed.kind.encode() + b'"'
        for (line,) in self._statements.read(_NAMING, named, LOOK_BACK_MAX):
            with suppress(UnknownLine):
                record = from_line(line)
                if isinstance(record, DayClosed):
                    return record.day
        return 0
