"""The authentication of DESFire EV2, EV3 and NTAG 424 DNA, and the session after it.

Source: NXP NT4H2421Gx rev. 3.0 §9.1 for the session and §10.4 for the authentication; NXP AN12196
rev. 1.8 has the numbers.
"""

from device.nfc import desfire
from device.nfc.desfire import Mode
from device.nfc.ev1_session import check, rotated
from device.nfc.reader import AuthenticationFailed, CardGone
from loyalty.aes import decrypt_cbc, encrypt_block, encrypt_cbc
from loyalty.chain import same_bytes
from loyalty.cmac import BLOCK_BYTES, ZERO_BLOCK, cmac, pad, xor
from loyalty.sun import short_mac

TRANSACTION_BYTES = 4
CAPABILITY_BYTES = 6
COMMANDS_MAX = 0xFFFF  # §9.1.2: the counter does not turn over, a new session begins.

_ENCIPHER_LABEL = b"\xa5\x5a\x00\x01\x00\x80"  # §9.1.7, SV1 and SV2.
_MAC_LABEL = b"\x5a\xa5\x00\x01\x00\x80"
_COMMAND_LABEL = b"\xa5\x5a"  # §9.1.4, start of the block that starts CBC.
_ANSWER_LABEL = b"\x5a\xa5"


class Ev2Authentication:
    """One mutual proof that both sides have `key`; `random_a` is ours, 16 bytes never used yet.

    With `within`, another key is proved inside the transaction of that session (EV2NonFirst).
    """

    def __init__(self, key: bytes, random_a: bytes, *, within: "Ev2Session | None" = None) -> None:
        self._key = key
        self._random_a = random_a
        self._random_b = b""
        self._within = within
        self.code = desfire.AUTHENTICATE_EV2_FIRST
        self.parameters = b"\0"  # No capabilities of ours.
        if within is not None:
            self.code, self.parameters = desfire.AUTHENTICATE_EV2_NON_FIRST, b""

    def answer_challenge(self, challenge: bytes) -> bytes:
        """Return what proves to the card that we have the key.

        Raises:
            AuthenticationFailed: that was no challenge.
        """
        if len(challenge) != BLOCK_BYTES:
            raise AuthenticationFailed(f"challenge of {len(challenge)} bytes, wanted {BLOCK_BYTES}")
        self._random_b = decrypt_cbc(self._key, ZERO_BLOCK, challenge)
        return encrypt_cbc(self._key, ZERO_BLOCK, self._random_a + rotated(self._random_b))

    def finish(self, answer: bytes) -> "Ev2Session":
        """Return the session, once `answer` has proved that the card has the key too.

        Raises:
            AuthenticationFailed: it has not.
        """
        blocks = 2 if self._within is None else 1
        if len(answer) != blocks * BLOCK_BYTES:
            raise AuthenticationFailed(f"answer of {len(answer)} bytes to an authentication")
        plain = decrypt_cbc(self._key, ZERO_BLOCK, answer)
        transaction, proof = b"", plain
        if self._within is None:
            end = TRANSACTION_BYTES + BLOCK_BYTES
            transaction, proof = plain[:TRANSACTION_BYTES], plain[TRANSACTION_BYTES:end]
        if not same_bytes(rotated(self._random_a), proof):
            raise AuthenticationFailed("the card does not prove that it has the key")
        encipher_key, mac_key = session_keys(self._key, self._random_a, self._random_b)
        if self._within is None:
            return Ev2Session(encipher_key, mac_key, transaction)
        within = self._within
        return Ev2Session(encipher_key, mac_key, within.transaction, within.commands)


class Ev2Session:
    """What both sides say after an authentication: counted, and bound to its transaction."""

    def __init__(
        self, encipher_key: bytes, mac_key: bytes, transaction: bytes, commands: int = 0
    ) -> None:
        self.transaction = transaction
        self.commands = commands
        self._encipher_key = encipher_key
        self._mac_key = mac_key

    def seal(self, code: int, header: bytes, data: bytes, mode: Mode) -> bytes:
        """Return what follows the command's code.

        Raises:
            CardGone: the session has had all its commands.
        """
        if self.commands >= COMMANDS_MAX:
            raise CardGone(f"{self.commands} commands in a session, at most {COMMANDS_MAX}")
        if mode is Mode.FULL and data:
            data = encrypt_cbc(self._encipher_key, self._start(_COMMAND_LABEL), pad(data))
        mac = b"" if mode is Mode.PLAIN else self._mac(code, header + data)
        return header + data + mac

    def seal_key(self, number: int, new: bytes, version: int, *, old: bytes | None) -> bytes:
        """Return the parameters of ChangeKey; `old` is None for the key of this session itself.

        Source: §10.6.1.
        """
        plain = new + bytes([version]) if old is None else xor(new, old) + bytes([version])
        if old is not None:
            plain += check(new)
        return self.seal(desfire.CHANGE_KEY, bytes([number]), plain, Mode.FULL)

    def open(self, status: int, body: bytes, mode: Mode) -> bytes:
        """Return the data of an answer whose MAC is right.

        Raises:
            CardGone: it is not: this is not the card, or not the answer, that we asked.
        """
        self.commands += 1
        if mode is Mode.PLAIN:
            return body
        if len(body) < desfire.MAC_BYTES:
            raise CardGone(f"answer of {len(body)} bytes without a MAC")
        data, mac = body[: -desfire.MAC_BYTES], body[-desfire.MAC_BYTES :]
        if not same_bytes(self._mac(status, data), mac):
            raise CardGone("the MAC of an answer is wrong")
        if mode is Mode.MAC or not data:
            return data
        if len(data) % BLOCK_BYTES:
            raise CardGone(f"enciphered answer of {len(data)} bytes, wanted whole blocks")
        return unpadded(decrypt_cbc(self._encipher_key, self._start(_ANSWER_LABEL), data))

    def _start(self, label: bytes) -> bytes:
        counted = label + self.transaction + self.commands.to_bytes(2, "little")
        return encrypt_block(self._encipher_key, counted + bytes(8))

    def _mac(self, first: int, rest: bytes) -> bytes:
        counted = bytes([first]) + self.commands.to_bytes(2, "little") + self.transaction
        return short_mac(cmac(self._mac_key, counted + rest, encrypt_block))


def session_keys(key: bytes, random_a: bytes, random_b: bytes) -> tuple[bytes, bytes]:
    """Return the keys that an authentication leaves behind: to encipher with, to make MACs with."""
    mixed = random_a[:2] + xor(random_a[2:8], random_b[:6]) + random_b[6:] + random_a[8:]
    encipher_key = cmac(key, _ENCIPHER_LABEL + mixed, encrypt_block)
    return encipher_key, cmac(key, _MAC_LABEL + mixed, encrypt_block)


def unpadded(data: bytes) -> bytes:
    """Return `data` without its padding (ISO/IEC 9797-1, method 2).

    Raises:
        CardGone: there is none.
    """
    body = data.rstrip(b"\0")
    if not body.endswith(b"\x80"):
        raise CardGone("deciphered answer without its padding")
    return body[:-1]
