"""A lease: points that one card may spend while the hub is out of reach, and the hub's word for it.

On a card it is a certificate of 96 bytes; numbers are big-endian:

    0   format version (1), length of the UID (1), UID, filled up with zeros (10)
    12  lease id (8), points (4), expiry in seconds since 1970 (4), the card's counter (4)
    32  Ed25519 signature of the 32 bytes before it

The hub signs, since whoever can check a symmetric seal can make one (docs/offline.md).
"""

import struct
from dataclasses import dataclass

from loyalty.signatures import SIGNATURE_BYTES, is_signed, sign

CERTIFICATE_BYTES = 96
LEASE_ID_DIGITS = 16
LEASE_POINTS_MAX = 2**31 - 1  # a DESFire value file has 32 bits, signed
PURPOSE = "lease"
OFFER, CARRY, CLOSE, LAPSE = "offer", "carry", "close", "lapse"  # what becomes of a lease, once

_BODY = ">BB10s8sIII"
_BODY_BYTES = 32
_VERSION = 1
_UID_MAX_BYTES = 10  # ISO/IEC 14443-3 §6.5.4


def operation(lease: str, deed: str) -> str:
    """Return the business key of one of the deeds that happen to a lease at most once."""
    return f"lease:{lease}:{deed}"


class NoCertificate(ValueError):
    """The bytes are no certificate for this card; the message says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """`points` for the card `uid` until `expires_s`; `counter` was the card's when it was given.

    `id` is 16 hexadecimal digits.
    """

    id: str
    uid: bytes
    points: int
    expires_s: int
    counter: int


def body(lease: Lease) -> bytes:
    """Return the 32 bytes that are signed.

    Raises:
        ValueError: a field is out of its limits.
    """
    if not 1 <= len(lease.uid) <= _UID_MAX_BYTES:
        raise ValueError(f"uid of {len(lease.uid)} bytes, wanted 1 to {_UID_MAX_BYTES}")
    if not 0 <= lease.points <= LEASE_POINTS_MAX:
        raise ValueError(f"{lease.points} points, wanted 0 to {LEASE_POINTS_MAX}")
    if len(lease.id) != LEASE_ID_DIGITS:
        raise ValueError(f"lease id {lease.id!r}, wanted {LEASE_ID_DIGITS} hexadecimal digits")
    try:
        return struct.pack(
            _BODY,
            _VERSION,
            len(lease.uid),
            lease.uid,
            bytes.fromhex(lease.id),
            lease.points,
            lease.expires_s,
            lease.counter,
        )
    except struct.error as error:
        raise ValueError(f"lease {lease.id}: {error}") from error


def signature_of(lease: Lease, seed: bytes) -> bytes:
    """Return the hub's signature, 64 bytes, made with its private key `seed`."""
    return sign(seed, PURPOSE, body(lease))


def certificate(lease: Lease, signature: bytes) -> bytes:
    """Return the 96 bytes that a card carries."""
    return body(lease) + signature


def read_certificate(data: bytes, uid: bytes, public_key: bytes) -> Lease | None:
    """Return the lease that `data` of the card `uid` certifies, None where it carries none.

    Raises:
        NoCertificate: something else is written there, or it is another card's.
    """
    if len(data) != CERTIFICATE_BYTES:
        raise NoCertificate(f"{len(data)} bytes, wanted {CERTIFICATE_BYTES}")
    if data == bytes(CERTIFICATE_BYTES):
        return None
    version, length, padded, lease_id, points, expires_s, counter = struct.unpack(
        _BODY, data[:_BODY_BYTES]
    )
    if version != _VERSION:
        raise NoCertificate(f"format version {version}, wanted {_VERSION}")
    if padded[:length] != uid or padded[length:].strip(b"\0"):
        raise NoCertificate(f"certificate of card {padded[:length].hex()}, wanted {uid.hex()}")
    if not is_signed(public_key, PURPOSE, data[:_BODY_BYTES], data[-SIGNATURE_BYTES:]):
        raise NoCertificate("the hub's key has not signed it")
    return Lease(id=lease_id.hex(), uid=uid, points=points, expires_s=expires_s, counter=counter)
