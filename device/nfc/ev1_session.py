"""DESFire EV1's AES authentication and the session after it: every command chains one CMAC.

Source: as in libfreefare 0.4.0 (mifare_desfire.c, mifare_desfire_crypto.c), which knows the
datasheet; its numbers are in the tests.
"""

from binascii import crc32

from device.nfc import desfire
from device.nfc.desfire import Mode
from device.nfc.reader import AuthenticationFailed, CardGone
from loyalty.aes import decrypt_cbc, encrypt_block, encrypt_cbc
from loyalty.chain import same_bytes
from loyalty.cmac import BLOCK_BYTES, ZERO_BLOCK, cmac


class Ev1Authentication:
    """One mutual proof that both sides have `key`; `random_a` is ours, 16 bytes never used yet."""

    code = desfire.AUTHENTICATE_AES
    parameters = b""

    def __init__(self, key: bytes, random_a: bytes) -> None:
        self._key = key
        self._random_a = random_a
        self._random_b = b""
        self._chained = ZERO_BLOCK

    def answer_challenge(self, challenge: bytes) -> bytes:
        """Return what proves to the card that we have the key.

        Raises:
            AuthenticationFailed: that was no challenge.
        """
        if len(challenge) != BLOCK_BYTES:
            raise AuthenticationFailed(f"challenge of {len(challenge)} bytes, wanted {BLOCK_BYTES}")
        self._random_b = decrypt_cbc(self._key, ZERO_BLOCK, challenge)
        proof = encrypt_cbc(self._key, challenge, self._random_a + rotated(self._random_b))
        self._chained = proof[-BLOCK_BYTES:]
        return proof

    def finish(self, answer: bytes) -> "Ev1Session":
        """Return the session, once `answer` has proved that the card has the key too.

        Raises:
            AuthenticationFailed: it has not.
        """
        wanted = encrypt_cbc(self._key, self._chained, rotated(self._random_a))
        if not same_bytes(wanted, answer):
            raise AuthenticationFailed("the card does not prove that it has the key")
        return Ev1Session(session_key(self._random_a, self._random_b))


class Ev1Session:
    """What both sides say after an authentication, each time bound to all that was said before."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._chained = ZERO_BLOCK

    def seal(self, code: int, header: bytes, data: bytes, mode: Mode) -> bytes:
        """Return what follows the command's code; a MAC goes along only with data that is written.

        Raises:
            ValueError: enciphered data, of which only keys are sent here (`seal_key`).
        """
        if mode is Mode.FULL:
            raise ValueError("only keys are enciphered in this session")
        mac = self._chain(bytes([code]) + header + data)
        return header + data + (mac if data and mode is Mode.MAC else b"")

    def seal_key(self, number: int, new: bytes, version: int, *, old: bytes | None) -> bytes:
        """Return the parameters of ChangeKey; `old` is None for the key of this session itself."""
        held = new if old is None else bytes([a ^ b for a, b in zip(new, old, strict=True)])
        plain = held + bytes([version])
        plain += check(bytes([desfire.CHANGE_KEY, number]) + plain)
        if old is not None:
            plain += check(new)
        secret = encrypt_cbc(self._key, self._chained, plain + bytes(-len(plain) % BLOCK_BYTES))
        self._chained = secret[-BLOCK_BYTES:]
        return bytes([number]) + secret

    def open(self, status: int, body: bytes, mode: Mode) -> bytes:
        """Return the data of an answer whose MAC is right.

        Raises:
            CardGone: it is not: this is not the card, or not the answer, that we asked.
        """
        if len(body) < desfire.MAC_BYTES:
            raise CardGone(f"answer of {len(body)} bytes without a MAC")
        data, mac = body[: -desfire.MAC_BYTES], body[-desfire.MAC_BYTES :]
        if not same_bytes(self._chain(data + bytes([status])), mac):
            raise CardGone("the MAC of an answer is wrong")
        return data

    def _chain(self, said: bytes) -> bytes:
        self._chained = cmac(self._key, said, encrypt_block, self._chained)
        return self._chained[: desfire.MAC_BYTES]


def rotated(random: bytes) -> bytes:
    """Return the bytes of `random` one place to the left."""
    return random[1:] + random[:1]


def session_key(random_a: bytes, random_b: bytes) -> bytes:
    """Return the key that an authentication leaves behind."""
    return random_a[:4] + random_b[:4] + random_a[12:] + random_b[12:]


def check(data: bytes) -> bytes:
    """Return DESFire's CRC-32, low byte first: IEEE 802.3's without its last inversion."""
    return (crc32(data) ^ 0xFFFFFFFF).to_bytes(4, "little")
