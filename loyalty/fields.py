"""What a field of a line may hold: the marks that records, asks and receipts put on their fields.

`scripts/make_wire_schema` turns them into the table of `wire_schema.py`, which boards can read.
All text is plain ASCII without quotes: a line holds ids and numbers, never what a person typed.
"""

from dataclasses import dataclass
from typing import Annotated

TIME_MAX_MS = 4_102_444_800_000  # 2100-01-01T00:00:00Z
POINTS_MAX = 10**12
MONEY_MAX_MINOR = 10**12
OP_MAX_CHARACTERS = 128  # store, receipt or grant, and leg
COUNT_MAX = 2**53 - 1  # what every JSON reader keeps exact
PART_MAX_CHARACTERS = 24_000  # leaves room for the other fields of its line


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Name:
    """Text of `least` to `most` characters out of `A-Z a-z 0-9 _ - . : / + =`."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Up to `most` rows, each a NamedTuple whose fields are marked the same way."""

    most: int


TimeMs = Annotated[int, Whole(0, TIME_MAX_MS)]
Count = Annotated[int, Whole(0, COUNT_MAX)]
Counter = Annotated[int, Whole(-1, 2**32 - 1)]
Points = Annotated[int, Whole(0, POINTS_MAX)]
SignedPoints = Annotated[int, Whole(-POINTS_MAX, POINTS_MAX)]
MoneyMinor = Annotated[int, Whole(-MONEY_MAX_MINOR, MONEY_MAX_MINOR)]
Flag = Annotated[int, Whole(0, 1)]
Day = Annotated[int, Whole(19700101, 20991231)]
Id = Annotated[str, Name(1, 64)]
OptionalId = Annotated[str, Name(0, 64)]
MemberToken = Annotated[str, Name(0, 16)]
Op = Annotated[str, Name(0, OP_MAX_CHARACTERS)]
Intended = Annotated[str, Name(1, OP_MAX_CHARACTERS)]
Hash = Annotated[str, Name(64, 64)]
Currency = Annotated[str, Name(3, 3)]
Signature = Annotated[str, Name(128, 128)]  # Ed25519, in hexadecimal
Wrapped = Annotated[str, Name(0, 128)]  # a key that only its reader can unwrap, in hexadecimal
Base64 = Annotated[str, Name(0, PART_MAX_CHARACTERS)]  # a part of a document
