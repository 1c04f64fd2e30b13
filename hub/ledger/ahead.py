"""What a group of lines will ask of the ledger, told from the lines themselves."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from hub.ledger.database import Row
from hub.ledger.rows import CardRow, PostedLine
from loyalty.wire import NAME_CHARACTERS, names_of

_COMMON = names_of("check_in")  # what every record carries, behind version and kind
_CARD, _MEMBER, _OP = (2 + _COMMON.index(it) for it in ("card", "member", "op"))


class Wanted(NamedTuple):
    """Keys that lines name; what is in them is not checked yet."""

    devices: frozenset[str]
    cards: frozenset[str]
    tokens: frozenset[str]
    ops: frozenset[str]


class Ahead(NamedTuple):
    """What was found of what is wanted. What is not in here is not in the ledger.

    `members` are rows of that table, `lots` those with something left, by member id.
    """

    wanted: Wanted
    cards: list[CardRow]
    members: list[Row]
    lots: dict[int, list[Row]]
    ops: dict[str, PostedLine]


def wanted_by(devices: Iterable[str], lines: Iterable[bytes]) -> Wanted:
    """Return what `lines` of `devices` name; a line that is none of ours names nothing."""
    cards: set[str] = set()
    tokens: set[str] = set()
    ops: set[str] = set()
    for line in lines:
        values = _values(line)
        for key, keys in ((_CARD, cards), (_MEMBER, tokens), (_OP, ops)):
            value = values[key] if len(values) > key else ""
            # PostgreSQL takes no NUL and no half of a pair in a text, and no line with one posts.
            if isinstance(value, str) and value and NAME_CHARACTERS.issuperset(value):
                keys.add(value)
    return Wanted(frozenset(devices), frozenset(cards), frozenset(tokens), frozenset(ops))


def _values(line: bytes) -> list[Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return values if isinstance(values, list) else []
