"""AES-CMAC, with which smart cards and their readers prove what they say. Portable.

Source: NIST SP 800-38B §6.1 and §6.2 (RFC 4493 is the same). The AES block function is an argument,
`encrypt_block(key, block) -> bytes` on 16 and 16 bytes, because boards and Linux have different
ones.
"""

BLOCK_BYTES = 16
ZERO_BLOCK = bytes(BLOCK_BYTES)


def cmac(key: bytes, message: bytes, encrypt_block, start: bytes = ZERO_BLOCK) -> bytes:  # type: ignore[no-untyped-def]  # boards have no typing
    """Return the 16-byte CMAC of `message`; DESFire EV1 chains it, from the CMAC before on."""
    subkey = double(encrypt_block(key, ZERO_BLOCK))
    if not message or len(message) % BLOCK_BYTES:
        subkey = double(subkey)
        message = pad(message)
    state = start
    last = len(message) - BLOCK_BYTES
    for at in range(0, last, BLOCK_BYTES):
        state = encrypt_block(key, xor(state, message[at : at + BLOCK_BYTES]))
    return bytes(encrypt_block(key, xor(xor(state, message[last:]), subkey)))


def pad(data: bytes) -> bytes:
    """Return `data` with one bit and as many zeros as fill a block (ISO/IEC 9797-1, method 2)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK_BYTES)


def double(block: bytes) -> bytes:
    """Multiply by x in GF(2^128): how SP 800-38B §6.1 makes a subkey."""
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number ^= (1 << 128) | 0x87
    return number.to_bytes(BLOCK_BYTES, "big")


def xor(one: bytes, other: bytes) -> bytes:
    """Return the bits that differ between two blocks."""
    return bytes([a ^ b for a, b in zip(one, other)])  # noqa: B905  # boards have no strict=
