"""Frames of the Star TCP300II's serial protocol, host side.

Source: Star TCP300II specification manual, 21 Oct 2005, p. 6: `STX CMD [DATA] ETX BCC` to the
printer, `STX CMD STATUS [DATA] ETX BCC` from it; BCC is the exclusive or of CMD to ETX. Data never
holds STX or ETX: numbers are ASCII decimals and image bytes two hexadecimal digits each.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor

STX, ETX = 0x02, 0x03
DATA_MAX_BYTES = 1024


class Sign(IntEnum):
    """A single byte that answers a frame."""

    ACK = 0x06  # taken; the answer follows when the command has been carried out
    DLE = 0x10  # refused: no such command, or a bad parameter
    NAK = 0x15  # damaged on the way: send it again


@dataclass(frozen=True, slots=True)
class Response:
    """The printer's answer to a command it has carried out, or failed to."""

    command: int
    status: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are no frame; `reason` says what was found and wanted."""

    reason: str


Item = Response | Sign | Damaged

_SIGNS = {int(sign): sign for sign in Sign}


def block_check(covered: bytes) -> int:
    """Return the BCC of CMD to ETX."""
    return reduce(xor, covered, 0)


def encode(command: int, data: bytes = b"") -> bytes:
    """Return the frame for `command`.

    Raises:
        ValueError: data is too long, or holds a byte that would end the frame.
    """
    if len(data) > DATA_MAX_BYTES:
        raise ValueError(f"frame data of {len(data)} bytes, at most {DATA_MAX_BYTES}")
    if STX in data or ETX in data:
        raise ValueError(f"frame data holds STX or ETX: {data[:32]!r}")
    covered = bytes((command,)) + data + bytes((ETX,))
    return bytes((STX,)) + covered + bytes((block_check(covered),))


class ResponseReader:
    """Collects bytes from the printer until answers appear, however they are cut."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Item]:
        """Return what `data` completed, oldest first; damage is reported in its place."""
        found: list[Item] = []
        for byte in data:
            self._pending.append(byte)
            if (item := self._complete()) is not None:
                found.append(item)
        return found

    def _complete(self) -> Item | None:
        pending = self._pending
        if pending[0] != STX:
            return self._take(_SIGNS.get(pending[0]) or Damaged(f"byte {pending[0]:#04x} alone"))
        if len(pending) > 1 and pending[-2] == ETX:
            return self._take(_read(bytes(pending)))
        if len(pending) > 1 and pending[-1] == STX:
            # The printer began again; what came before is lost, what follows may be whole.
            lost = self._take(Damaged("a new frame started inside a frame"))
            self._pending.append(STX)
            return lost
        if len(pending) > DATA_MAX_BYTES + 3:
            return self._take(Damaged(f"no ETX within {len(pending)} bytes"))
        return None

    def _take(self, item: Item) -> Item:
        self._pending.clear()
        return item


def _read(frame: bytes) -> Response | Damaged:
    covered, said = frame[1:-1], frame[-1]
    if (wanted := block_check(covered)) != said:
        return Damaged(f"BCC {said:#04x}, contents give {wanted:#04x}")
    if len(covered) < 3:
        return Damaged(f"an answer of {len(covered)} bytes has no status")
    return Response(command=covered[0], status=covered[1], data=covered[2:-1])
