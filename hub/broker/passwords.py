"""What is kept of a password for the broker: a digest that ours and mosquitto both take.

It is mosquitto's `$7$` form (mosquitto 2.0 `password_mosq.h`, `mosquitto_passwd(1)`): PBKDF2 with
HMAC-SHA512, a salt of twelve bytes and 101 rounds. So few are enough here: the passwords are 32
random bytes, not words that a person chose.
"""

import hashlib
import hmac
from base64 import b64encode

SALT_BYTES = 12
ROUNDS = 101
DIGEST_BYTES = 64

_OLDER_BYTES = 32  # of a SHA-256, which was kept before; it is good for our own broker only


def password_digest(salt: bytes, password: str) -> bytes:
    """Return what is kept of a password beside its salt."""
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)


def is_password(password: str, salt: bytes, digest: bytes) -> bool:
    """Return whether `digest` was kept of this password."""
    if len(digest) == _OLDER_BYTES:
        found = hashlib.sha256(salt + password.encode()).digest()
    else:
        found = password_digest(salt, password)
    return hmac.compare_digest(found, digest)


def is_for_mosquitto(salt: bytes, digest: bytes) -> bool:
    """Return whether `digest` is in a form that mosquitto can check."""
    return (len(salt), len(digest)) == (SALT_BYTES, DIGEST_BYTES)


def mosquitto_password(user: str, salt: bytes, digest: bytes) -> str:
    """Return the line of mosquitto's password file for `user`.

    Raises:
        ValueError: the digest is an older one, which mosquitto cannot check.
    """
    if not is_for_mosquitto(salt, digest):
        raise ValueError(
            f"{user}: its password was kept in a form that mosquitto cannot check;"
            " `revisit hub add-device` gives it another"
        )
    return f"{user}:$7${ROUNDS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
