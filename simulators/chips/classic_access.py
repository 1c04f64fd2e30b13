"""What the access bits of a MIFARE Classic sector let each key do, if they do not lock it.

Source: NXP MF1S50YYX rev. 3 §8.7.2, table 7 for trailers and §8.7.3, table 8 for data blocks.
"""

from device.nfc import classic

READ, WRITE, INCREMENT, DECREMENT = range(4)
WRITE_KEY_A, READ_ACCESS, WRITE_ACCESS, READ_KEY_B, WRITE_KEY_B = range(5)

# By condition (C1 C2 C3): which keys may read, write, increment, and decrement, transfer or
# restore a data block.
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

# The same for a trailer: write key A, read access bits, write them, read key B, write key B.
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
_TRAILER = 3


def may_data(trailer: bytes, group: int, key: str, right: int) -> bool:
    """Return whether `key` has `right` over the data blocks of `group` (0 to 2)."""
    conditions = _conditions(trailer)
    if key == "B" and conditions[_TRAILER] in _KEY_B_READABLE:
        return False  # §8.7.3: a key B that can be read is data, and opens nothing.
    return key in _DATA_RIGHTS[conditions[group]][right]


def may_trailer(trailer: bytes, key: str, right: int) -> bool:
    """Return whether `key` has `right` over the trailer itself."""
    return key in _TRAILER_RIGHTS[_conditions(trailer)[_TRAILER]][right]


def _conditions(trailer: bytes) -> tuple[int, ...]:
    conditions = classic.access_conditions(trailer[6:9])
    assert conditions is not None
    return conditions
