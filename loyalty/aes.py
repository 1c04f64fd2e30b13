"""AES on Linux, from `cryptography`, for the keys of cards; boards use their own `cryptolib`."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """Return one 16-byte block enciphered with AES under `key`."""
    # ECB of a single block is the AES block function itself; chaining is the business of others.
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def decrypt_block(key: bytes, block: bytes) -> bytes:
    """Return one 16-byte block deciphered with AES under `key`."""
    return Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(block)


def encrypt_cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    """Return `data`, whole blocks, enciphered in CBC mode from the block `start` on."""
    return Cipher(algorithms.AES(key), modes.CBC(start)).encryptor().update(data)


def decrypt_cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    """Return `data`, whole blocks, deciphered in CBC mode from the block `start` on."""
    return Cipher(algorithms.AES(key), modes.CBC(start)).decryptor().update(data)
