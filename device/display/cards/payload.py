"""What the QR code on a card face says: one strict line of text, and its reader.

    RV1;account;version;points;as_of_s;pending;check;sum

`check` is the hub's own short signature of the first four values and is handed in: this file cannot
make one. `sum` is ours: the start of a SHA-256 over everything before it, so that a damaged or
half-printed code is told from a good one without any key. It proves nothing about who wrote it.
"""

import hashlib
import re
from dataclasses import dataclass

from loyalty.fields import POINTS_MAX

VERSION_MAX = 10**9 - 1
AS_OF_S_MAX = 2**33 - 1  # the year 2242
ACCOUNT_MAX_CHARS = 24
CHECK_MAX_CHARS = 16
TEXT_MAX_CHARS = 112  # the longest line that still fits a version 7 QR code at error level M
SUM_CHARS = 6

_MARK = "RV1"
# Every name that `loyalty.card` lets a member have; the text has room for longer ones.
_ACCOUNT = re.compile(rf"[A-Za-z0-9_.:-]{{1,{ACCOUNT_MAX_CHARS}}}\Z", re.ASCII)
_CHECK = re.compile(rf"[A-Za-z0-9_-]{{1,{CHECK_MAX_CHARS}}}\Z", re.ASCII)
_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,12})\Z", re.ASCII)


class BadPayload(ValueError):
    """The text is not a face code of ours; it may be damaged, foreign or forged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A hub-signed balance and, apart from it, what this device has not yet reported."""

    account: str
    version: int
    points: int
    as_of_s: int
    pending_points: int
    check: str

    def __post_init__(self) -> None:
        _want(_ACCOUNT.match(self.account) is not None, "account", self.account)
        _want(_CHECK.match(self.check) is not None, "check", self.check)
        _want(0 <= self.version <= VERSION_MAX, "version", self.version)
        _want(abs(self.points) <= POINTS_MAX, "points", self.points)
        _want(0 <= self.as_of_s <= AS_OF_S_MAX, "as_of_s", self.as_of_s)
        _want(abs(self.pending_points) <= POINTS_MAX, "pending_points", self.pending_points)


def encode(payload: Payload) -> str:
    """Return the one text of `payload`, at most `TEXT_MAX_CHARS` of ASCII."""
    text = ";".join(
        (
            _MARK,
            payload.account,
            str(payload.version),
            str(payload.points),
            str(payload.as_of_s),
            str(payload.pending_points),
            payload.check,
        )
    )
    return f"{text};{_sum(text)}"


def decode(text: str) -> Payload:
    """Return what `text` says; only the exact output of `encode` is accepted.

    Raises:
        BadPayload: too long, foreign, damaged, or written in any other way.
    """
    if len(text) > TEXT_MAX_CHARS:
        raise BadPayload(f"face code of {len(text)} characters, at most {TEXT_MAX_CHARS}")
    parts = text.split(";")
    if len(parts) != 8 or parts[0] != _MARK:
        raise BadPayload(f"face code {text[:16]!r}… is not eight parts that start with {_MARK}")
    said, wanted = parts.pop(), _sum(text[: text.rindex(";")])
    if said != wanted:
        raise BadPayload(f"face code ends in {said!r}, its contents give {wanted!r}")
    _, account, version, points, as_of_s, pending_points, check = parts
    return Payload(
        account=account,
        version=_integer("version", version),
        points=_integer("points", points),
        as_of_s=_integer("as_of_s", as_of_s),
        pending_points=_integer("pending_points", pending_points),
        check=check,
    )


def _sum(text: str) -> str:
    # A hostile text may hold lone surrogates; they must end as a wrong sum, not as a traceback.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SUM_CHARS]


def _integer(name: str, text: str) -> int:
    if _INTEGER.match(text) is None:
        raise BadPayload(f"{name} is {text!r}, wanted a plain integer of at most 13 digits")
    return int(text)


def _want(holds: bool, name: str, found: object) -> None:
    if not holds:
        raise BadPayload(f"{name} of a face code is out of range: {found!r}")
