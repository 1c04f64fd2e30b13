"""A MIFARE Classic chip: sectors behind keys, access bits and value blocks.

Source: NXP MF1S50YYX rev. 3 §8.6 and §8.7 for the memory, its keys and access bits. Crypto1 on the
air is not emulated: the PN532 does it, so no host ever sees it.
"""

import random

from device.nfc import classic, commands
from simulators.chips.chip import DONE, SILENT, Activation, Nvm

BLOCK_BYTES = classic.BLOCK_BYTES
FACTORY_UID = bytes.fromhex("deadbeef")

_ACCESS_TRANSPORT = bytes.fromhex("ff078069")
_REFUSED = (commands.CARD_AUTHENTICATION, b"")

# How long a command and its answer take (NXP MF1S5009 rev. 3, figure 5).
_TOOK_S = {
    classic.AUTHENTICATE_A: 0.003,
    classic.AUTHENTICATE_B: 0.003,
    classic.READ: 0.0025,
    classic.WRITE: 0.006,
    classic.DECREMENT: 0.0025,
    classic.INCREMENT: 0.0025,
    classic.RESTORE: 0.0025,
    classic.TRANSFER: 0.0045,
}
_HALT = b"\x50\x00"

# What each condition (C1 C2 C3) lets keys do with a data block: read, write, increment, and
# decrement, transfer or restore (§8.7.3, table 8).
_DATA_RIGHTS = {
    0b000: ("AB", "AB", "AB", "AB"),
    0b010: ("AB", "", "", ""),
    0b100: ("AB", "B", "", ""),
    0b110: ("AB", "B", "B", "AB"),
    0b001: ("AB", "", "", "AB"),
    0b011: ("B", "B", "", ""),
    0b101: ("B", "", "", ""),
    0b111: ("", "", "", ""),
}
_READ, _WRITE, _INCREMENT, _DECREMENT = range(4)

# The same for a trailer: write key A, read access bits, write them, read key B, write key B
# (§8.7.2, table 7).
_TRAILER_RIGHTS = {
    0b000: ("A", "A", "", "A", "A"),
    0b010: ("", "A", "", "A", ""),
    0b100: ("B", "AB", "", "", "B"),
    0b110: ("", "AB", "", "", ""),
    0b001: ("A", "A", "A", "A", "A"),
    0b011: ("B", "AB", "B", "", "B"),
    0b101: ("", "AB", "B", "", ""),
    0b111: ("", "AB", "", "", ""),
}
_KEY_B_READABLE = (0b000, 0b010, 0b001)


class ClassicChip:
    """A MIFARE Classic 1K with a UID of 4 or 7 bytes and transport keys."""

    sak = classic.SAK_1K
    ats = b""
    took_s = 0.0

    def __init__(self, uid: bytes = FACTORY_UID) -> None:
        """Be as new, with `uid`.

        Raises:
            ValueError: `uid` is neither 4 nor 7 bytes.
        """
        if len(uid) not in (4, 7):
            raise ValueError(f"uid of {len(uid)} bytes, wanted 4 or 7")
        self.uid = uid
        self.atqa = b"\x00\x44" if len(uid) == 7 else b"\x00\x04"
        self.nvm = Nvm(bytes(classic.BLOCKS_1K * BLOCK_BYTES))
        self.store(0, _manufacturer_block(uid, self.sak, self.atqa))
        for sector in range(classic.BLOCKS_1K // 4):
            trailer = classic.TRANSPORT_KEY + _ACCESS_TRANSPORT + classic.TRANSPORT_KEY
            self.store(classic.trailer_block(sector), trailer)
        self._activation = Activation()
        self._open: tuple[int, str] | None = None
        self._register: tuple[int, int] | None = None

    def block(self, number: int) -> bytes:
        """Return what block `number` holds, past all access bits."""
        return bytes(self.nvm.cells[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES])

    def store(self, number: int, data: bytes) -> None:
        """Let block `number` hold `data`, past all access bits."""
        self.nvm.cells[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES] = data

    def select(self, *, wake: bool = True) -> bool:
        """Answer a search; the sector that was open is open no more."""
        self._open = self._register = None
        return self._activation.select(wake=wake) and not self.nvm.torn

    def halt(self) -> None:
        """Fall silent until woken."""
        self._activation.halt()
        self._open = self._register = None

    def leave_field(self) -> None:
        """Lose power; a chip that was torn starts afresh when it comes back."""
        self._activation.lose_power()
        self._open = self._register = None
        self.nvm.regain_power()

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        """Return status and data for a command; whatever is refused ends the selection."""
        if not self._activation.active or self.nvm.torn or len(data) < 2:
            return SILENT
        command, block = data[0], data[1]
        self.took_s = _TOOK_S.get(command, 0.0)
        if command in (classic.AUTHENTICATE_A, classic.AUTHENTICATE_B):
            answer = self._authenticate(command, block, data[2:])
        elif command == classic.READ:
            answer = self._read(block)
        elif command == classic.WRITE:
            answer = self._write(block, data[2:])
        elif command in (classic.DECREMENT, classic.INCREMENT, classic.RESTORE):
            answer = self._load_value(command, block, data[2:])
        elif command == classic.TRANSFER:
            answer = self._transfer(block)
        else:
            answer = _REFUSED
        if answer[0] != commands.OK:
            self._activation.lapse()
            self._open = self._register = None
        return answer

    def exchange_raw(self, frame: bytes) -> tuple[int, bytes]:
        """Say nothing: Crypto1 hides what is said to a selected chip, but for a HALT."""
        if frame == _HALT:
            self.halt()
        return SILENT

    def _authenticate(self, command: int, block: int, key_and_uid: bytes) -> tuple[int, bytes]:
        self._open = None
        if block >= classic.BLOCKS_1K or len(key_and_uid) != 10:
            return _REFUSED
        trailer = self.block(classic.trailer_block(classic.sector_of(block)))
        name, wanted = (
            ("A", trailer[:6]) if command == classic.AUTHENTICATE_A else ("B", trailer[10:])
        )
        if key_and_uid[:6] != wanted or key_and_uid[6:] != self.uid[-4:]:
            return _REFUSED
        self._open = (classic.sector_of(block), name)
        return DONE

    def _read(self, block: int) -> tuple[int, bytes]:
        if not _is_trailer(block):
            return (commands.OK, self.block(block)) if self._may(block, _READ) else _REFUSED
        rights = self._trailer_rights(block)
        if rights is None:
            return _REFUSED
        assert self._open is not None
        key, trailer = self._open[1], self.block(block)
        access = trailer[6:10] if key in rights[1] else bytes(4)
        key_b = trailer[10:] if key in rights[3] else bytes(6)
        return commands.OK, bytes(6) + access + key_b

    def _write(self, block: int, data: bytes) -> tuple[int, bytes]:
        if block == 0 or len(data) != BLOCK_BYTES:
            return _REFUSED
        if not _is_trailer(block):
            return self._program(block, data) if self._may(block, _WRITE) else _REFUSED
        rights = self._trailer_rights(block)
        if rights is None:
            return _REFUSED
        assert self._open is not None
        key, old = self._open[1], self.block(block)
        may_a, may_access, may_b = (key in rights[at] for at in (0, 2, 4))
        if not (may_a or may_access or may_b):
            return _REFUSED
        key_a = (data if may_a else old)[:6]
        access = (data if may_access else old)[6:10]
        key_b = (data if may_b else old)[10:]
        return self._program(block, key_a + access + key_b)

    def _load_value(self, command: int, block: int, operand: bytes) -> tuple[int, bytes]:
        right = _INCREMENT if command == classic.INCREMENT else _DECREMENT
        if not self._may(block, right) or len(operand) != 4:
            return _REFUSED
        held = classic.unpack_value(self.block(block))
        if held is None:
            return _REFUSED
        sign = {classic.INCREMENT: 1, classic.DECREMENT: -1, classic.RESTORE: 0}[command]
        value = held[0] + sign * int.from_bytes(operand, "little")
        if not -0x80000000 <= value <= 0x7FFFFFFF:
            return _REFUSED
        self._register = (value, held[1])
        return DONE

    def _transfer(self, block: int) -> tuple[int, bytes]:
        if self._register is None or not self._may(block, _DECREMENT):
            return _REFUSED
        return self._program(block, classic.pack_value(*self._register))

    def _may(self, block: int, right: int) -> bool:
        conditions = self._conditions(block)
        if conditions is None or _is_trailer(block):
            return False
        assert self._open is not None
        key = self._open[1]
        if key == "B" and conditions[3] in _KEY_B_READABLE:
            return False  # §8.7.3: a key B that can be read is data, and opens nothing.
        return key in _DATA_RIGHTS[conditions[block % 4]][right]

    def _trailer_rights(self, block: int) -> tuple[str, str, str, str, str] | None:
        conditions = self._conditions(block)
        return None if conditions is None else _TRAILER_RIGHTS[conditions[3]]

    def _conditions(self, block: int) -> tuple[int, ...] | None:
        """Return the conditions in the sector of `block`; None if it is not open, or locked."""
        sector = classic.sector_of(block)
        if self._open is None or self._open[0] != sector:
            return None
        return classic.access_conditions(self.block(classic.trailer_block(sector))[6:9])

    def _program(self, block: int, data: bytes) -> tuple[int, bytes]:
        return DONE if self.nvm.program(block * BLOCK_BYTES, data) else SILENT


def blank_chip(uid: bytes = FACTORY_UID) -> ClassicChip:
    """Return a chip as it leaves the factory: zeros and transport keys."""
    return ClassicChip(uid)


def written_chip(uid: bytes = FACTORY_UID) -> ClassicChip:
    """Return a chip with transport keys whose data blocks hold their own number, for dumps."""
    chip = ClassicChip(uid)
    for block in range(1, classic.BLOCKS_1K):
        if not _is_trailer(block):
            chip.store(block, bytes([block]) * BLOCK_BYTES)
    return chip


def foreign_chip(uid: bytes, rng: random.Random) -> ClassicChip:
    """Return a chip of somebody else's scheme: data and keys that we do not know."""
    chip = ClassicChip(uid)
    for sector in range(1, classic.BLOCKS_1K // 4):
        at = sector * 4 * BLOCK_BYTES
        chip.nvm.cells[at : at + 54] = rng.randbytes(54)
        chip.nvm.cells[at + 58 : at + 64] = rng.randbytes(6)
    return chip


def _is_trailer(block: int) -> bool:
    return block % 4 == 3


def _manufacturer_block(uid: bytes, sak: int, atqa: bytes) -> bytes:
    """Block 0: the UID, for 4 bytes its check byte, SAK and ATQA (low byte first), and filler."""
    check = bytes([uid[0] ^ uid[1] ^ uid[2] ^ uid[3]]) if len(uid) == 4 else b""
    return (uid + check + bytes([sak]) + atqa[::-1] + b"bcdefghi")[:BLOCK_BYTES]
