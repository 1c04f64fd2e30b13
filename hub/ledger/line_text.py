"""Lines for people: names of fields, times as times, and no whole card number."""

from collections.abc import Iterator
from datetime import UTC, datetime

from loyalty.records import from_line
from loyalty.wire import CARD_FIELDS, UnknownLine, WireError, names_of

CARD_TAIL_CHARS = 4
ROWS_SHOWN_MAX = 20

_NOTHING: tuple[object, ...] = ("", -1)


def short_card(card: str) -> str:
    """Return enough of a card's id to tell it from another: its kind, if any, and the end."""
    kind, colon, _ = card.rpartition(":")
    if len(card) <= CARD_TAIL_CHARS:
        return card
    return f"{kind}{colon}…{card[-CARD_TAIL_CHARS:]}"


def moment(at_ms: int) -> str:
    """Return a time as people write it, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def fields(line: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and value of what `line` states, its kind first; what it leaves empty is not told.

    Bytes that are no line of ours are only counted: nobody knows what stands in them.
    """
    try:
        record = from_line(line)
    except UnknownLine:
        yield "kind", f"none that this hub knows, {len(line)} bytes"
        return
    except WireError:
        yield "kind", f"no line of ours, {len(line)} bytes"
        return
    yield "kind", record.kind
    for name in names_of(record.kind):
        value = getattr(record, name)
        if value not in _NOTHING and not (name.endswith("_ms") and value == 0):
            yield name, _text(name, value)


def _text(name: str, value: object) -> str:
    if name in CARD_FIELDS:
        return short_card(str(value))
    if isinstance(value, tuple):
        return _rows(value)
    if name.endswith("_ms") and name != "mono_ms":
        assert isinstance(value, int)
        return moment(value)
    return str(value)


def _rows(rows: tuple[object, ...]) -> str:
    shown = [", ".join(map(str, row)) for row in rows[:ROWS_SHOWN_MAX] if isinstance(row, tuple)]
    left = len(rows) - len(shown)
    return "; ".join([*shown, *([f"and {left} more"] if left else [])])
