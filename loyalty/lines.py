"""Lines as dataclasses: the base of records, asks and answers, joined to the bytes of `wire`."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from typing import Any, ClassVar, TypeVar

from loyalty import wire
from loyalty.line_patterns import kind_at_sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that is stated in one line of bytes; its fields are in wire order.

    Raises:
        WireError: a field is outside what its mark in `loyalty.fields` allows.
    """

    kind: ClassVar[str]
    row_types: ClassVar[Mapping[str, Any]] = {}

    def __post_init__(self) -> None:
        wire.check(self.kind, _values(self))


Shape = TypeVar("Shape", bound=Line)


def to_line(stated: Line) -> bytes:
    """Return the canonical bytes of `stated`.

    Raises:
        WireError: they are more than `LINE_MAX_BYTES`.
    """
    return wire.encode(stated.kind, _values(stated))


def read_line(line: bytes, kinds: Mapping[str, type[Shape]]) -> Shape:
    """Return what `line` states, one of `kinds`.

    Raises:
        UnknownLine: a kind or version that is not among them; keep it and wait.
        WireError: anything else that is no such line.
    """
    kind = kind_at_sight(line)
    if kind in kinds:
        return read_kept_line(line, kinds)
    kind, values = wire.decode(line)
    shape = kinds.get(kind)
    if shape is None:
        raise wire.UnknownLine(f"kind {kind!r}, one of {', '.join(kinds)} wanted")
    names = wire.names_of(kind)
    if len(values) != len(names):
        raise wire.WireError(f"{kind}: {len(values)} fields, {len(names)} wanted")
    for name, row_type in shape.row_types.items():
        at = names.index(name)
        values[at] = _rows(f"{kind}.{name}", row_type, values[at])
    wire.check(kind, tuple(values))
    return _as_checked(shape, values)


def read_kept_line(line: bytes, kinds: Mapping[str, type[Shape]]) -> Shape:
    """Return what `line` states, which `read_line` read once, without looking it over again."""
    _, kind, *values = json.loads(line.decode())
    shape = kinds[kind]
    for name, row_type in shape.row_types.items():
        at = wire.names_of(kind).index(name)
        values[at] = tuple(map(tuple.__new__, repeat(row_type), values[at]))
    return _as_checked(shape, values)


def _as_checked(shape: type[Shape], values: Iterable[Any]) -> Shape:
    """Return a line with `values` in wire order that are known to pass `check`.

    It is made without the constructor, which would look at each of them twice more: a hub reads
    thousands of lines a second.
    """
    setters = _SETTERS.get(shape.kind)
    if setters is None:
        names = wire.names_of(shape.kind)
        setters = _SETTERS[shape.kind] = [getattr(shape, it).__set__ for it in names]
    stated = object.__new__(shape)
    for set_field, value in zip(setters, values, strict=True):
        set_field(stated, value)
    return stated


def _values(stated: Line) -> tuple[Any, ...]:
    get = _GETTERS.get(stated.kind)
    if get is None:
        get = _GETTERS[stated.kind] = attrgetter(*wire.names_of(stated.kind))
    values: tuple[Any, ...] = get(stated)
    return values


_GETTERS: dict[str, "attrgetter[tuple[Any, ...]]"] = {}
_SETTERS: dict[str, list[Callable[[Line, Any], None]]] = {}  # of the slots, past `frozen`


def _rows(where: str, row_type: Any, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise wire.WireError(f"{where}: {str(value)[:40]!r}, a list of rows wanted")
    width = len(row_type._fields)
    for row in value:
        if not isinstance(row, list) or len(row) != width:
            raise wire.WireError(f"{where}: row {str(row)[:40]!r}, {width} fields wanted")
    return tuple([row_type(*row) for row in value])
