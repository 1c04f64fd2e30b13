"""What a scanner read -> a card's number, or a clear mistake.

A scanner may put an AIM symbology identifier before the data (ISO/IEC 15424: `]E0`), so that a
short Code 128 is told from an article number. Without one, 8, 12, 13 and 14 digits are article
numbers and want their check digit.
"""

import re
from dataclasses import dataclass, field

from device.scanners.stripes import BankCard, Unreadable, is_bank_card, is_stripe, stripe_number

CODE_MIN_CHARS = 4
CODE_MAX_CHARS = 256  # a stripe of two tracks, or more than any code that we print
GTIN_DIGITS = (8, 12, 13, 14)  # EAN-8, UPC-A, EAN-13, ITF-14

_AIM = re.compile(r"\](?P<symbology>[A-Za-z])[0-9A-Za-z]")
_ARTICLES = "EI"  # symbology characters of EAN/UPC and of Interleaved 2 of 5
_DIGITS = re.compile(r"[0-9]+\Z", re.ASCII)
_PRINTABLE = re.compile(r"[!-~][ -~]*[!-~]\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class CardNumber:
    """A card's `number` in its one normal form; `kind` is a key of PROFILES."""

    kind: str
    number: str = field(repr=False)


def card_number(text: str) -> CardNumber | Unreadable | BankCard:
    """Return the card's number in what a scanner sent as `text`, without its line's end."""
    if len(text) > CODE_MAX_CHARS:
        return Unreadable("unreadable_code")
    if is_stripe(text):
        number = stripe_number(text)
        return CardNumber("magnetic", number) if isinstance(number, str) else number
    match = _AIM.match(text)
    symbology, data = (match["symbology"], text[match.end() :]) if match else ("", text)
    is_article = len(data) in GTIN_DIGITS and _DIGITS.match(data) is not None
    if symbology in _ARTICLES if symbology else is_article:
        return _article(data)
    if not symbology and is_bank_card(data):
        return BankCard()
    if len(data) < CODE_MIN_CHARS or _PRINTABLE.match(data) is None:
        return Unreadable("unreadable_code")
    return CardNumber("barcode", data)


def check_digit(digits: str) -> str:
    """Return the check digit that belongs behind `digits`.

    Source: GS1 General Specifications, section 7.9.1: weights 3 and 1 in turn, from the right.
    """
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits[::-1], 1))
    return str(-total % 10)


def _article(digits: str) -> CardNumber | Unreadable:
    is_whole = len(digits) in GTIN_DIGITS and _DIGITS.match(digits) is not None
    if not is_whole or check_digit(digits[:-1]) != digits[-1]:
        return Unreadable("unreadable_code")
    # One label may come as UPC-A or as EAN-13: GS1 has one space of 14 digits for all four.
    return CardNumber("barcode", digits.zfill(max(GTIN_DIGITS)))
