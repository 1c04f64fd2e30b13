"""A letter: what a device and the hub tell each other about secrets, readable by who has one key.

AES-256-GCM (NIST SP 800-38D) under a key that HKDF-SHA256 (RFC 5869) makes of a secret that both
have. That a letter opens proves that its writer has the secret too, so it needs no further seal;
`about` binds it to what it belongs to, such as the letter that it answers.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
TAG_BYTES = 16
LETTER_MAX_BYTES = 1024 * 1024

_KEY_BYTES = 32


class LetterError(ValueError):
    """No letter, or one that was written under another secret, for another purpose, or changed."""


def close_letter(
    secret: bytes, purpose: str, content: bytes, *, about: bytes, nonce: bytes
) -> bytes:
    """Return `content` so that only who has `secret` can read it, and nobody can change it.

    `nonce` is `NONCE_BYTES` random bytes. A key is made for each secret and purpose, and writes a
    handful of letters; GCM would bear four billion.

    Raises:
        LetterError: `content` is longer than a letter may be.
    """
    letter = nonce + _cipher(secret, purpose).encrypt(nonce, content, about)
    if len(letter) > LETTER_MAX_BYTES:
        raise LetterError(f"letter of {len(letter)} bytes, at most {LETTER_MAX_BYTES}")
    return letter


def open_letter(secret: bytes, purpose: str, letter: bytes, *, about: bytes) -> bytes:
    """Return what `letter` says.

    Raises:
        LetterError: it is no letter of who has `secret`, for `purpose` and `about` this.
    """
    if not NONCE_BYTES + TAG_BYTES <= len(letter) <= LETTER_MAX_BYTES:
        raise LetterError(f"letter of {len(letter)} bytes, wanted at most {LETTER_MAX_BYTES}")
    nonce, enciphered = letter[:NONCE_BYTES], letter[NONCE_BYTES:]
    try:
        return _cipher(secret, purpose).decrypt(nonce, enciphered, about)
    except InvalidTag:
        raise LetterError("the letter was written under another secret, or was changed") from None


def _cipher(secret: bytes, purpose: str) -> AESGCM:
    # The purpose keeps this key apart from the seals that the same secret makes.
    key = HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=f"revisit letter {purpose}".encode())
    return AESGCM(key.derive(secret))
