"""What a card holds: known bytes, seals, torn slots, and the same on boards."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import card
from loyalty.card import (
    BLANK,
    COUNTER_MAX,
    FOREIGN,
    REWRITES_MAX,
    SLOT_BYTES,
    TAPS_MAX,
    TORN,
    WHOLE,
    Slot,
    next_counter,
    op_digest,
    pack,
    survey,
    unpack,
)
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

UID = bytes.fromhex("deadbeef")
KEY = b"the seal key of these tests only"
NOTHING = bytes(SLOT_BYTES)

TOKENS = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-", min_size=1, max_size=16
)
SLOTS = st.builds(
    Slot,
    st.integers(0, COUNTER_MAX),
    TOKENS,
    st.binary(min_size=12, max_size=12),
    st.integers(0, REWRITES_MAX),
    st.integers(0, TAPS_MAX),
)
NUMBERS = st.integers(0, 1)


def slot(counter: int) -> Slot:
    return Slot(counter, "m-1001", op_digest(b"op %d" % counter), 3)


def packed(counter: int, number: int) -> bytes:
    return pack(slot(counter), UID, number, KEY)


def test_a_slot_has_the_bytes_of_its_description():
    digest = hashlib.sha256(b"op 7").digest()[:12]
    body = b"\0\0\0\x07" + digest + b"m-1001" + bytes(10) + b"\x01\0\0\x03" + bytes(4)
    seal = hmac.new(KEY, UID + b"\x01" + body, "sha256").digest()[:8]

    data = packed(7, number=1)

    assert data == body + seal


def test_taps_stand_in_the_last_four_bytes_before_the_seal():
    counted = Slot(7, "m-1001", op_digest(b"op 7"), 3, taps=0x010203)

    assert pack(counted, UID, 1, KEY)[36:40] == b"\0\x01\x02\x03"
    with pytest.raises(ValueError, match="taps 16777216, wanted 0 to 16777215"):
        Slot(7, "m-1001", op_digest(b"op 7"), 3, taps=TAPS_MAX + 1)


@given(SLOTS, NUMBERS)
def test_what_was_packed_is_unpacked(what, number):
    assert unpack(pack(what, UID, number, KEY), UID, number, KEY) == what


@given(SLOTS, NUMBERS, st.integers(0, SLOT_BYTES * 8 - 1))
def test_one_flipped_bit_breaks_the_seal(what, number, bit):
    data = bytearray(pack(what, UID, number, KEY))

    data[bit // 8] ^= 1 << bit % 8

    assert unpack(bytes(data), UID, number, KEY) is None


@given(st.binary(min_size=SLOT_BYTES, max_size=SLOT_BYTES))
def test_bytes_of_anybody_else_are_nothing(data):
    assert unpack(data, UID, 0, KEY) is None


def test_a_seal_binds_the_card_the_slot_and_the_key():
    data = packed(7, number=0)

    assert unpack(data, UID, 0, KEY) == slot(7)
    assert unpack(data, bytes(4), 0, KEY) is None
    assert unpack(data, UID, 1, KEY) is None
    assert unpack(data, UID, 0, b"another") is None


def test_a_later_format_under_our_seal_is_not_guessed_at():
    body = bytearray(packed(7, number=0)[:40])
    body[32] = card.FORMAT_VERSION + 1
    seal = hmac.new(KEY, UID + b"\0" + body, "sha256").digest()[:8]

    assert unpack(bytes(body) + seal, UID, 0, KEY) is None


@pytest.mark.parametrize("length", [SLOT_BYTES - 1, SLOT_BYTES + 1])
def test_a_slot_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match=f"slot of {length} bytes, wanted 48"):
        unpack(bytes(length), UID, 0, KEY)


@pytest.mark.parametrize(
    ("counter", "member", "digest", "rewrites", "words"),
    [
        (-1, "m", bytes(12), 0, "counter -1"),
        (COUNTER_MAX + 1, "m", bytes(12), 0, "counter 4294967296"),
        (0, "", bytes(12), 0, "member token ''"),
        (0, "m" * 17, bytes(12), 0, "member token 'mmm"),
        (0, "mé", bytes(12), 0, "member token 'mé'"),
        (0, "m\0", bytes(12), 0, "member token"),
        (0, "m", bytes(11), 0, "op digest of 11 bytes, wanted 12"),
        (0, "m", bytes(12), -1, "rewrites -1"),
        (0, "m", bytes(12), REWRITES_MAX + 1, "rewrites 65536, wanted 0 to 65535"),
    ],
)
def test_a_field_beyond_its_limits_is_refused(counter, member, digest, rewrites, words):
    with pytest.raises(ValueError, match=words):
        Slot(counter, member, digest, rewrites)


def test_the_higher_counter_is_current_and_the_other_slot_is_written_next():
    for first, second, current in ((7, 8, 1), (9, 8, 0)):
        found = survey(packed(first, 0), packed(second, 1), UID, KEY)

        assert (found.state, found.number, found.next_number) == (WHOLE, current, 1 - current)
        assert found.slot == slot(max(first, second))


def test_a_card_issued_and_never_used_is_whole():
    found = survey(packed(1, 0), NOTHING, UID, KEY)

    assert (found.state, found.slot, found.next_number) == (WHOLE, slot(1), 1)


def test_a_card_without_any_writing_is_blank():
    found = survey(NOTHING, NOTHING, UID, KEY)

    assert (found.state, found.slot, found.number, found.next_number) == (BLANK, None, None, 0)


def test_a_card_with_somebody_elses_writing_is_foreign():
    found = survey(b"\x01" + NOTHING[1:], NOTHING, UID, KEY)

    assert (found.state, found.slot) == (FOREIGN, None)


@given(st.integers(0, SLOT_BYTES), NUMBERS, st.booleans())
def test_a_write_torn_anywhere_leaves_the_state_before_or_after(cut, current, first_write):
    old = NOTHING if first_write else packed(6, 1 - current)
    new = packed(8, 1 - current)
    slots = [packed(7, current), new[:cut] + old[cut:]]
    if current:
        slots.reverse()

    found = survey(slots[0], slots[1], UID, KEY)

    assert found.slot in (slot(7), slot(8))
    assert (found.state == TORN) == (0 < cut < SLOT_BYTES and slots[current ^ 1] not in (old, new))


def test_the_counter_rises_by_one_and_a_torn_number_is_not_used_again():
    assert next_counter(7, torn=False) == 8
    assert next_counter(7, torn=True) == 9


@pytest.mark.parametrize(("counter", "torn"), [(COUNTER_MAX, False), (COUNTER_MAX - 1, True)])
def test_a_counter_at_its_end_is_refused(counter, torn):
    with pytest.raises(ValueError, match="cannot rise"):
        next_counter(counter, torn)


@needs_micropython
def test_a_board_packs_and_surveys_the_same():
    cases = [(n * 65537, f"m-{n}", bytes([n] * 12).hex(), n * 11) for n in range(40)]
    script = f"""
from loyalty.card import Slot, pack, survey, unpack
uid, key = bytes.fromhex({UID.hex()!r}), {KEY!r}
for counter, member, digest, rewrites in {cases!r}:
    slot = Slot(counter, member, bytes.fromhex(digest), rewrites)
    data = pack(slot, uid, counter & 1, key)
    assert unpack(data, uid, counter & 1, key) == slot
    print(data.hex())
new = pack(Slot(8, "m", bytes(12), 0), uid, 1, key)
old = pack(Slot(7, "m", bytes(12), 0), uid, 0, key)
for cut in range(49):
    found = survey(old, new[:cut] + bytes(48 - cut), uid, key)
    print(found.state, found.slot.counter, found.next_number)
"""
    told = run_micropython(script, path=[ROOT]).splitlines()

    for line, (counter, member, digest, rewrites) in zip(told, cases, strict=False):
        what = Slot(counter, member, bytes.fromhex(digest), rewrites)
        assert line == pack(what, UID, counter & 1, KEY).hex()
    new = pack(Slot(8, "m", bytes(12), 0), UID, 1, KEY)
    for cut, line in enumerate(told[len(cases) :]):
        old = pack(Slot(7, "m", bytes(12), 0), UID, 0, KEY)
        found = survey(old, new[:cut] + bytes(48 - cut), UID, KEY)
        assert line == f"{found.state} {found.slot.counter} {found.next_number}"
    assert len(told) == len(cases) + 49
