"""The MIFARE application directory: which sector of a MIFARE Classic belongs to whom. Portable.

Source: NXP AN10787 rev. 7.5 (MIFARE Application Directory): §3.1 for the general purpose byte, §3.2
for the first directory (sectors 1 to 15, kept in sector 0), §3.3 for the second (17 to 39, kept in
sector 16), §3.7 for the check byte.

An application identifier is two bytes as they stand on the card: application code, then function
cluster.
"""

KEY_A = b"\xa0\xa1\xa2\xa3\xa4\xa5"  # Public: anybody may read a directory.
SECTOR = 0
SECOND_SECTOR = 16
ENTRIES = 15
SECOND_ENTRIES = 23
FREE = b"\x00\x00"

# The fourth access byte of sector 0: there is a directory, for several applications, of version 1
# or 2; the second version says that sector 16 has a directory too.
USER_BYTE_1 = 0xC1
USER_BYTE_2 = 0xC2

_POLYNOMIAL = 0x1D
_PRESET = 0xC7  # The note writes 0xE3, and means its bits the other way round.


def crc(data: bytes) -> int:
    """Return the check byte over `data`, the directory without its first byte."""
    register = _PRESET
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register << 1 ^ _POLYNOMIAL if register & 0x80 else register << 1) & 0xFF
    return register


def pack(aids: list[bytes], publisher_sector: int = 0) -> bytes:
    """Return a directory of `aids`, one for each sector that it covers.

    `publisher_sector` is the sector of the card's publisher, 0 for none.

    Raises:
        ValueError: it is no directory's number of entries, or an entry is not two bytes.
    """
    if len(aids) not in (ENTRIES, SECOND_ENTRIES):
        raise ValueError(f"{len(aids)} entries, wanted {ENTRIES} or {SECOND_ENTRIES}")
    if any(len(it) != len(FREE) for it in aids):
        raise ValueError(f"entries {aids}, wanted two bytes each")
    body = bytes([publisher_sector]) + b"".join(aids)
    return bytes([crc(body)]) + body


def entries(directory: bytes) -> list[bytes]:
    """Return the entries of `directory`, believable only if `is_whole`."""
    return [directory[at : at + 2] for at in range(2, len(directory), 2)]


def is_whole(directory: bytes) -> bool:
    """Return whether the check byte of `directory` is right."""
    return directory[0] == crc(directory[1:])


def with_entries(directory: bytes, aid: bytes, sectors: tuple[int, ...]) -> bytes:
    """Return the first `directory` with `aid` for `sectors` and the other entries as they are."""
    aids = entries(directory)
    for sector in sectors:
        aids[sector - 1] = aid
    return pack(aids, directory[1])
