"""AES for card keys on Linux, from `cryptography`; boards use their own `cryptolib`."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """Return one 16-byte block enciphered with AES under `key`."""
    # ECB of a single block is the AES block function itself; the chaining is in loyalty.keys.
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)
