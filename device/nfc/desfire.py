"""Commands of the DESFire family, NTAG 424 DNA among it: codes, statuses, parameters, frames.

Source: NXP MF3ICDx21_41_81 (MIFARE DESFire EV1) §9, NXP MF2DLHX0 rev. 3.0 (DESFire Light) §11 and
NXP NT4H2421Gx rev. 3.0 (NTAG 424 DNA) §10; access to the first needs an agreement with NXP, so what
is used of it here was compared with libfreefare 0.4.0.
"""

from enum import Enum

GET_VERSION = 0x60
SELECT_APPLICATION = 0x5A
GET_APPLICATION_IDS = 0x6A
CREATE_APPLICATION = 0xCA
DELETE_APPLICATION = 0xDA
AUTHENTICATE_AES = 0xAA
AUTHENTICATE_EV2_FIRST = 0x71
AUTHENTICATE_EV2_NON_FIRST = 0x77
CHANGE_KEY = 0xC4
GET_KEY_VERSION = 0x64
GET_FILE_IDS = 0x6F
GET_FILE_SETTINGS = 0xF5
CHANGE_FILE_SETTINGS = 0x5F
CREATE_BACKUP_FILE = 0xCB
CREATE_VALUE_FILE = 0xCC
READ_DATA = 0xBD
WRITE_DATA = 0x3D
READ_NTAG_DATA = 0xAD
WRITE_NTAG_DATA = 0x8D
GET_VALUE = 0x6C
CREDIT = 0x0C
DEBIT = 0xDC
COMMIT_TRANSACTION = 0xC7
ANOTHER_FRAME = 0xAF  # Both a command and a status.

OK = 0x00
AUTHENTICATION_ERROR = 0xAE
NO_SUCH_APPLICATION = 0xA0
NO_SUCH_FILE = 0xF0

VERSION_BYTES = 7
KEY_BYTES = 16
FACTORY_KEY = bytes(KEY_BYTES)
FACTORY_KEY_VERSION = 0
MAC_BYTES = 8

FREE = 0xE  # Instead of a key's number: everybody may.
NEVER = 0xF  # Nobody may.

# A frame of 64 bytes (FSC of DESFire EV1, ISO/IEC 14443-4 §5.2.3) less block protocol and APDU.
DESFIRE_DATA_MAX_BYTES = 64 - 3 - 6
NTAG_DATA_MAX_BYTES = 128 - 3 - 6  # NTAG 424 DNA takes frames of 128.
ANSWER_MAX_BYTES = 256  # Of data in all frames of one answer.
ANSWER_FRAMES_MAX = 16

_CLASS = 0x90  # ISO/IEC 7816-4 wrapping of native commands.
_STATUS = 0x91


class Mode(Enum):
    """How data travels between reader and file; the values stand in file settings."""

    PLAIN = 0b00
    MAC = 0b01
    FULL = 0b11


def wrap(code: int, data: bytes = b"") -> bytes:
    """Return the APDU that carries a native command.

    Raises:
        ValueError: more data than the longest frame takes.
    """
    if len(data) > NTAG_DATA_MAX_BYTES:
        raise ValueError(f"{len(data)} bytes in a frame, at most {NTAG_DATA_MAX_BYTES}")
    head = bytes([_CLASS, code, 0, 0])
    return head + bytes([len(data)]) + data + b"\0" if data else head + b"\0"


def unwrap(answer: bytes) -> tuple[int, bytes] | None:
    """Return (status, data) of a native command's answer, or None for another sort of answer."""
    if len(answer) < 2 or answer[-2] != _STATUS:
        return None
    return answer[-1], answer[:-2]


def select_by_name(name: bytes) -> bytes:
    """Return the APDU that selects an application by its ISO name (NT4H2421Gx §10.9.1)."""
    return bytes([0x00, 0xA4, 0x04, 0x0C, len(name)]) + name + b"\0"


def read_binary(file: int, count: int) -> bytes:
    """Return the APDU that reads `count` bytes from the start of a short file id (§10.9.2)."""
    return bytes([0x00, 0xB0, 0x80 | file, 0x00, count])


def rights(*, read: int, write: int, both: int, change: int) -> bytes:
    """Return the two bytes that say which key may do what with a file (§8.2.3.3)."""
    return bytes([both << 4 | change, read << 4 | write])


def three(number: int) -> bytes:
    """Return an offset or length as the chips write it: three bytes, the low one first."""
    return number.to_bytes(3, "little")
