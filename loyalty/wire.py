"""Portable. Lines to bytes and back: one canonical JSON list per line.

A line is `[version,"kind",field,…]` in the field order of `wire_schema.py`: ASCII, no spaces,
integers only, text without anything that needs escaping. CPython and boards give the same bytes.
"""

import json

from loyalty.chain import LINE_MAX_BYTES
from loyalty.wire_schema import SCHEMA

TYPE_CHECKING = False  # boards have no `typing`
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
LISTS_MAX = 1002  # a line, its list of rows, and more rows than any list may have

NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:/+=")
CARD_FIELDS = ("card", "stopped", "allowed")  # they name a card, and no message repeats them


class WireError(ValueError):
    """The bytes are no line of ours, or a field is out of range; the message says which."""


class UnknownLine(WireError):
    """A well-formed line of a kind or version this programme does not know: keep it and wait."""


def names_of(kind: str) -> tuple[str, ...]:
    """Return the field names of `kind` in wire order."""
    return SCHEMA[kind][0]


def check(kind: str, values: "tuple[Any, ...]") -> None:
    """Raise WireError unless every one of `values`, in wire order, is what `kind` allows.

    Lists of rows are tuples of tuples here.
    """
    names, marks = SCHEMA[kind]
    if len(values) != len(names):
        raise WireError(f"{kind}: {len(values)} fields, {len(names)} wanted")
    for index, mark in enumerate(marks):
        value = values[index]
        if mark[0] == "rows":
            _check_rows(f"{kind}.{names[index]}", mark, value)
        elif not _allows(mark, value):
            raise WireError(_refusal(f"{kind}.{names[index]}", mark, value))


def encode(kind: str, values: "tuple[Any, ...]") -> bytes:
    """Return the canonical bytes of a line whose `values` passed `check`.

    Raises:
        WireError: the line is longer than `LINE_MAX_BYTES`.
    """
    form, tables = _FORMS.get(kind) or _form_of(kind)
    parts = list(values)
    for at, row_form in tables:
        parts[at] = ",".join([row_form % row for row in values[at]])
    line: bytes = (form % tuple(parts)).encode()
    if len(line) > LINE_MAX_BYTES:
        raise WireError(f"{kind}: line of {len(line)} bytes, at most {LINE_MAX_BYTES}")
    return line


def decode(line: bytes) -> "tuple[str, list[Any]]":
    """Return `(kind, values)` of a line; `check` the values before believing them.

    Raises:
        UnknownLine: another version, or a kind that `wire_schema` does not list.
        WireError: not a line at all.
    """
    if len(line) > LINE_MAX_BYTES:
        raise WireError(f"line of {len(line)} bytes, at most {LINE_MAX_BYTES}")
    if line.count(b"[") > LISTS_MAX or b"{" in line or b"[[[[" in line:
        raise WireError("line of more lists than a line, its rows and their fields")
    try:
        parts = json.loads(line.decode())
    except (ValueError, RuntimeError) as error:  # UnicodeError is a ValueError
        raise WireError(f"line is not JSON in UTF-8: {line[:40]!r}") from error
    if not isinstance(parts, list) or len(parts) < 2:
        raise WireError(f"line is no list of version, kind and fields: {line[:40]!r}")
    version, kind = parts[0], parts[1]
    if type(version) is not int or type(kind) is not str:
        raise WireError(f"line begins with no version and kind: {line[:40]!r}")
    if version != VERSION:
        raise UnknownLine(f"line version {version}, {VERSION} known")
    if kind not in SCHEMA:
        raise UnknownLine(f"kind {kind[:40]!r} is not known")
    return kind, parts[2:]


def _form_of(kind: str) -> "tuple[str, list[tuple[int, str]]]":
    """Return what `%` makes a line of, and the places of its lists with what makes their rows."""
    marks = SCHEMA[kind][1]
    tables = [(at, f"[{_form(it[2])}]") for at, it in enumerate(marks) if it[0] == "rows"]
    _FORMS[kind] = (f'[{VERSION},"{kind}",{_form(marks)}]', tables)
    return _FORMS[kind]


def _form(marks: "tuple[Any, ...]") -> str:
    return ",".join([_FORM_OF_MARK[mark[0]] for mark in marks])


_FORM_OF_MARK = {"whole": "%d", "name": '"%s"', "choice": '"%s"', "rows": "[%s]"}
_FORMS: "dict[str, tuple[str, list[tuple[int, str]]]]" = {}


def _check_rows(where: str, mark: "tuple[Any, ...]", rows: "Any") -> None:
    if not isinstance(rows, tuple) or len(rows) > mark[1]:
        raise WireError(f"{where}: up to {mark[1]} rows wanted, found {str(rows)[:40]!r}")
    for row in rows:
        if len(row) != len(mark[2]):
            raise WireError(f"{where}: row of {len(row)} fields, {len(mark[2])} wanted")
        for index, inner in enumerate(mark[2]):
            if not _allows(inner, row[index]):
                raise WireError(_refusal(where, inner, row[index]))


def _allows(mark: "tuple[Any, ...]", value: "Any") -> bool:
    if mark[0] == "whole":
        return type(value) is int and mark[1] <= value <= mark[2]
    if type(value) is not str:
        return False
    if mark[0] == "choice":
        return value in mark[1]
    return mark[1] <= len(value) <= mark[2] and NAME_CHARACTERS.issuperset(value)


def _refusal(where: str, mark: "tuple[Any, ...]", value: "Any") -> str:
    is_card = where.split(".")[1] in CARD_FIELDS
    found = "no card's id" if is_card else repr(str(value)[:40])
    return f"{where}: found {found}, wanted {_wanted(mark)}"


def _wanted(mark: "tuple[Any, ...]") -> str:
    if mark[0] == "choice":
        return "one of " + ", ".join(mark[1])
    if mark[0] == "whole":
        return f"a whole number from {mark[1]} to {mark[2]}"
    return f"{mark[1]} to {mark[2]} of A-Z a-z 0-9 _ - . : / + ="
