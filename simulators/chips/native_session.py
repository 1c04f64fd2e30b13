"""The chip's side of the sessions of the DESFire family: commands checked, answers sealed.

Source: as `device.nfc.ev1_session` and `device.nfc.ev2_session`, which are the reader's side.
"""

from typing import Protocol

from device.nfc.desfire import MAC_BYTES, Mode
from loyalty.aes import decrypt_cbc, encrypt_block, encrypt_cbc
from loyalty.cmac import BLOCK_BYTES, ZERO_BLOCK, cmac, pad
from loyalty.sun import short_mac


class ChipSession(Protocol):
    """What a chip remembers of the reader that authenticated."""

    def accept(self, code: int, parameters: bytes, header_bytes: int, mode: Mode) -> bytes | None:
        """Return the plain parameters of a command, or None if it is not from that reader."""
        ...

    def sealed_bytes(self, header_bytes: int, data_bytes: int, mode: Mode) -> int:
        """Return how long the parameters of a command are, as they travel."""
        ...

    def seal(self, status: int, data: bytes, mode: Mode) -> bytes:
        """Return `data` as it travels in an answer."""
        ...


class ChipEv1Session:
    """The `ChipSession` after AuthenticateAES."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._chained = ZERO_BLOCK

    def accept(self, code: int, parameters: bytes, header_bytes: int, mode: Mode) -> bytes | None:
        header, data = parameters[:header_bytes], parameters[header_bytes:]
        if mode is Mode.FULL and data:
            if len(data) % BLOCK_BYTES:
                return None
            plain = decrypt_cbc(self._key, self._chained, data)
            self._chained = data[-BLOCK_BYTES:]
            return header + plain
        if mode is Mode.MAC and data:
            body, mac = parameters[:-MAC_BYTES], parameters[-MAC_BYTES:]
            return body if self._chain(bytes([code]) + body) == mac else None
        self._chain(bytes([code]) + parameters)
        return parameters

    def sealed_bytes(self, header_bytes: int, data_bytes: int, mode: Mode) -> int:
        return header_bytes + data_bytes + (MAC_BYTES if mode is Mode.MAC else 0)

    def seal(self, status: int, data: bytes, mode: Mode) -> bytes:
        return data + self._chain(data + bytes([status]))

    def _chain(self, said: bytes) -> bytes:
        self._chained = cmac(self._key, said, encrypt_block, self._chained)
        return self._chained[:MAC_BYTES]


class ChipEv2Session:
    """The `ChipSession` after AuthenticateEV2First and EV2NonFirst."""

    def __init__(
        self, encipher_key: bytes, mac_key: bytes, transaction: bytes, commands: int
    ) -> None:
        self.transaction = transaction
        self.commands = commands
        self._encipher_key = encipher_key
        self._mac_key = mac_key

    def accept(self, code: int, parameters: bytes, header_bytes: int, mode: Mode) -> bytes | None:
        plain = self._opened(code, parameters, header_bytes, mode)
        self.commands += 1
        return plain

    def sealed_bytes(self, header_bytes: int, data_bytes: int, mode: Mode) -> int:
        if mode is Mode.PLAIN:
            return header_bytes + data_bytes
        if mode is Mode.FULL:
            data_bytes += BLOCK_BYTES - data_bytes % BLOCK_BYTES
        return header_bytes + data_bytes + MAC_BYTES

    def seal(self, status: int, data: bytes, mode: Mode) -> bytes:
        if mode is Mode.PLAIN:
            return data
        if mode is Mode.FULL and data:
            data = encrypt_cbc(self._encipher_key, self._start(b"\x5a\xa5"), pad(data))
        return data + self._mac(status, data)

    def _opened(self, code: int, parameters: bytes, header_bytes: int, mode: Mode) -> bytes | None:
        if mode is Mode.PLAIN:
            return parameters
        body, mac = parameters[:-MAC_BYTES], parameters[-MAC_BYTES:]
        if self._mac(code, body) != mac:
            return None
        header, secret = body[:header_bytes], body[header_bytes:]
        if mode is Mode.MAC or not secret:
            return body
        if len(secret) % BLOCK_BYTES:
            return None
        plain = decrypt_cbc(self._encipher_key, self._start(b"\xa5\x5a"), secret).rstrip(b"\0")
        return header + plain[:-1] if plain.endswith(b"\x80") else None

    def _start(self, label: bytes) -> bytes:
        counted = label + self.transaction + self.commands.to_bytes(2, "little")
        return encrypt_block(self._encipher_key, counted + bytes(8))

    def _mac(self, first: int, rest: bytes) -> bytes:
        counted = bytes([first]) + self.commands.to_bytes(2, "little") + self.transaction
        return short_mac(cmac(self._mac_key, counted + rest, encrypt_block))
