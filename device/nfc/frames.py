"""PN532 frames on the high-speed UART: bytes to frames and back. Portable.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §6.2.1: normal, extended, ACK, NACK and error
frames.
"""

ACK = b"\x00\x00\xff\x00\xff\x00"
NACK = b"\x00\x00\xff\xff\x00\x00"
SYNTAX_ERROR = b"\x00\x00\xff\x01\xff\x7f\x81\x00"

NORMAL_BODY_MAX_BYTES = 255
BODY_MAX_BYTES = 265  # TFI and data of an extended frame.

# What a reader finds is a pair (kind, body); only INFORMATION and DAMAGED have a body.
INFORMATION = 0
ACKNOWLEDGED = 1
NOT_ACKNOWLEDGED = 2
REFUSED = 3  # The error frame: the other side does not know this command.
DAMAGED = 4  # A start code with a wrong length or checksum; the body is what was dropped.

_START = b"\x00\xff"
_REFUSED_BODY = b"\x7f"


def encode(body: bytes) -> bytes:
    """Return the frame that carries `body` (TFI and data), extended if it is longer than 255 bytes.

    Raises:
        ValueError: `body` is empty or longer than 265 bytes.
    """
    length = len(body)
    if not 1 <= length <= BODY_MAX_BYTES:
        raise ValueError(f"frame body of {length} bytes, wanted 1 to {BODY_MAX_BYTES}")
    if length <= NORMAL_BODY_MAX_BYTES:
        head = bytes([length, -length & 0xFF])
    else:
        high, low = length >> 8, length & 0xFF
        head = bytes([0xFF, 0xFF, high, low, -(high + low) & 0xFF])
    return b"\x00\x00\xff" + head + body + bytes([-sum(body) & 0xFF, 0])


class FrameReader:
    """Collect bytes from a link until whole frames appear.

    What lies between frames (preambles, wake-up bytes, noise) is passed over. After damage the
    search goes on right behind the damaged start code, so a frame that follows is never lost.
    """

    def __init__(self) -> None:
        """Start with nothing collected."""
        self._pending = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return what `data` completed, oldest first, as pairs (kind, body)."""
        pending = self._pending + data
        found = []
        at = 0
        while True:
            start = pending.find(_START, at)
            if start < 0:
                # A last 00 may be the first half of a start code.
                at = len(pending) - 1 if pending[at:].endswith(b"\x00") else len(pending)
                break
            end, item = _take(pending, start)
            if item is None:
                at = start
                break
            found.append(item)
            at = end
        self._pending = pending[at:]
        return found

    def clear(self) -> None:
        """Forget a frame that has only partly arrived."""
        self._pending = b""


def _take(data: bytes, start: int) -> tuple[int, tuple[int, bytes] | None]:
    """Return (where to go on, the item at `start`), the item None while bytes are missing."""
    head = data[start + 2 : start + 7]
    if len(head) < 2:
        return start, None
    length, check = head[0], head[1]
    if length == 0x00 and check == 0xFF:
        return start + 4, (ACKNOWLEDGED, b"")
    if length == 0xFF and check == 0x00:
        return start + 4, (NOT_ACKNOWLEDGED, b"")
    body_at = start + 4
    if length == 0xFF and check == 0xFF:
        if len(head) < 5:
            return start, None
        length, check = head[2] << 8 | head[3], head[2] + head[3] + head[4]
        body_at = start + 7
    else:
        check += length
    if check & 0xFF or not 1 <= length <= BODY_MAX_BYTES:
        return start + 2, (DAMAGED, data[start:body_at])
    end = body_at + length + 1
    if len(data) < end:
        return start, None
    if sum(data[body_at:end]) & 0xFF:
        return start + 2, (DAMAGED, data[start:end])
    body = data[body_at : end - 1]
    return end, (REFUSED, b"") if body == _REFUSED_BODY else (INFORMATION, body)
