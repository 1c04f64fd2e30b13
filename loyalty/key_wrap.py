"""A key of one card on its way from the hub to one device, which alone can read it.

AES key wrap (RFC 3394, §2.2.1) under a key that is good for one answer: the first 16 bytes of
HMAC-SHA256(secret of the device, "wrap " || ref of the ask).
"""

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from loyalty.chain import hmac_sha256

CARD_KEY_BYTES = 16
_WRAPPING_KEY_BYTES = 16


class NotWrappedForUs(ValueError):
    """The text is no key that was wrapped under this secret for this ask."""


def wrap(secret: bytes, ref: str, key: bytes) -> str:
    """Return `key`, 16 bytes, wrapped for who has `secret` and asked with `ref`; hexadecimal.

    Raises:
        ValueError: `key` has another length.
    """
    if len(key) != CARD_KEY_BYTES:
        raise ValueError(f"card key of {len(key)} bytes, wanted {CARD_KEY_BYTES}")
    return aes_key_wrap(_wrapping_key(secret, ref), key).hex()


def unwrap(secret: bytes, ref: str, wrapped: str) -> bytes:
    """Return the key that `wrapped` holds.

    Raises:
        NotWrappedForUs: it was altered, or wrapped for somebody else or for another ask.
    """
    try:
        key = aes_key_unwrap(_wrapping_key(secret, ref), bytes.fromhex(wrapped))
    except (InvalidUnwrap, ValueError) as error:
        raise NotWrappedForUs(f"no key wrapped for ask {ref}") from error
    if len(key) != CARD_KEY_BYTES:
        raise NotWrappedForUs(f"wrapped key of {len(key)} bytes, wanted {CARD_KEY_BYTES}")
    return key


def _wrapping_key(secret: bytes, ref: str) -> bytes:
    return hmac_sha256(secret, b"wrap " + ref.encode())[:_WRAPPING_KEY_BYTES]
