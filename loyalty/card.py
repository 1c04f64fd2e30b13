"""What a card holds: two 48-byte slots, each sealed, one of them current. Portable.

A write always goes to the slot that is not current, and its seal is in the last block written. So a
card pulled away in the middle still has its previous state, and a torn write is told apart from a
copied card: it leaves one slot without a seal, never an older counter.

A slot is three 16-byte blocks, ordered so that a usual write changes only the first and the third:

    0   counter (4), digest of the operation done last (12)
    1   member token (16, ASCII, filled up with zeros)
    2   format version (1), reserved (1), rewrites of the face (2), taps (4), seal (8)

Numbers are big-endian. The seal is the first 8 bytes of
HMAC-SHA256(card seal key, uid || slot number || the 40 bytes before it).
"""

import hashlib
import struct

from loyalty.chain import hmac_sha256, same_bytes

SLOT_BYTES = 48
SLOTS = 2
FORMAT_VERSION = 1
COUNTER_MAX = 0xFFFFFFFF
REWRITES_MAX = 0xFFFF
TAPS_MAX = 0xFFFFFF  # Chips that count their taps do so in 24 bits.
MEMBER_MAX_CHARS = 16
OP_DIGEST_BYTES = 12

WHOLE = "whole"  # One slot is current and the other is older, or was never written.
TORN = "torn"  # One slot is current, the other was broken by a write that did not finish.
BLANK = "blank"  # Nothing was ever written here.
FOREIGN = "foreign"  # Something is written, but nothing carries our seal.

_MEMBER_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-"
_BODY = ">I12s16sBBHI"
_BODY_BYTES = 40
_SEAL_BYTES = 8


class Slot:
    """What one slot states; checked when built.

    `taps` is where a chip that counts how often it is tapped stood when the slot was written, 0 on
    the others: one that counts less is another chip.
    """

    def __init__(
        self, counter: int, member: str, op_digest: bytes, rewrites: int, taps: int = 0
    ) -> None:
        """Raises ValueError, naming the field, if anything is out of its limits."""
        if not 0 <= counter <= COUNTER_MAX:
            raise ValueError(f"counter {counter}, wanted 0 to {COUNTER_MAX}")
        if not is_member_token(member):
            raise ValueError(f"member token {member!r}, wanted 1 to 16 of A-Z a-z 0-9 _ . : -")
        if len(op_digest) != OP_DIGEST_BYTES:
            raise ValueError(f"op digest of {len(op_digest)} bytes, wanted {OP_DIGEST_BYTES}")
        if not 0 <= rewrites <= REWRITES_MAX:
            raise ValueError(f"rewrites {rewrites}, wanted 0 to {REWRITES_MAX}")
        if not 0 <= taps <= TAPS_MAX:
            raise ValueError(f"taps {taps}, wanted 0 to {TAPS_MAX}")
        self.counter = counter
        self.member = member
        self.op_digest = op_digest
        self.rewrites = rewrites
        self.taps = taps

    def __eq__(self, other: object) -> bool:
        """Two slots are equal when they state the same."""
        return isinstance(other, Slot) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]  # a value to compare, not a key


class Contents:
    """What both slots of a card say together.

    `state` is WHOLE, TORN, BLANK or FOREIGN; `slot` and `number` are the current slot, None unless
    the state is WHOLE or TORN; `next_number` is the slot that the next write must go to.
    """

    def __init__(self, state: str, slot: Slot | None, number: int | None) -> None:
        """Built by `survey`."""
        self.state = state
        self.slot = slot
        self.number = number
        self.next_number = 0 if number is None else 1 - number


def is_member_token(text: str) -> bool:
    """Return whether `text` may name a member on a card."""
    return 1 <= len(text) <= MEMBER_MAX_CHARS and all(char in _MEMBER_CHARS for char in text)


def op_digest(op: bytes) -> bytes:
    """Return the 12 bytes by which a card remembers the operation `op`."""
    return hashlib.sha256(op).digest()[:OP_DIGEST_BYTES]


def pack(slot: Slot, uid: bytes, number: int, seal_key: bytes) -> bytes:
    """Return the 48 bytes of slot `number` (0 or 1) on the card `uid`, sealed."""
    body = struct.pack(
        _BODY,
        slot.counter,
        slot.op_digest,
        slot.member.encode(),
        FORMAT_VERSION,
        0,
        slot.rewrites,
        slot.taps,
    )
    return body + _seal(body, uid, number, seal_key)


def unpack(data: bytes, uid: bytes, number: int, seal_key: bytes) -> Slot | None:
    """Return what slot `number` states, or None if it carries no seal of ours for this card.

    Raises:
        ValueError: `data` is not 48 bytes long.
    """
    if len(data) != SLOT_BYTES:
        raise ValueError(f"slot of {len(data)} bytes, wanted {SLOT_BYTES}")
    body = data[:_BODY_BYTES]
    if not same_bytes(_seal(body, uid, number, seal_key), data[_BODY_BYTES:]):
        return None
    counter, digest, token, version, _, rewrites, taps = struct.unpack(_BODY, body)
    if version != FORMAT_VERSION:
        return None
    try:
        return Slot(counter, token.rstrip(b"\0").decode(), digest, rewrites, taps)
    except ValueError:
        return None


def survey(first: bytes, second: bytes, uid: bytes, seal_key: bytes) -> Contents:
    """Return what two slots of 48 bytes say together; the highest sealed counter is current.

    Two sealed slots with one counter cannot come from our writes; the first is then taken.
    """
    slots = (unpack(first, uid, 0, seal_key), unpack(second, uid, 1, seal_key))
    if slots[0] is None and slots[1] is None:
        blank = is_blank(first) and is_blank(second)
        return Contents(BLANK if blank else FOREIGN, None, None)
    number = _current(slots)
    other = (first, second)[1 - number]
    whole = slots[1 - number] is not None or is_blank(other)
    return Contents(WHOLE if whole else TORN, slots[number], number)


def is_blank(data: bytes) -> bool:
    """Return whether `data` is as a chip leaves its factory: zeros."""
    return data == bytes(len(data))


def next_counter(counter: int, torn: bool) -> int:
    """Return the counter that the next write takes; a torn write has used up the one between.

    Raises:
        ValueError: the counter is at its end, the card must be replaced.
    """
    following = counter + (2 if torn else 1)
    if following > COUNTER_MAX:
        raise ValueError(f"counter {counter} cannot rise any more")
    return following


def _current(slots: tuple[Slot | None, Slot | None]) -> int:
    if slots[0] is None:
        return 1
    if slots[1] is None:
        return 0
    return 1 if slots[1].counter > slots[0].counter else 0


def _seal(body: bytes, uid: bytes, number: int, seal_key: bytes) -> bytes:
    return hmac_sha256(seal_key, uid + bytes([number]) + body)[:_SEAL_BYTES]
