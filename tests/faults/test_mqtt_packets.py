"""Packets are cut right however their bytes arrive, and what is read from them is what was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import mqtt_packets as mqtt

# OASIS MQTT 3.1.1 §3.1, §3.3, §3.4, §3.12: written out by hand.
CONNECT = bytes.fromhex("1013") + b"\x00\x04MQTT\x04\x02\x00\x1e\x00\x07kiosk-1"
PUBLISH = bytes.fromhex("320d") + b"\x00\x03a/b" + b"\x12\x34" + b"hello!"
PUBLISH_AT_MOST_ONCE = bytes.fromhex("3008") + b"\x00\x03a/b" + b"bye"
PUBACK = bytes.fromhex("40021234")
PINGREQ = bytes.fromhex("c000")


def long_publish(size: int) -> bytes:
    """A PUBLISH whose length takes two bytes or more."""
    body = b"\x00\x03a/b" + b"\x00\x01" + bytes(size)
    length, digits = len(body), bytearray()
    while length:
        digits.append((length & 0x7F) | (0x80 if length > 0x7F else 0))
        length >>= 7
    return b"\x32" + bytes(digits) + body


PACKETS = [CONNECT, PUBLISH, PUBLISH_AT_MOST_ONCE, long_publish(300), PUBACK, long_publish(20_000)]


@given(st.lists(st.sampled_from([*PACKETS, PINGREQ]), max_size=8), st.data())
def test_packets_do_not_depend_on_how_bytes_arrive(packets, data):
    stream = b"".join(packets)
    cutter = mqtt.PacketCutter()

    found, at = [], 0
    while at < len(stream):
        step = data.draw(st.integers(1, 5_000))
        found += cutter.feed(stream[at : at + step])
        at += step

    assert found == packets


def test_one_byte_at_a_time_is_enough():
    cutter = mqtt.PacketCutter()

    found = [packet for byte in PUBLISH + PINGREQ for packet in cutter.feed(bytes((byte,)))]

    assert found == [PUBLISH, PINGREQ]


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff\x01", b"\xff\xff\xff\x7f"])
def test_what_is_no_packet_or_too_long_is_refused(length):
    with pytest.raises(mqtt.BadPacket):
        mqtt.PacketCutter().feed(b"\x30" + length)


def test_what_a_packet_says_is_read():
    assert mqtt.client_id(CONNECT) == "kiosk-1"
    assert (mqtt.kind(PUBLISH), mqtt.kind(PUBACK)) == (mqtt.PUBLISH, mqtt.PUBACK)
    assert (mqtt.needs_answer(PUBLISH), mqtt.needs_answer(PUBLISH_AT_MOST_ONCE)) == (True, False)
    assert mqtt.topic(PUBLISH) == "a/b"
    assert mqtt.packet_id(PUBLISH) == mqtt.packet_id(PUBACK) == 0x1234
    assert mqtt.packet_id(long_publish(20_000)) == 1


def test_an_answer_and_a_second_sending_are_made():
    assert mqtt.puback(PUBLISH) == PUBACK
    assert mqtt.again(PUBLISH) == b"\x3a" + PUBLISH[1:]
