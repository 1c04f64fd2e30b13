"""Envelopes in a file, for a person to carry where no network brings them any more.

The file is a first line that names the format, and then each envelope behind its length: four
bytes, big-endian. What an envelope says is proved by its own seal.
"""

import struct
from collections.abc import Iterable

from loyalty.chain import ENVELOPE_MAX_BYTES

FORMAT = b"revisit envelopes 1\n"
FILE_MAX_BYTES = 64 * 1024 * 1024  # more than the fullest journal makes

_LENGTH = struct.Struct(">I")


class NotCarried(ValueError):
    """The bytes are no such file; the message says where and why."""


def to_bytes(envelopes: Iterable[bytes]) -> bytes:
    """Return the content of a file of `envelopes`."""
    return FORMAT + b"".join([_LENGTH.pack(len(it)) + it for it in envelopes])


def from_bytes(content: bytes) -> list[bytes]:
    """Return the envelopes in the content of a file.

    Raises:
        NotCarried: it is another sort of file, or was cut off.
    """
    if not content.startswith(FORMAT):
        raise NotCarried(f"begins with {content[:20]!r}, {FORMAT!r} wanted")
    found = []
    at = len(FORMAT)
    while at < len(content):
        head = content[at : at + _LENGTH.size]
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
        if not 1 <= length <= ENVELOPE_MAX_BYTES:
            raise NotCarried(f"no envelope at byte {at:,}")
        at += _LENGTH.size + length
        if at > len(content):
            raise NotCarried(f"{at - len(content):,} bytes are missing at its end")
        found.append(content[at - length : at])
    return found
