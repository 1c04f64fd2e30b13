"""Lines of every kind: with the widest values that their fields allow, and with the narrowest."""

from typing import Any

from loyalty import asks, receipts, records
from loyalty.lines import Line
from loyalty.wire_schema import SCHEMA

KINDS: dict[str, type[Line]] = {**records.KINDS, **asks.KINDS, **receipts.KINDS}

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:/+="


def narrowest(kind: str) -> Line:
    """Return a line of `kind` with the least numbers, the shortest texts and no rows."""
    return line_of(kind, [_least(mark) for mark in SCHEMA[kind][1]])


def widest(kind: str) -> Line:
    """Return a line of `kind` with the greatest numbers, the longest texts and two rows."""
    return line_of(kind, [_most(mark) for mark in SCHEMA[kind][1]])


def line_of(kind: str, values: list[Any]) -> Line:
    """Return the line of `kind` whose fields are `values`, in wire order."""
    fields = dict(zip(SCHEMA[kind][0], values, strict=True))
    for name, row_type in KINDS[kind].row_types.items():
        fields[name] = tuple(row_type(*row) for row in fields[name])
    return KINDS[kind](**fields)


def _least(mark: tuple[Any, ...]) -> Any:
    match mark[0]:
        case "whole":
            return mark[1]
        case "choice":
            return mark[1][0]
        case "rows":
            return ()
    return "a" * mark[1]


def _most(mark: tuple[Any, ...]) -> Any:
    match mark[0]:
        case "whole":
            return mark[2]
        case "choice":
            return mark[1][-1]
        case "rows":
            return (tuple(_most(it) for it in mark[2]), tuple(_least(it) for it in mark[2]))
    return (_ALPHABET * 2)[: mark[2]]
