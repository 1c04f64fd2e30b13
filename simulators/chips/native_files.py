"""Files and keys on chips of the DESFire family, on memory that tears.

Structure (which files there are, their settings, keys) and whatever a transaction commits changes
wholly or not at all: these chips write it beside the old first. The data of a standard file has no
such protection and tears at any byte.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from device.nfc import desfire
from device.nfc.desfire import Mode
from device.nfc.ev1_session import check
from simulators.chips.chip import Nvm
from simulators.chips.native_dialogue import PowerFailed, Refused, Status

STANDARD, BACKUP, VALUE = 0x00, 0x01, 0x02
VALUE_BYTES = 4
SCRATCH_BYTES = 512  # At the start of the memory: where the new is written beside the old.
KEY_RECORD_BYTES = desfire.KEY_BYTES + 1
SETTINGS_BYTES = 16


@dataclass(slots=True)
class File:
    """One file: `rights` as they stand in its settings, its data at `at` in the chip's memory."""

    kind: int
    mode: Mode
    rights: bytes
    at: int
    size_bytes: int
    lower: int = 0
    upper: int = 0
    limited_credit: bool = False
    credit_left: int = 0  # What LimitedCredit may still give back.

    @property
    def read_key(self) -> int:
        """What may only read: the number of a key, or FREE or NEVER."""
        return self.rights[1] >> 4

    @property
    def write_key(self) -> int:
        """What may only write: the number of a key, or FREE or NEVER."""
        return self.rights[1] & 15

    @property
    def both_key(self) -> int:
        """What may read and write: the number of a key, or FREE or NEVER."""
        return self.rights[0] >> 4

    @property
    def change_key(self) -> int:
        """What may change the settings: the number of a key, or FREE or NEVER."""
        return self.rights[0] & 15


@dataclass(slots=True)
class Key:
    """A key and what its owner calls its version."""

    value: bytes = desfire.FACTORY_KEY
    version: int = desfire.FACTORY_KEY_VERSION


@dataclass(slots=True)
class Staged:
    """What a transaction has changed and not yet committed, by file."""

    data: dict[int, bytearray] = field(default_factory=dict)
    debited: dict[int, int] = field(default_factory=dict)


def allowed(key: int | None, *rights: int) -> bool:
    """Return whether one of `rights` lets everybody, or who proved `key`, do something."""
    return desfire.FREE in rights or (key is not None and key in rights)


def mode_for(file: File, key: int | None, *rights: int) -> Mode:
    """Return how the data of `file` travels: as it is for those who need no key."""
    return file.mode if key is not None and key in rights else Mode.PLAIN


def read(nvm: Nvm, file: File) -> bytes:
    """Return everything that stands in `file`."""
    return bytes(nvm.cells[file.at : file.at + file.size_bytes])


def overwrite(nvm: Nvm, file: File, offset: int, data: bytes) -> None:
    """Replace part of a standard file, byte after byte."""
    if not nvm.program(file.at + offset, data):
        raise PowerFailed


def wholly(nvm: Nvm, size_bytes: int, change: Callable[[], object]) -> None:
    """Let `change` happen once its `size_bytes` are programmed beside the old, or never."""
    before = nvm.bytes_programmed
    powered = nvm.program(0, bytes(size_bytes), shadowed=True)
    if nvm.bytes_programmed - before == size_bytes:
        change()
    if not powered:
        raise PowerFailed


def section(file: File, parameters: bytes) -> tuple[int, int]:
    """Return offset and length of a read or write within `file`; a length of 0 is all the rest."""
    offset = int.from_bytes(parameters[1:4], "little")
    length = int.from_bytes(parameters[4:7], "little") or file.size_bytes - offset
    if offset + length > file.size_bytes or length <= 0:
        raise Refused(Status.BOUNDARY_ERROR)
    return offset, length


def changed_key(parameters: bytes, *, number: int, own: bool, old: Key, code_in_check: bool) -> Key:
    """Return the new key that the parameters of ChangeKey hold, deciphered.

    `own` is the key of the session itself, which needs no old one; `code_in_check` is EV1's way.
    """
    held = parameters[1 : 1 + KEY_RECORD_BYTES]
    checks = parameters[1 + KEY_RECORD_BYTES :]
    if len(held) != KEY_RECORD_BYTES:
        raise Refused(Status.LENGTH_ERROR)
    value, version = held[:-1], held[-1]
    if not own:
        value = bytes([a ^ b for a, b in zip(value, old.value, strict=True)])
    wanted = b""
    if code_in_check:
        wanted = check(bytes([desfire.CHANGE_KEY, number]) + held)
    if not own:
        wanted += check(value)
    if checks[: len(wanted)] != wanted or checks[len(wanted) :].strip(b"\0"):
        raise Refused(Status.INTEGRITY_ERROR)
    return Key(value, version)
