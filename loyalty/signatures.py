"""Ed25519 (RFC 8032) from `cryptography`: what the hub alone can say and everybody can check."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


def public_key_of(seed: bytes) -> bytes:
    """Return the public key, 32 bytes, of the private key `seed`, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, purpose: str, message: bytes) -> bytes:
    """Return 64 bytes that vouch for `message`, meant for `purpose` and for nothing else."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(_said(purpose, message))


def is_signed(public_key: bytes, purpose: str, message: bytes, signature: bytes) -> bool:
    """Return whether `signature` vouches for `message`, meant for `purpose`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, _said(purpose, message))
    except (InvalidSignature, ValueError):
        return False
    return True


def _said(purpose: str, message: bytes) -> bytes:
    return f"revisit {purpose}\n".encode() + message
