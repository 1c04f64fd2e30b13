"""A bad line does to messages what their fate says, and the handshakes stay sane."""

from collections import Counter
from itertools import chain, repeat

from simulators import mqtt_packets as mqtt
from simulators.bad_line import KEPT_MAX_MS, BadLine, LookAgain, Move
from simulators.faults import DELAYED, DOUBLED, DROPPED, PASSED, REORDERED


def publish(number: int) -> bytes:
    return bytes.fromhex("3207") + b"\x00\x03a/b" + number.to_bytes(2, "big")


ONE, TWO = publish(1), publish(2)
ACK = mqtt.puback(ONE)


def line(*upwards: str) -> tuple[BadLine, Counter[str]]:
    """A line on which the first messages to the broker meet `upwards`, in 40 ms."""
    happened: Counter[str] = Counter()
    fates = chain(((it, 40) for it in upwards), repeat((PASSED, 0)))
    return BadLine(fates, repeat((PASSED, 0)), happened), happened


def test_a_message_that_nothing_befalls_passes():
    bad_line, happened = line(PASSED)

    assert bad_line.take(ONE, up=True) == [Move(ONE)]
    assert happened == {}


def test_a_dropped_message_is_acknowledged_and_gone():
    bad_line, happened = line(DROPPED)

    assert bad_line.take(ONE, up=True) == [Move(ACK, is_back=True)]
    assert happened == {DROPPED: 1}


def test_a_doubled_message_arrives_twice_and_is_answered_once():
    bad_line, happened = line(DOUBLED)

    sent = bad_line.take(ONE, up=True)
    answers = [bad_line.take(ACK, up=False) for _ in range(3)]

    assert sent == [Move(ONE), Move(mqtt.again(ONE), 40)]
    assert answers == [[], [Move(ACK)], [Move(ACK)]]
    assert happened == {DOUBLED: 1}


def test_a_delayed_message_comes_later():
    bad_line, happened = line(DELAYED)

    assert bad_line.take(ONE, up=True) == [Move(ONE, 40)]
    assert happened == {DELAYED: 1}


def test_a_reordered_message_lets_the_next_go_first():
    bad_line, happened = line(REORDERED)

    kept = bad_line.take(ONE, up=True)
    both = bad_line.take(TWO, up=True)

    assert (kept, both) == ([LookAgain(KEPT_MAX_MS)], [Move(TWO), Move(ONE)])
    assert bad_line.release(up=True) == []
    assert happened == {REORDERED: 1}


def test_a_message_that_nothing_overtakes_is_released():
    bad_line, happened = line(REORDERED)

    bad_line.take(ONE, up=True)

    assert bad_line.release(up=True) == [Move(ONE)]
    assert happened == {}


def test_until_one_was_overtaken_the_next_is_kept_in_its_place():
    bad_line, happened = line(REORDERED, DROPPED)

    bad_line.take(ONE, up=True)
    bad_line.release(up=True)
    kept = bad_line.take(ONE, up=True)
    both = bad_line.take(TWO, up=True)
    after = bad_line.take(ONE, up=True)

    assert (kept, both) == ([LookAgain(KEPT_MAX_MS)], [Move(TWO), Move(ONE)])
    assert after == [Move(ACK, is_back=True)]
    assert happened == {REORDERED: 1, DROPPED: 1}


def test_the_other_direction_has_its_own_fate():
    bad_line, _ = line(DROPPED)

    assert bad_line.take(ONE, up=False) == [Move(ONE)]


def test_only_messages_that_are_answered_meet_a_fate():
    bad_line, _ = line(DROPPED)
    ping, at_most_once = bytes.fromhex("c000"), bytes.fromhex("3005") + b"\x00\x03a/b"

    assert bad_line.take(ping, up=True) == [Move(ping)]
    assert bad_line.take(at_most_once, up=True) == [Move(at_most_once)]
    assert bad_line.take(ONE, up=True) == [Move(ACK, is_back=True)]
