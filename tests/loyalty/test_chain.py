"""Heads, seals and envelopes: known bytes, the same on boards, and only their own error."""

import hashlib
import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import chain
from loyalty.chain import (
    ENVELOPE_MAX_BYTES,
    LINES_MAX,
    ZERO_HEAD,
    EnvelopeError,
    fitting,
    head_after,
    heads_after,
    hmac_sha256,
    is_sealed_by,
    pack,
    same_bytes,
    unpack,
)
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

SECRET = bytes(range(32))
LINES = [b'[1,"check_in",1]', b'[1,"check_in",2]', b'[1,"check_in",3]']
HEADER = b'["rv1","batch","h1","ep0","k1",41,3,"' + b"0" * 64 + b'"]'
ENVELOPE = pack(SECRET, "batch", "h1", "ep0", "k1", 41, ZERO_HEAD, LINES)


def with_header(header: bytes) -> bytes:
    return header + ENVELOPE[ENVELOPE.index(b"\n") :]


DAMAGED = {
    "nothing": b"",
    "no line feed": b"x" * 100,
    "header only": HEADER + b"\n",
    "a missing line": ENVELOPE.replace(LINES[1] + b"\n", b""),
    "one line more": ENVELOPE.replace(LINES[1], LINES[1] + b"\n" + LINES[1]),
    "a short seal": ENVELOPE[:-1],
    "a long seal": ENVELOPE + b"0",
    "oversized": ENVELOPE + b"\n" * ENVELOPE_MAX_BYTES,
    "a header that is no JSON": with_header(HEADER[:-1]),
    "a header that is no UTF-8": with_header(HEADER.replace(b"h1", b"h\xff")),
    "a header that is an object": with_header(b"{}"),
    "a header of too many fields": with_header(HEADER[:-1] + b",1]"),
    "a header nested deeply": with_header(b"[" * 250 + b"]" * 250),
    "a header too long": with_header(HEADER.replace(b"h1", b"h" * 500)),
    "another format": with_header(HEADER.replace(b"rv1", b"rv2")),
    "another purpose": with_header(HEADER.replace(b"batch", b"bitch")),
    "a list for a purpose": with_header(HEADER.replace(b'"batch"', b'["batch"]')),
    "a device with a slash": with_header(HEADER.replace(b"h1", b"h/1")),
    "a device without a name": with_header(HEADER.replace(b"h1", b"")),
    "a number for a key id": with_header(HEADER.replace(b'"k1"', b"1")),
    "true for a number": with_header(HEADER.replace(b"41", b"true")),
    "a fraction for a number": with_header(HEADER.replace(b"41", b"41.0")),
    "a negative number": with_header(HEADER.replace(b"41", b"-1")),
    "one past the last number": with_header(HEADER.replace(b"41", b"9007199254740992")),
    "a head of other digits": with_header(HEADER.replace(b"0" * 64, b"x" * 64)),
    "a head of spaces": with_header(HEADER.replace(b"0" * 64, b" " * 64)),
    "a head of half spaces": with_header(HEADER.replace(b"0" * 64, b"0 " * 32)),
    "a short head": with_header(HEADER.replace(b"0" * 64, b"0" * 62)),
}


def test_a_head_is_the_hash_of_the_head_before_and_the_line():
    first = hashlib.sha256(bytes(32) + LINES[0]).digest()
    second = hashlib.sha256(first + LINES[1]).digest()

    assert head_after(ZERO_HEAD, LINES[0]) == first
    assert heads_after(ZERO_HEAD, LINES[:2]) == [first, second]


# Source: RFC 4231 sections 4.2, 4.3 and 4.7 (a key longer than a block).
@pytest.mark.parametrize(
    ("key", "message", "wanted"),
    [
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_the_hmac_gives_the_published_bytes(key: bytes, message: bytes, wanted: str):
    assert hmac_sha256(key, message).hex() == wanted


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_the_hmac_agrees_with_the_standard_library(key: bytes, message: bytes):
    assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256")


@given(st.binary(max_size=4), st.binary(max_size=4))
def test_same_bytes_is_equality(left: bytes, right: bytes):
    assert same_bytes(left, right) == (left == right)


def test_an_envelope_has_exactly_these_bytes():
    body = HEADER + b"\n" + b"\n".join(LINES) + b"\n"

    assert body + hmac.new(SECRET, body, "sha256").hexdigest().encode() == ENVELOPE


def test_an_envelope_gives_back_what_was_packed():
    header, lines, body, seal = unpack(ENVELOPE)

    assert header == ("batch", "h1", "ep0", "k1", 41, ZERO_HEAD)
    assert lines == LINES
    assert is_sealed_by(SECRET, body, seal)


@given(st.integers(0, len(ENVELOPE) - 1), st.integers(1, 255))
def test_no_changed_byte_keeps_the_seal(index: int, flip: int):
    changed = bytearray(ENVELOPE)
    changed[index] ^= flip

    try:
        _, _, body, seal = unpack(bytes(changed))
    except EnvelopeError:
        return

    assert not is_sealed_by(SECRET, body, seal)


def test_another_secret_does_not_seal():
    _, _, body, seal = unpack(ENVELOPE)

    assert not is_sealed_by(bytes(32), body, seal)


@pytest.mark.parametrize("envelope", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_envelope_is_an_envelope_error(envelope: bytes):
    with pytest.raises(EnvelopeError):
        unpack(envelope)


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_an_envelope_error(data: bytes):
    for envelope in (data, with_header(data)):
        with suppress(EnvelopeError):
            unpack(envelope)


@pytest.mark.parametrize("count", [0, LINES_MAX + 1])
def test_an_envelope_has_one_to_a_hundred_lines(count: int):
    with pytest.raises(EnvelopeError, match=f"{count} lines"):
        pack(SECRET, "batch", "h1", "ep0", "k1", 1, ZERO_HEAD, [b"[]"] * count)


@given(st.lists(st.integers(1, 32768), min_size=1, max_size=120))
def test_what_fits_packs_and_no_envelope_is_left_empty(sizes: list[int]):
    lines = [b"x" * size for size in sizes]
    names = ("n" * 64,) * 3

    count = fitting(lines)
    envelope = pack(SECRET, "receipt", *names, chain.SEQ_MAX, ZERO_HEAD, lines[:count])

    assert 1 <= count <= LINES_MAX
    assert unpack(envelope)[1] == lines[:count]


PORTABLE = """
from loyalty.chain import *

def told(envelope):
    try:
        header, lines, body, seal = unpack(envelope)
        return repr((header, lines, is_sealed_by(SECRET, body, seal)))
    except EnvelopeError:
        return "EnvelopeError"

print(pack(SECRET, "batch", "h1", "ep0", "k1", 41, ZERO_HEAD, LINES).hex())
print([head.hex() for head in heads_after(ZERO_HEAD, LINES)])
print(hmac_sha256(b"k" * 131, b"message").hex(), fitting(LINES * 50), fitting([b"x" * 30000] * 3))
for envelope in ENVELOPES:
    print(told(envelope))
"""


@needs_micropython
def test_boards_give_the_same_bytes_and_refuse_the_same_envelopes(
    capsys: pytest.CaptureFixture[str],
):
    envelopes = [it for name, it in DAMAGED.items() if name != "oversized"]
    envelopes += [ENVELOPE, ENVELOPE[:-1] + b"x"]
    script = f"SECRET = {SECRET!r}\nLINES = {LINES!r}\nENVELOPES = {envelopes!r}\n{PORTABLE}"

    told = run_micropython(script, path=[ROOT])

    exec(compile(script, "portable", "exec"), {})
    assert told == capsys.readouterr().out
