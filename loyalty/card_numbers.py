"""Numbers that stand for a card: what a record says in place of a barcode, a stripe or a phone.

    kind:digest     phone:5f0c2f…, 32 hexadecimal digits

The digest is the start of HMAC-SHA256(number key, kind || 0 || number). Whoever knows a number on
a card could print that card, and a phone number is a person's: so no line, journal or log ever
holds the number itself, and nobody without the programme's key can tell which number it was. A
chip's UID is hexadecimal digits alone, so no number's id is ever a chip's.
"""

from loyalty.card_kinds import PROFILES
from loyalty.chain import hmac_sha256

DIGEST_CHARS = 32

_PURPOSE = b"LOYALTY card numbers"


def number_key(seal_key: bytes) -> bytes:
    """Return the key of a programme's numbers, which follows from the key that seals its cards."""
    return hmac_sha256(seal_key, _PURPOSE)


def card_id(kind: str, number: str, key: bytes) -> str:
    """Return what stands for `number` of a card of `kind` (one without a chip) in records.

    `number` is in its one normal form; the same number as another kind is another card.
    """
    assert not PROFILES[kind].has_chip
    digest = hmac_sha256(key, f"{kind}\0{number}".encode())
    return f"{kind}:{digest.hex()[:DIGEST_CHARS]}"


def kind_of(card: str) -> str:
    """Return the kind that the id `card` names; empty for a chip, whose UID does not tell."""
    kind, colon, _ = card.partition(":")
    return kind if colon and kind in PROFILES and not PROFILES[kind].has_chip else ""
