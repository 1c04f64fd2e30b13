"""Portable. Heads, envelopes and seals: how lines keep their place and senders prove themselves.

A *line* is the exact bytes of one record. The *head* after line n is
`SHA-256(head(n-1) || line(n))`, head(0) being 32 zero bytes; it names everything up to n at once.

An *envelope* is what travels in one MQTT message: a header line, up to 100 lines and one
HMAC-SHA256 over every byte before the seal::

    ["rv1","batch","h1",…]\n    format, purpose, device, epoch, kid, first seq, count, prev head
    [1,"sale",…]\n              the lines, oldest first
    5d41402a…                   the seal, 64 hexadecimal digits

Seals belong to transmissions, not to storage: a resend may cut its batches differently.
"""

import hashlib
import json

FORMAT = "rv1"
PURPOSES = ("batch", "hello", "ask", "receipt", "answer")
ZERO_HEAD = b"\x00" * 32

LINES_MAX = 100
ENVELOPE_MAX_BYTES = 65536
LINE_MAX_BYTES = 32768
HEADER_MAX_BYTES = 512
SEQ_MAX = 2**53 - 1

_HEADER_FIELDS = 8
_SEAL_DIGITS = 64
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_BLOCK_BYTES = 64  # SHA-256's block, RFC 2104 section 2


class EnvelopeError(ValueError):
    """The bytes are no envelope of ours; the message says what was found and what was wanted."""


def head_after(head: bytes, line: bytes) -> bytes:
    """Return the 32-byte head that follows `head` once `line` (bytes) is appended."""
    return hashlib.sha256(head + line).digest()


def heads_after(head: bytes, lines: list[bytes]) -> list[bytes]:
    """Return the head after each of `lines`, oldest first."""
    found = []
    for line in lines:
        head = hashlib.sha256(head + line).digest()
        found.append(head)
    return found


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the 32-byte HMAC-SHA256 of `message`; source: RFC 2104 section 2.

    Boards have `hashlib` but no `hmac` module.
    """
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    key = key + b"\x00" * (_BLOCK_BYTES - len(key))
    inner = hashlib.sha256(bytes([octet ^ 0x36 for octet in key]))
    inner.update(message)
    return hashlib.sha256(bytes([octet ^ 0x5C for octet in key]) + inner.digest()).digest()


def same_bytes(left: bytes, right: bytes) -> bool:
    """Return whether two byte strings are equal, in a time that depends on their length only."""
    if len(left) != len(right):
        return False
    difference = 0
    for index in range(len(left)):
        difference |= left[index] ^ right[index]
    return difference == 0


def pack(
    secret: bytes,
    purpose: str,
    device: str,
    epoch: str,
    kid: str,
    first: int,
    prev: bytes,
    lines: list[bytes],
) -> bytes:
    """Return the envelope of `lines` (bytes each, no line feeds), sealed with `secret` (bytes).

    `first` is the sequence number of the first line and `prev` the 32-byte head before it; for
    everything but a batch they only number the message (`ZERO_HEAD` will do).

    Raises:
        EnvelopeError: too many lines, or more than `ENVELOPE_MAX_BYTES` in all.
    """
    if not 1 <= len(lines) <= LINES_MAX:
        raise EnvelopeError(f"{len(lines)} lines in an envelope, 1 to {LINES_MAX} wanted")
    header = (
        f'["{FORMAT}","{purpose}","{device}","{epoch}","{kid}",{first},{len(lines)},"{prev.hex()}"]'
    )
    body = header.encode() + b"\n" + b"\n".join(lines) + b"\n"
    envelope = body + hmac_sha256(secret, body).hex().encode()
    if len(envelope) > ENVELOPE_MAX_BYTES:
        raise EnvelopeError(f"envelope of {len(envelope)} bytes, at most {ENVELOPE_MAX_BYTES}")
    return envelope


def fitting(lines: list[bytes]) -> int:
    """Return how many of `lines`, from the first, one envelope can carry (0 for none)."""
    room = ENVELOPE_MAX_BYTES - HEADER_MAX_BYTES - _SEAL_DIGITS
    count = 0
    for line in lines[:LINES_MAX]:
        room -= len(line) + 1
        if room < 0:
            break
        count += 1
    return count


def unpack(
    envelope: bytes,
) -> tuple[tuple[str, str, str, str, int, bytes], list[bytes], bytes, bytes]:
    """Return `(header, lines, body, seal)` of an envelope whose seal is still to be checked.

    `header` is `(purpose, device, epoch, kid, first, prev)`, `lines` a list of bytes, `body` the
    sealed bytes and `seal` 64 hexadecimal digits as bytes: pass both to `is_sealed_by`.

    Raises:
        EnvelopeError: anything but an envelope, however odd.
    """
    if len(envelope) > ENVELOPE_MAX_BYTES:
        raise EnvelopeError(f"envelope of {len(envelope)} bytes, at most {ENVELOPE_MAX_BYTES}")
    parts = envelope.split(b"\n")
    if len(parts) < 3:
        raise EnvelopeError(f"envelope of {len(parts)} parts, header, lines and seal wanted")
    seal = parts[-1]
    header, count = _read_header(parts[0])
    lines = parts[1:-1]
    if count != len(lines):
        raise EnvelopeError(f"header counts {count} lines, found {len(lines)}")
    if count > LINES_MAX:
        raise EnvelopeError(f"envelope of {count} lines, at most {LINES_MAX}")
    if len(seal) != _SEAL_DIGITS:
        raise EnvelopeError(f"seal of {len(seal)} digits, {_SEAL_DIGITS} wanted")
    return header, lines, envelope[: len(envelope) - _SEAL_DIGITS], seal


def is_sealed_by(secret: bytes, body: bytes, seal: bytes) -> bool:
    """Return whether `seal` (hexadecimal digits as bytes) is `secret`'s seal of `body`."""
    return same_bytes(hmac_sha256(secret, body).hex().encode(), seal)


def _read_header(text: bytes) -> tuple[tuple[str, str, str, str, int, bytes], int]:
    if len(text) > HEADER_MAX_BYTES:
        raise EnvelopeError(f"header of {len(text)} bytes, at most {HEADER_MAX_BYTES}")
    try:
        fields = json.loads(text.decode())
    except (ValueError, RuntimeError) as error:  # RuntimeError: nested deeper than the stack
        raise EnvelopeError(f"header is not JSON: {text[:40]!r}") from error
    if not isinstance(fields, list) or len(fields) != _HEADER_FIELDS:
        raise EnvelopeError(f"header of {_HEADER_FIELDS} fields wanted, found {text[:40]!r}")
    form, purpose, device, epoch, kid, first, count, prev = fields
    if form != FORMAT:
        raise EnvelopeError(f"envelope format {form!r}, {FORMAT!r} wanted")
    if purpose not in PURPOSES:
        raise EnvelopeError(f"envelope purpose {purpose!r}, one of {PURPOSES!r} wanted")
    for name in (device, epoch, kid):
        if not is_name(name):
            raise EnvelopeError(f"{name!r} is no device, epoch or key id")
    for number in (first, count):
        if type(number) is not int or not 0 <= number <= SEQ_MAX:
            raise EnvelopeError(f"{number!r} is no sequence number or count")
    return (purpose, device, epoch, kid, first, _read_head(prev)), count


def is_name(text: object) -> bool:
    """Return whether `text` may name a store, device, epoch or key: 1-64 of `A-Z a-z 0-9 _ -`."""
    if not isinstance(text, str) or not 1 <= len(text) <= 64:
        return False
    return _NAME.issuperset(text)


def _read_head(text: object) -> bytes:
    if isinstance(text, str) and len(text) == 2 * len(ZERO_HEAD):
        try:
            head = bytes.fromhex(text)
        except ValueError:
            head = b""
        if len(head) == len(ZERO_HEAD):  # fewer: fromhex passes over white space
            return head
    raise EnvelopeError(f"head {text!r}, {2 * len(ZERO_HEAD)} hexadecimal digits wanted")
