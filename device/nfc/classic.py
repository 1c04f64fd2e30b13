"""MIFARE Classic: what is sent to the chip, its access bits, trailers and value blocks. Portable.

Source: NXP MF1S50YYX rev. 3 (MIFARE Classic EV1 1K): §8.6 for the memory, §8.7 for access, §9 and
§12 for commands; MF1S70YYX rev. 3 (the 4K) §8.6 for sectors of sixteen blocks.
"""

import struct

BLOCK_BYTES = 16
KEY_BYTES = 6
SAK_1K = 0x08
SAK_4K = 0x18
TRANSPORT_KEY = b"\xff\xff\xff\xff\xff\xff"
FACTORY_USER = 0x69  # The free byte of a trailer.

AUTHENTICATE_A = 0x60
AUTHENTICATE_B = 0x61
READ = 0x30
WRITE = 0xA0
DECREMENT = 0xC0
INCREMENT = 0xC1
RESTORE = 0xC2
TRANSFER = 0xB0

# Access conditions, written C1 C2 C3 (§8.7.2 for trailers, §8.7.3 for data blocks).
DATA_TRANSPORT = 0b000  # Either key does everything.
DATA_B_WRITES = 0b100  # Either key reads, key B writes.
VALUE_B_RAISES = 0b110  # Either key reads and lowers a value, key B raises and writes it.
TRAILER_TRANSPORT = 0b001  # Key A writes everything and key B can be read.
TRAILER_B_WRITES = 0b011  # Key B writes keys and access bits; nothing reads a key.

_SMALL_SECTORS = 32  # Of four blocks each; the sectors after them, on a 4K, have sixteen.
_VALUE_MIN, _VALUE_MAX = -0x80000000, 0x7FFFFFFF


def sector_of(block: int) -> int:
    """Return the sector of `block`, the same on a 1K and a 4K."""
    small = _SMALL_SECTORS * 4
    return block // 4 if block < small else _SMALL_SECTORS + (block - small) // 16


def first_block(sector: int) -> int:
    """Return the first block of `sector`."""
    big = max(0, sector - _SMALL_SECTORS)
    return (sector - big) * 4 + big * 16


def trailer_block(sector: int) -> int:
    """Return the last block of `sector`, which holds its keys."""
    return first_block(sector) + (3 if sector < _SMALL_SECTORS else 15)


def data_blocks(sector: int) -> tuple[int, ...]:
    """Return the data blocks of `sector`: three, or fifteen from sector 32 on."""
    return tuple(range(first_block(sector), trailer_block(sector)))


def authenticate(block: int, key: bytes, uid: bytes, key_b: bool = False) -> bytes:
    """Open the sector of `block` with `key`; of a 7-byte UID the chip wants the last four bytes.

    Raises:
        ValueError: the key is not 6 bytes.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"key of {len(key)} bytes, wanted {KEY_BYTES}")
    return bytes([AUTHENTICATE_B if key_b else AUTHENTICATE_A, block]) + key + uid[-4:]


def read(block: int) -> bytes:
    """Ask for the 16 bytes of `block`."""
    return bytes([READ, block])


def write(block: int, data: bytes) -> bytes:
    """Replace `block`; the PN532 itself sends the two halves that the air needs.

    Raises:
        ValueError: `data` is not 16 bytes.
    """
    if len(data) != BLOCK_BYTES:
        raise ValueError(f"block of {len(data)} bytes, wanted {BLOCK_BYTES}")
    return bytes([WRITE, block]) + data


def decrement(block: int, amount: int) -> bytes:
    """Take `amount` from the value of `block`, into the chip's register only."""
    return bytes([DECREMENT, block]) + struct.pack("<I", amount)


def increment(block: int, amount: int) -> bytes:
    """Add `amount` to the value of `block`, into the chip's register only."""
    return bytes([INCREMENT, block]) + struct.pack("<I", amount)


def restore(block: int) -> bytes:
    """Copy the value of `block` into the chip's register; the operand is sent but not used."""
    return bytes([RESTORE, block, 0, 0, 0, 0])


def transfer(block: int) -> bytes:
    """Write the chip's register to `block`; only this touches the memory."""
    return bytes([TRANSFER, block])


def access_bytes(data: tuple[int, int, int], trailer: int) -> bytes:
    """Return the three access bytes for the conditions of the three data blocks and the trailer.

    Source: §8.7.1, figure 10: each bit is stored twice, once inverted.
    """
    c1 = c2 = c3 = 0
    for place, condition in enumerate((data[0], data[1], data[2], trailer)):
        c1 |= (condition >> 2 & 1) << place
        c2 |= (condition >> 1 & 1) << place
        c3 |= (condition & 1) << place
    return bytes([(c2 ^ 15) << 4 | (c1 ^ 15), c1 << 4 | (c3 ^ 15), c3 << 4 | c2])


def access_conditions(access: bytes) -> tuple[int, ...] | None:
    """Return the conditions of blocks 0 to 3, or None if the bits contradict their inverted copies.

    A chip with contradicting bits locks the sector for ever.
    """
    c1, c2, c3 = access[1] >> 4, access[2] & 15, access[2] >> 4
    inverted = (access[0] & 15, access[0] >> 4, access[1] & 15)
    if inverted != (c1 ^ 15, c2 ^ 15, c3 ^ 15):
        return None
    return tuple([(c1 >> at & 1) << 2 | (c2 >> at & 1) << 1 | (c3 >> at & 1) for at in range(4)])


def trailer(key_a: bytes, access: bytes, key_b: bytes, user: int = FACTORY_USER) -> bytes:
    """Return a sector trailer; `user` is its free byte.

    Raises:
        ValueError: a key is not 6 bytes, or the access bytes would lock the sector for ever.
    """
    if len(key_a) != KEY_BYTES or len(key_b) != KEY_BYTES:
        raise ValueError(f"keys of {len(key_a)} and {len(key_b)} bytes, wanted {KEY_BYTES}")
    if len(access) != 3 or access_conditions(access) is None:
        raise ValueError(f"access bytes {access!r} contradict themselves")
    return key_a + access + bytes([user]) + key_b


def pack_value(value: int, address: int) -> bytes:
    """Return a value block (§8.6.2.1): value, inverse, value; address four times, two inverted.

    Raises:
        ValueError: `value` does not fit 32 bits, or `address` a byte.
    """
    if not _VALUE_MIN <= value <= _VALUE_MAX or not 0 <= address <= 0xFF:
        raise ValueError(f"value {value} at address {address} does not fit a value block")
    plain = struct.pack("<i", value)
    inverse = bytes([byte ^ 0xFF for byte in plain])
    return plain + inverse + plain + bytes([address, address ^ 0xFF, address, address ^ 0xFF])


def unpack_value(block: bytes) -> tuple[int, int] | None:
    """Return (value, address), or None if `block` is not a whole value block."""
    value, address = struct.unpack("<i", block[:4])[0], block[12]
    return (value, address) if pack_value(value, address) == block else None
