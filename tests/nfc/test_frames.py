"""PN532 frames: known bytes, damage, any splitting, and the same on boards."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import frames
from device.nfc.frames import FrameReader, encode
from tests.micropython_runner import ROOT, needs_micropython, run_micropython

BODIES = st.binary(min_size=1, max_size=frames.BODY_MAX_BYTES).filter(lambda body: body != b"\x7f")
# Bytes that are likely to look like parts of frames.
NOISE = st.lists(
    st.one_of(
        st.sampled_from([b"\x00", b"\xff", b"\x00\x00\xff", b"\x55", frames.ACK, frames.NACK]),
        st.binary(max_size=8),
        BODIES.map(encode),
    ),
    max_size=12,
).map(b"".join)


def read_all(data: bytes, size: int) -> list[tuple[int, bytes]]:
    reader = FrameReader()
    return [
        found for at in range(0, len(data), size) for found in reader.feed(data[at : at + size])
    ]


def test_get_firmware_version_has_the_bytes_of_the_user_manual():
    body = bytes.fromhex("d402")

    frame = encode(body)

    assert frame == bytes.fromhex("0000ff02fed4022a00")


def test_a_body_over_255_bytes_travels_in_an_extended_frame():
    body = bytes([0xD4]) + bytes(255)

    frame = encode(body)

    assert frame[:8] == bytes.fromhex("0000ffffff0100ff")
    assert read_all(frame, 1000) == [(frames.INFORMATION, body)]


@pytest.mark.parametrize("length", [0, frames.BODY_MAX_BYTES + 1])
def test_a_body_of_no_or_too_many_bytes_is_refused(length):
    with pytest.raises(ValueError, match=f"{length} bytes, wanted 1 to 265"):
        encode(bytes(length))


def test_a_length_beyond_the_maximum_is_damage():
    claimed = frames.BODY_MAX_BYTES + 1
    high, low = claimed >> 8, claimed & 0xFF
    data = bytes([0, 0, 0xFF, 0xFF, 0xFF, high, low, -(high + low) & 0xFF])

    found = read_all(data + frames.ACK, 1000)

    assert [kind for kind, _ in found] == [frames.DAMAGED, frames.ACKNOWLEDGED]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (frames.ACK, frames.ACKNOWLEDGED),
        (frames.NACK, frames.NOT_ACKNOWLEDGED),
        (frames.SYNTAX_ERROR, frames.REFUSED),
    ],
)
def test_frames_without_a_body_are_told_apart(data, kind):
    found = read_all(data, 1000)

    assert found == [(kind, b"")]


def test_wake_up_bytes_before_a_frame_are_passed_over():
    data = b"\x55\x55" + bytes(14) + encode(b"\xd4\x14\x01")

    found = read_all(data, 1000)

    assert found == [(frames.INFORMATION, b"\xd4\x14\x01")]


@given(BODIES)
def test_what_was_encoded_is_read_back(body):
    frame = encode(body)

    found = read_all(frame, 1000)

    assert found == [(frames.INFORMATION, body)]


@given(NOISE, st.integers(1, 7))
def test_frames_do_not_depend_on_how_bytes_arrive(data, size):
    in_one = read_all(data, 10_000)

    in_many = read_all(data, size)

    assert in_one == in_many


@given(BODIES, st.data())
def test_a_damaged_frame_is_reported_in_its_place_and_hides_no_other(body, data):
    good = encode(b"\xd5\x03")
    broken = bytearray(encode(body))
    broken[-2] ^= data.draw(st.integers(1, 255))

    found = read_all(good + bytes(broken) + good, 1000)

    assert found[0] == found[-1] == (frames.INFORMATION, b"\xd5\x03")
    assert found[1][0] == frames.DAMAGED


@given(NOISE)
def test_after_any_noise_a_repeated_frame_gets_through(noise):
    reader = FrameReader()
    reader.feed(noise)

    # Noise may pose as the head of one long frame; its length is bounded, so this ends.
    found = [item for _ in range(60) for item in reader.feed(encode(b"\xd5\x03\x32"))]

    assert (frames.INFORMATION, b"\xd5\x03\x32") in found


@needs_micropython
def test_a_board_reads_and_writes_the_same_frames():
    rng = random.Random(532)
    bodies = [rng.randbytes(length) for length in (1, 2, 20, 255, 256, 265)]
    stream = b"".join(rng.randbytes(5) + encode(body) + frames.ACK for body in bodies)
    stream += bytes.fromhex("0000ff02ff0000ff01ff7f8100") + frames.NACK
    script = f"""
from device.nfc.frames import FrameReader, encode
for body in {bodies!r}:
    print(encode(body).hex())
reader, data = FrameReader(), {stream!r}
for at in range(0, len(data), 7):
    for kind, body in reader.feed(data[at : at + 7]):
        print(kind, body.hex())
"""

    told = run_micropython(script, path=[ROOT]).splitlines()

    found = read_all(stream, 7)
    assert told == [encode(body).hex() for body in bodies] + [
        f"{kind} {body.hex()}" for kind, body in found
    ]


@needs_micropython
def test_a_board_builds_the_same_commands():
    script = """
from device.nfc import classic, commands
uid = bytes.fromhex("04782e21801d80")
target = commands.parse_target(bytes.fromhex("d54b010100040804deadbeef"))
print(target.number, target.uid.hex(), commands.parse_exchange(bytes.fromhex("d54114")))
print(commands.data_exchange(1, classic.authenticate(4, bytes(6), uid, True)).hex())
print(classic.access_bytes((4, 4, 4), 3).hex(), classic.access_conditions(b"\\x78\\x77\\x88"))
print(classic.pack_value(100, 6).hex(), classic.unpack_value(classic.pack_value(-5, 3)))
"""

    told = run_micropython(script, path=[ROOT]).splitlines()

    assert told == [
        "1 deadbeef (20, b'')",
        "d440016104000000000000" + "21801d80",
        "787788 (4, 4, 4, 3)",
        "640000009bffffff6400000006f906f9 (-5, 3)",
    ]
