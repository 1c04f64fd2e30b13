"""Magnetic stripes as a swipe reader sends them: sentinels, check characters, the card's number.

Track 1 is `%` format number `^` name `^` … `?`, track 2 is `;` number `=` … `?`, each perhaps with
its check character behind (ISO/IEC 7811-2; layout of financial cards: ISO/IEC 7813). A bank card
is told apart and nothing of it is kept: neither this file nor its answers hold its number.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Literal

NUMBER_MIN_CHARS = 4
TRACK_1_MAX_CHARS = 79  # ISO/IEC 7813, with sentinels and check character
TRACK_2_MAX_CHARS = 40

_TRACKS = re.compile(
    r"(?:%(?P<one>[ -$&->@-_]*)\?(?P<one_check>.?))?(?:;(?P<two>[0-9:<=>]*)\?(?P<two_check>.?))?\Z",
    re.ASCII | re.DOTALL,
)
_TRACK_1_BASE, _TRACK_2_BASE = 0x20, 0x30  # a track's first character in ASCII
_NUMBER_1 = re.compile(r"(?P<format>[A-Z])(?P<number>[0-9A-Z .\-/]*)(?P<rest>.*)\Z", re.ASCII)
_NUMBER_2 = re.compile(r"(?P<number>[0-9]+)(?P<rest>.*)\Z", re.ASCII)

# ISO/IEC 7813: number of 8 to 19 digits, expiry (YYMM), service code (3 digits).
_FINANCIAL = re.compile(r"[0-9]{8,19}=[0-9]{2}(0[1-9]|1[0-2])[0-9]{3}", re.ASCII)
_NAMED = re.compile(r"B[0-9 ]{8,23}\^", re.ASCII)  # track 1, whose format B is for financial cards
_PAID_WITH = re.compile(r"[234569][0-9]{12,18}\Z", re.ASCII)  # first digits: ISO/IEC 7812-1


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What was read is damaged, or no card's."""

    problem: Literal["unreadable_code", "unreadable_stripe"]


@dataclass(frozen=True, slots=True)
class BankCard:
    """Somebody swiped a card that money is paid with."""


def is_stripe(text: str) -> bool:
    """Return whether `text` begins as what stands on a stripe, and as no code of a card does."""
    return text.startswith(("%", ";"))


def is_bank_card(text: str) -> bool:
    """Return whether `text`, with or without sentinels, looks like a bank card; in doubt it does.

    A reader may be set to leave out sentinels, or all but the number.
    """
    is_number = _PAID_WITH.match(text) is not None and passes_luhn(text)
    return is_number or _FINANCIAL.search(text) is not None or _NAMED.search(text) is not None


def stripe_number(text: str) -> str | Unreadable | BankCard:
    """Return the card's number on the tracks of `text`: track 2's, or else track 1's."""
    tracks = _TRACKS.match(text)
    if is_bank_card(text):
        return BankCard()
    if tracks is None or len(text) > TRACK_1_MAX_CHARS + TRACK_2_MAX_CHARS:
        return _BAD
    one_is_right = _check(tracks["one"], tracks["one_check"], "%", _TRACK_1_BASE)
    two_is_right = _check(tracks["two"], tracks["two_check"], ";", _TRACK_2_BASE)
    if not (one_is_right and two_is_right):
        return _BAD
    number = _number(tracks["one"], tracks["two"])
    if is_bank_card(number):
        return BankCard()
    return number if len(number) >= NUMBER_MIN_CHARS else _BAD


def passes_luhn(digits: str) -> bool:
    """Return whether the last of `digits` is their check digit (ISO/IEC 7812-1 Annex B)."""
    doubled = [int(it) * (1 + place % 2) for place, it in enumerate(reversed(digits))]
    return sum(it - 9 if it > 9 else it for it in doubled) % 10 == 0


_BAD = Unreadable("unreadable_stripe")


def _number(one: str | None, two: str | None) -> str:
    second = _NUMBER_2.match(two or "")
    if second is not None:
        return second["number"]
    first = _NUMBER_1.match(one or "")
    return "" if first is None else first["number"].strip()


def _check(track: str | None, check: str | None, start: str, base: int) -> bool:
    """Return whether the check character behind a track is right; many readers leave it out."""
    if track is None or not check:
        return True
    values = [ord(it) - base for it in f"{start}{track}?"]
    return chr(reduce(xor, values) + base) == check
