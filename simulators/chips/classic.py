"""A MIFARE Classic chip: sectors behind keys, access bits and value blocks.

Source: NXP MF1S50YYX rev. 3 (1K) and MF1S70YYX rev. 3 (4K): §8.6 for the memory, §8.7 for keys and
access bits. Crypto1 on the air is not emulated: the PN532 does it, so no host ever sees it. Every
NAK is reported as status 14, and raw frames after an authentication as silence: both assumed.
"""

import random
from collections.abc import Iterable

from device.nfc import classic, commands
from simulators.chips.chip import DONE, SILENT, Activation, Nvm
from simulators.chips.classic_access import (
    DECREMENT,
    INCREMENT,
    READ,
    READ_ACCESS,
    READ_KEY_B,
    WRITE,
    WRITE_ACCESS,
    WRITE_KEY_A,
    WRITE_KEY_B,
    may_data,
    may_trailer,
)

BLOCK_BYTES = classic.BLOCK_BYTES
FACTORY_UID = bytes.fromhex("deadbeef")

# Kind -> SAK, low byte of the ATQA for a UID of 4 bytes, number of sectors (NXP AN10833 §3.2).
KINDS = {"classic1k": (0x08, 0x04, 16), "classic4k": (0x18, 0x02, 40)}

_ACCESS_TRANSPORT = bytes.fromhex("ff078069")
_ACCESS_READ_ONLY = classic.access_bytes((0b010, 0b010, 0b010), 0b010) + b"\x69"
_ATQA_UID_7 = 0x40
_REFUSED = (commands.CARD_AUTHENTICATION, b"")
_HALT = b"\x50\x00"
_SMALL_SECTORS = 32  # Those have 4 blocks, the ones behind 16 (MF1S70YYX §8.6).

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


class ClassicChip:
    """A MIFARE Classic 1K or 4K with a UID of 4 or 7 bytes and transport keys."""

    ats = b""
    took_s = 0.0

    def __init__(self, uid: bytes = FACTORY_UID, *, kind: str = "classic1k") -> None:
        """Be as new, with `uid`.

        Raises:
            ValueError: `uid` is neither 4 nor 7 bytes, or there is no such kind.
        """
        if len(uid) not in (4, 7):
            raise ValueError(f"uid of {len(uid)} bytes, wanted 4 or 7")
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}, wanted one of {', '.join(KINDS)}")
        self.sak, atqa, self.sectors = KINDS[kind]
        self.kind, self.uid = kind, uid
        self.atqa = bytes([0, atqa | (_ATQA_UID_7 if len(uid) == 7 else 0)])
        self.blocks = trailer_of(self.sectors - 1) + 1
        self.nvm = Nvm(bytes(self.blocks * BLOCK_BYTES))
        self.store(0, _manufacturer_block(uid, self.sak, self.atqa))
        for sector in range(self.sectors):
            trailer = classic.TRANSPORT_KEY + _ACCESS_TRANSPORT + classic.TRANSPORT_KEY
            self.store(trailer_of(sector), trailer)
        self._activation = Activation()
        self._open: tuple[int, str] | None = None
        self._register: tuple[int, int] | None = None

    def block(self, number: int) -> bytes:
        """Return what block `number` holds, past all access bits."""
        return bytes(self.nvm.cells[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES])

    def store(self, number: int, data: bytes) -> None:
        """Let block `number` hold `data`, past all access bits."""
        self.nvm.cells[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES] = data

    def wear(self, blocks: Iterable[int]) -> None:
        """Let `blocks` keep for ever what they hold now, though they acknowledge every write."""
        self.nvm.worn = frozenset(
            block * BLOCK_BYTES + at for block in blocks for at in range(BLOCK_BYTES)
        )

    def copied_onto(self, uid: bytes) -> "ClassicChip":
        """Return a copier's work: all blocks but the first, keys too, on a chip with `uid`.

        With our own UID it is what is sold as a "magic" card, which has no UID of its own.
        """
        copy = ClassicChip(uid, kind=self.kind)
        copy.nvm.cells[BLOCK_BYTES:] = self.nvm.cells[BLOCK_BYTES:]
        return copy

    def select(self, *, wake: bool = True) -> bool:
        """Answer a search; the sector that was open is open no more."""
        self._close()
        return self._activation.select(wake=wake) and not self.nvm.torn

    def halt(self) -> None:
        """Fall silent until woken."""
        self._activation.halt()
        self._close()

    def leave_field(self) -> None:
        """Lose power; a chip that was torn starts afresh when it comes back."""
        self._activation.lose_power()
        self._close()
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
            self._close()
        return answer

    def exchange_raw(self, frame: bytes) -> tuple[int, bytes]:
        """Say nothing; a plain frame is understood only as a HALT, or as an error."""
        if not self._activation.active or self.nvm.torn:
            return SILENT
        if frame == _HALT:
            self.halt()
        else:
            self._activation.lapse()
            self._close()
        return SILENT

    def _authenticate(self, command: int, block: int, key_and_uid: bytes) -> tuple[int, bytes]:
        self._open = None
        if block >= self.blocks or len(key_and_uid) != 10:
            return _REFUSED
        sector = sector_of(block)
        trailer = self.block(trailer_of(sector))
        name, wanted = (
            ("A", trailer[:6]) if command == classic.AUTHENTICATE_A else ("B", trailer[10:])
        )
        if key_and_uid[:6] != wanted or key_and_uid[6:] != self.uid[-4:]:
            return _REFUSED
        self._open = (sector, name)
        return DONE

    def _read(self, block: int) -> tuple[int, bytes]:
        if not is_trailer(block):
            return (commands.OK, self.block(block)) if self._may(block, READ) else _REFUSED
        if not self._opened(block):
            return _REFUSED
        trailer = self.block(block)
        access = trailer[6:10] if self._may(block, READ_ACCESS) else bytes(4)
        key_b = trailer[10:] if self._may(block, READ_KEY_B) else bytes(6)
        return commands.OK, bytes(6) + access + key_b

    def _write(self, block: int, data: bytes) -> tuple[int, bytes]:
        if block == 0 or len(data) != BLOCK_BYTES:
            return _REFUSED
        if not is_trailer(block):
            return self._program(block, data) if self._may(block, WRITE) else _REFUSED
        may_a, may_access, may_b = (
            self._may(block, right) for right in (WRITE_KEY_A, WRITE_ACCESS, WRITE_KEY_B)
        )
        if not (may_a or may_access or may_b):
            return _REFUSED
        old = self.block(block)
        key_a = (data if may_a else old)[:6]
        access = (data if may_access else old)[6:10]
        key_b = (data if may_b else old)[10:]
        return self._program(block, key_a + access + key_b)

    def _load_value(self, command: int, block: int, operand: bytes) -> tuple[int, bytes]:
        right = INCREMENT if command == classic.INCREMENT else DECREMENT
        if is_trailer(block) or not self._may(block, right) or len(operand) != 4:
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
        if self._register is None or is_trailer(block) or not self._may(block, DECREMENT):
            return _REFUSED
        return self._program(block, classic.pack_value(*self._register))

    def _may(self, block: int, right: int) -> bool:
        """Return whether the key that opened the sector of `block` has `right` over it."""
        if not self._opened(block):
            return False
        assert self._open is not None
        trailer, key = self.block(trailer_of(sector_of(block))), self._open[1]
        if is_trailer(block):
            return may_trailer(trailer, key, right)
        return may_data(trailer, group_of(block), key, right)

    def _opened(self, block: int) -> bool:
        """Return whether a key opened the sector of `block`, which its access bits do not lock."""
        trailer = self.block(trailer_of(sector_of(block)))
        opened = self._open is not None and self._open[0] == sector_of(block)
        return opened and classic.access_conditions(trailer[6:9]) is not None

    def _program(self, block: int, data: bytes) -> tuple[int, bytes]:
        return DONE if self.nvm.program(block * BLOCK_BYTES, data) else SILENT

    def _close(self) -> None:
        self._open = self._register = None


def sector_of(block: int) -> int:
    """Return the sector of `block`."""
    small = _SMALL_SECTORS * 4
    return block // 4 if block < small else _SMALL_SECTORS + (block - small) // 16


def trailer_of(sector: int) -> int:
    """Return the block that holds the keys of `sector`."""
    behind = max(0, sector - _SMALL_SECTORS + 1)
    return (sector + 1 - behind) * 4 + behind * 16 - 1


def group_of(block: int) -> int:
    """Return which condition stands for `block`: 0 to 2 for data, 3 for the trailer."""
    return block % 4 if block < _SMALL_SECTORS * 4 else block % 16 // 5


def is_trailer(block: int) -> bool:
    """Return whether `block` holds keys."""
    return block == trailer_of(sector_of(block))


def blank_chip(uid: bytes = FACTORY_UID, *, kind: str = "classic1k") -> ClassicChip:
    """Return a chip as it leaves the factory: zeros and transport keys."""
    return ClassicChip(uid, kind=kind)


def written_chip(uid: bytes = FACTORY_UID, *, kind: str = "classic1k") -> ClassicChip:
    """Return a chip with transport keys whose data blocks hold their own number, for dumps."""
    chip = ClassicChip(uid, kind=kind)
    for block in range(1, chip.blocks):
        if not is_trailer(block):
            chip.store(block, bytes([block]) * BLOCK_BYTES)
    return chip


def foreign_chip(uid: bytes, rng: random.Random) -> ClassicChip:
    """Return a chip of somebody else's scheme: data and keys that we do not know."""
    chip = ClassicChip(uid)
    for sector in range(1, chip.sectors):
        at = sector * 4 * BLOCK_BYTES
        chip.nvm.cells[at : at + 54] = rng.randbytes(54)
        chip.nvm.cells[at + 58 : at + 64] = rng.randbytes(6)
    return chip


def locked_chip(uid: bytes = FACTORY_UID) -> ClassicChip:
    """Return a chip with transport keys whose access bits let nobody write again."""
    chip = ClassicChip(uid)
    for sector in range(chip.sectors):
        key = classic.TRANSPORT_KEY
        chip.store(trailer_of(sector), key + _ACCESS_READ_ONLY + key)
    return chip


def _manufacturer_block(uid: bytes, sak: int, atqa: bytes) -> bytes:
    """Block 0: the UID, for 4 bytes its check byte, SAK and ATQA (low byte first), and filler."""
    check = bytes([uid[0] ^ uid[1] ^ uid[2] ^ uid[3]]) if len(uid) == 4 else b""
    return (uid + check + bytes([sak]) + atqa[::-1] + b"bcdefghi")[:BLOCK_BYTES]
