"""What an NTAG 424 DNA adds to its URL by itself: proof of which card it is, new at every read.

Portable. NXP calls it SUN, a secure unique NFC message: the chip mirrors into the file that
anybody can read its enciphered UID and read counter, and a MAC over them. Here both travel as one
proof, 48 hexadecimal digits. A proof shows that this card was read after all those with a smaller
counter; whether it was used before is for who keeps the last counter to say.

Source: NXP AN12196 rev. 1.8 §3.4; NXP NT4H2421Gx rev. 3.0 §9.3.
"""

import binascii

from loyalty.chain import same_bytes
from loyalty.cmac import BLOCK_BYTES, cmac

WHO_PARAMETER = "e"
MAC_PARAMETER = "c"
WHO_DIGITS = 32
MAC_DIGITS = 16
PROOF_DIGITS = WHO_DIGITS + MAC_DIGITS
URL_MAX_CHARS = 256

_TAG = 0xC7  # §3.4.2, PICCDataTag: the UID is mirrored, the counter too, the UID has 7 bytes.
_UID_BYTES = 7
_COUNTER_BYTES = 3
_SESSION = b"\x3c\xc3\x00\x01\x00\x80"  # §3.4.4, SV2: the session's key for MACs.
_HEX = "0123456789ABCDEFabcdef"


def proof_in(url: str) -> str:
    """Return the proof that the parameters of `url` carry, or "" if they carry none."""
    _, _, query = url[: URL_MAX_CHARS + 1].partition("?")
    if len(url) > URL_MAX_CHARS:
        return ""
    found = {}
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        found[name] = value
    proof = found.get(WHO_PARAMETER, "") + found.get(MAC_PARAMETER, "")
    return proof if is_proof(proof) else ""


def is_proof(text: str) -> bool:
    """Return whether `text` has the form of a proof; what it is worth only `prove` can tell."""
    return len(text) == PROOF_DIGITS and all(digit in _HEX for digit in text)


def prove(proof: str, meta_key: bytes, file_key_of, encrypt_block, decrypt_block):  # type: ignore[no-untyped-def]  # boards have no typing
    """Return (uid, counter) of the card that made `proof`, or None if none of ours did.

    `file_key_of(uid)` is the key with which that card makes its MACs; the block functions of AES
    are arguments as in `loyalty.cmac`.
    """
    if not is_proof(proof):
        return None
    who = decrypt_block(meta_key, binascii.unhexlify(proof[:WHO_DIGITS]))
    if who[0] != _TAG:
        return None
    uid = who[1 : 1 + _UID_BYTES]
    counter = who[1 + _UID_BYTES : 1 + _UID_BYTES + _COUNTER_BYTES]
    wanted = message_mac(file_key_of(uid), uid, counter, b"", encrypt_block)
    if not same_bytes(wanted, binascii.unhexlify(proof[WHO_DIGITS:])):
        return None
    return uid, int.from_bytes(counter, "little")


def message_mac(  # type: ignore[no-untyped-def]  # boards have no typing
    file_key: bytes, uid: bytes, counter: bytes, mirrored: bytes, encrypt_block
) -> bytes:
    """Return the 8 bytes by which the card `uid` proves that it was read (§3.4.4).

    `counter` has its low byte first; `mirrored` is the part of the file that the MAC covers, none
    of it where offset and input offset are the same, as on our cards.
    """
    vector = _SESSION + uid + counter
    session_key = cmac(file_key, vector, encrypt_block)
    return short_mac(cmac(session_key, mirrored, encrypt_block))


def short_mac(mac: bytes) -> bytes:
    """Return the 8 bytes of a CMAC that go over the air: every second one (AN12196 §3.4.4)."""
    return bytes([mac[at] for at in range(1, BLOCK_BYTES, 2)])
