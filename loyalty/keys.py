"""Per-card keys: every card gets its own, so that one opened card opens no other. Portable.

Source: NXP AN10922 rev. 2.2, "Symmetric key diversifications", §2.2 (AES-128). The AES block
function is an argument, `encrypt_block(key, block) -> bytes` on 16 and 16 bytes, because boards and
Linux have different ones.
"""

MASTER_BYTES = 16
MESSAGE_MAX_BYTES = 31  # AN10922 §2.2: one constant byte and the message fill two AES blocks.
CLASSIC_KEY_BYTES = 6
SECTORS = 40  # A MIFARE Classic 4K has 40; a 1K has 16.

_AES128_CONSTANT = b"\x01"  # AN10922 §2.2, div constant for AES-128 keys.
_SYSTEM = b"LOYALTY"  # Our own system identifier within the diversification input.


def diversify_aes128(master: bytes, message: bytes, encrypt_block) -> bytes:  # type: ignore[no-untyped-def]  # boards have no typing
    """Return the 16-byte key that belongs to `message` (1 to 31 bytes) under `master`.

    The message is padded to two blocks always, so for a short one this is not plain AES-CMAC.

    Raises:
        ValueError: `master` is not 16 bytes, or `message` is empty or too long.
    """
    if len(master) != MASTER_BYTES:
        raise ValueError(f"master key of {len(master)} bytes, wanted {MASTER_BYTES}")
    if not 1 <= len(message) <= MESSAGE_MAX_BYTES:
        raise ValueError(f"message of {len(message)} bytes, wanted 1 to {MESSAGE_MAX_BYTES}")
    whole = _AES128_CONSTANT + message
    subkey = _double(encrypt_block(master, bytes(16)))
    if len(whole) < 32:
        subkey = _double(subkey)
        whole = whole + b"\x80" + bytes(31 - len(whole))
    first = encrypt_block(master, whole[:16])
    return bytes(encrypt_block(master, _xor(_xor(first, whole[16:]), subkey)))


def classic_key(master: bytes, uid: bytes, sector: int, name: str, encrypt_block) -> bytes:  # type: ignore[no-untyped-def]  # boards have no typing
    """Return the 6-byte MIFARE Classic key `name` ("A" or "B") of `sector` on the card `uid`.

    This is our own convention, NXP has none: the first six bytes of
    AN10922-AES128(master, uid || sector || "A" or "B" || "LOYALTY").

    Raises:
        ValueError: `uid` is not 4 or 7 bytes, or there is no such sector or key.
    """
    if len(uid) not in (4, 7):
        raise ValueError(f"uid of {len(uid)} bytes, wanted 4 or 7")
    if not 0 <= sector < SECTORS:
        raise ValueError(f"sector {sector}, wanted 0 to {SECTORS - 1}")
    if name not in ("A", "B"):
        raise ValueError(f"key {name!r}, wanted 'A' or 'B'")
    message = uid + bytes([sector]) + name.encode() + _SYSTEM
    return diversify_aes128(master, message, encrypt_block)[:CLASSIC_KEY_BYTES]


def _double(block: bytes) -> bytes:
    """Multiply by x in GF(2^128): how NIST SP 800-38B §6.1 makes a subkey."""
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number ^= (1 << 128) | 0x87
    return number.to_bytes(16, "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes([a ^ b for a, b in zip(one, other)])  # noqa: B905  # boards have no strict=
