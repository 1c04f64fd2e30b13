"""Per-card keys: every card gets its own, so that one opened card opens no other. Portable.

Source: NXP AN10922 rev. 2.2, "Symmetric key diversifications", §2.2 (AES-128). The AES block
function is an argument, `encrypt_block(key, block) -> bytes` on 16 and 16 bytes, because boards and
Linux have different ones.
"""

from loyalty.cmac import double, xor

MASTER_BYTES = 16
MESSAGE_MAX_BYTES = 31  # AN10922 §2.2: one constant byte and the message fill two AES blocks.
CLASSIC_KEY_BYTES = 6
SECTORS = 40  # A MIFARE Classic 4K has 40; a 1K has 16.

NTAG424_APPLICATION = bytes.fromhex("d2760000850101")  # The only one on an NTAG 424 DNA: NDEF.
DESFIRE_APPLICATION = b"RV1"  # Ours on a DESFire.
DESFIRE_MASTER_KEY = 0  # Changes its keys and files; of the hub's and the technician's master.
DESFIRE_CREDIT_KEY = 3  # Counts up what a card may spend; of the same master.
SUN_FILE_KEY = 1  # Makes the MAC of its SUN messages, per card.
SUN_META_KEY = 4  # Enciphers who it is there, so it is the same on all cards.

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
    subkey = double(encrypt_block(master, bytes(16)))
    if len(whole) < 32:
        subkey = double(subkey)
        whole = whole + b"\x80" + bytes(31 - len(whole))
    first = encrypt_block(master, whole[:16])
    return bytes(encrypt_block(master, xor(xor(first, whole[16:]), subkey)))


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


def page_password(master: bytes, uid: bytes, encrypt_block) -> tuple[bytes, bytes]:  # type: ignore[no-untyped-def]  # boards have no typing
    """Return the password of the Ultralight EV1 or NTAG 21x `uid`, and the chip's answer to it.

    Our own convention: the first four and the next two bytes of
    AN10922-AES128(master, uid || "PWD" || "LOYALTY").
    """
    key = diversify_aes128(master, uid + b"PWD" + _SYSTEM, encrypt_block)
    return key[:4], key[4:6]


def application_key(  # type: ignore[no-untyped-def]  # boards have no typing
    master: bytes, uid: bytes, application: bytes, number: int, encrypt_block
) -> bytes:
    """Return AES key `number` of `application` on the smart card `uid`.

    The input is what AN10922 §2.1 recommends, UID, application and system, with the key's number.
    """
    return diversify_aes128(master, uid + application + bytes([number]) + _SYSTEM, encrypt_block)


def sun_file_key(master: bytes, uid: bytes, encrypt_block) -> bytes:  # type: ignore[no-untyped-def]  # boards have no typing
    """Return the key with which the NTAG 424 DNA `uid` proves its SUN messages."""
    return application_key(master, uid, NTAG424_APPLICATION, SUN_FILE_KEY, encrypt_block)


def sun_meta_key(master: bytes, encrypt_block) -> bytes:  # type: ignore[no-untyped-def]  # boards have no typing
    """Return the key that hides in a SUN message whose it is; all cards of a programme share it."""
    return application_key(master, b"", NTAG424_APPLICATION, SUN_META_KEY, encrypt_block)
