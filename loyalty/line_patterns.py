"""What lines look like: one regular expression for each kind, made of the marks of its fields.

A line that matches is one that `wire.decode` and `wire.check` allow, and it is found to be so in a
tenth of their time: a hub reads thousands of lines a second. One that does not match may be right
as well, if it has spaces, or numbers near the end of their range; `wire` decides then.
"""

import re
from functools import cache

from loyalty.chain import LINE_MAX_BYTES
from loyalty.wire import NAME_CHARACTERS, VERSION
from loyalty.wire_schema import SCHEMA

Mark = tuple[object, ...]

_KIND_AT = len(f'[{VERSION},"')
_CHARACTER = f"[{re.escape(''.join(sorted(NAME_CHARACTERS)))}]"
_NOTHING = "(?!)"  # business days, which are never near 0, are left to `wire`


def kind_at_sight(line: bytes) -> str:
    """Return the kind of a `line` that is right as far as one sees, else an empty text."""
    kind = line[_KIND_AT : line.find(b'"', _KIND_AT)].decode("ascii", "replace")
    if kind in SCHEMA and len(line) <= LINE_MAX_BYTES and _pattern_of(kind).fullmatch(line):
        return kind
    return ""


@cache
def _pattern_of(kind: str) -> re.Pattern[bytes]:
    """Return what lines of `kind` look like, a kind of the schema."""
    fields = ",".join(map(_pattern, SCHEMA[kind][1]))
    return re.compile(rf'\[{VERSION},"{kind}",{fields}\]'.encode())


def _pattern(mark: Mark) -> str:
    match mark:
        case "whole", int(least), int(most):
            return _whole(least, most)
        case "name", shortest, longest:
            return f'"{_CHARACTER}{{{shortest},{longest}}}+"'
        case "choice", tuple(words):
            return f'"(?:{"|".join(map(re.escape, words))})"'
        case "rows", int(most), tuple(marks):
            row = rf"\[{','.join(map(_pattern, marks))}\]"
            return rf"\[(?:{row}(?:,{row}){{0,{most - 1}}}+)?\]"
    raise TypeError(f"no pattern for the mark {mark}")


def _whole(least: int, most: int) -> str:
    if least > 0:
        return _NOTHING
    if least == 0:
        return _digits(most)
    if least == -most:
        return f"-?{_digits(most)}"
    return f"(?:{_digits(most)}|-{_digits(-least)})"


def _digits(most: int) -> str:
    """Return a pattern of numbers up to `most`: all of fewer digits, some of as many."""
    digits = str(most)
    if most < 10:
        return f"[0-{digits}]"
    return f"(?!0[0-9])[0-{int(digits[0]) - 1}]?[0-9]{{1,{len(digits) - 1}}}+"
