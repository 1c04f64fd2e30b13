"""The code with which a new device and the hub trust each other, once: shown as QR, or typed.

    HUB.LOCAL:8443/7K3M-Q2XD-…

After the hub's address stand groups of four out of 32 digits and letters (Crockford's base 32,
crockford.com/base32: no I, L, O or U, so that nothing is mistaken): the code's name, its secret,
where the hub speaks TLS the fingerprint of its certificate, and a check against slips of the hand.
All are upper case, which makes the smaller QR code; either case may be typed.
"""

import hashlib
import re
from typing import NamedTuple

VALID_MS = 10 * 60_000
TRIES_MAX = 5  # letters that do not open, until the code is shut

ID_BYTES = 5
SECRET_BYTES = 10  # 80 random bits
FINGERPRINT_BYTES = 10  # of a SHA-256: to forge it within ten minutes takes 2^80 certificates
CHECK_BYTES = 2
PORT_MAX = 65_535
TEXT_MAX_CHARS = 400

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILO", "110", "- ")
_GROUP_CHARS = 4
_PLACE = re.compile(r"(?:\[([0-9A-F:]{2,45})\]|([A-Z0-9._-]{1,253})):([0-9]{1,5})", re.ASCII)


class BadCode(ValueError):
    """What was typed or scanned is no pairing code; look at it again."""


class PairingCode(NamedTuple):
    """Where the hub is and how both sides prove themselves.

    `fingerprint` is `fingerprint_of` the certificate the hub shows, empty where it speaks no TLS.
    """

    host: str
    port: int
    id: str
    secret: bytes
    fingerprint: bytes


def shared_key(code_id: str, secret: bytes) -> bytes:
    """Return the key of the letters that are written under a code; the hub keeps no more of it."""
    return hashlib.sha256(b"revisit pairing " + code_id.encode() + secret).digest()


def fingerprint_of(certificate: bytes) -> bytes:
    """Return what a code says of a certificate in DER."""
    return hashlib.sha256(certificate).digest()[:FINGERPRINT_BYTES]


def id_of(random_bytes: bytes) -> str:
    """Return the name of a code, made of `ID_BYTES` random bytes."""
    return _base32(random_bytes)


def to_text(code: PairingCode) -> str:
    """Return `code` as a person can type it and a QR code holds it."""
    place = _place_text(code.host, code.port)
    content = _unbase32(code.id) + code.secret + code.fingerprint
    letters = _base32(content + _check(place, content))
    groups = [letters[it : it + _GROUP_CHARS] for it in range(0, len(letters), _GROUP_CHARS)]
    return f"{place}/{'-'.join(groups)}"


def from_text(text: str) -> PairingCode:
    """Return the code that `text` is, however its letters are grouped.

    Raises:
        BadCode: it is none, or a character of it is wrong.
    """
    # What is wrong with it is not repeated: it may be most of a secret.
    if len(text) > TEXT_MAX_CHARS:
        raise BadCode(f"code of {len(text)} characters, at most {TEXT_MAX_CHARS}")
    place, slash, letters = text.strip().upper().partition("/")
    found = _PLACE.fullmatch(place)
    if not slash or found is None:
        raise BadCode("no code: wanted HOST:PORT/ and groups of letters, as the hub showed it")
    host, port = (found[1] or found[2]).lower(), int(found[3])
    content = _unbase32(letters.translate(_READ_AS))
    body, check = content[:-CHECK_BYTES], content[-CHECK_BYTES:]
    plain = ID_BYTES + SECRET_BYTES
    if len(body) not in (plain, plain + FINGERPRINT_BYTES):
        raise BadCode(f"code of {len(letters)} letters, a group is missing or too many")
    if check != _check(_place_text(host, port), body):
        raise BadCode("a character of the code is wrong, or one of the address")
    if not 0 < port <= PORT_MAX:
        raise BadCode(f"port {port}, wanted 1 to {PORT_MAX}")
    return PairingCode(
        host=host,
        port=port,
        id=_base32(body[:ID_BYTES]),
        secret=body[ID_BYTES:plain],
        fingerprint=body[plain:],
    )


def _place_text(host: str, port: int) -> str:
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}").upper()


def _check(place: str, content: bytes) -> bytes:
    return hashlib.sha256(place.encode() + b"/" + content).digest()[:CHECK_BYTES]


def _base32(content: bytes) -> str:
    """Return `content`, padded with zero bits to whole letters."""
    chars = -(-8 * len(content) // 5)
    number = int.from_bytes(content, "big") << (5 * chars - 8 * len(content))
    return "".join(_DIGITS[number >> (5 * it) & 31] for it in reversed(range(chars)))


def _unbase32(letters: str) -> bytes:
    number = 0
    for letter in letters:
        value = _DIGITS.find(letter)
        if value < 0:
            raise BadCode(f"{letter!r} stands in no code")
        number = number << 5 | value
    size = 5 * len(letters) // 8
    padding_bits = 5 * len(letters) - 8 * size
    if number & ((1 << padding_bits) - 1):
        raise BadCode("the last character of the code is wrong")
    return (number >> padding_bits).to_bytes(size, "big")
