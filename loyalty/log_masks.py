"""What must not stand in a log: keys and passwords, names, and numbers that say who somebody is.

Every line passes through `masked`. It knows what to hide by the name of the fact, and, in words
that come from elsewhere such as the text of an error, by its look.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "(hidden)"
SHOWN_CHARACTERS = 4  # of a number, enough to find its card among those at hand

# Facts whose every word is secret or personal.
SECRET_FACTS = frozenset(
    {"auth", "first_name", "hex", "key", "master", "member_name", "password", "pin", "seal"}
    | {"secret", "token"}
)
# Facts that we name ourselves; they may look like numbers and are none of a person's.
OWN_FACTS = frozenset(
    {"broker", "device", "event", "host", "kid", "ledger", "level", "store", "timestamp"}
)

# The uid of a card (4 bytes or more), a key, a digest, a card number or a phone number.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}(?: ?[0-9A-Fa-f]{2}){3,}|\d{8,}|\+\d[\d -]{6,}\d)"
    r"(?![0-9A-Za-z])"
)


def masked(_logger: object, _method: str, facts: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return `facts` without what must not be written down; a processor of structlog."""
    return {name: _shown(name, value) for name, value in facts.items()}


def _shown(name: str, value: object) -> object:
    if name in SECRET_FACTS:
        return HIDDEN
    if name in OWN_FACTS or value is None or isinstance(value, bool | int | float):
        return value
    return _NUMBER.sub(_shortened, value if isinstance(value, str) else repr(value))


def _shortened(number: re.Match[str]) -> str:
    return f"…{number[0][-SHOWN_CHARACTERS:]}"
