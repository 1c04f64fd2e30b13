"""What somebody between a device and its hub can do to messages: lose them, and nothing else."""

from contextlib import closing

import pytest

from hub.ledger.ledger import open_ledger
from hub.posting.intake import Arrival
from loyalty import topics
from loyalty.asks import AskRedeem, Hello
from loyalty.chain import ENVELOPE_MAX_BYTES, LINES_MAX, hmac_sha256
from tests.fuzz.fuzzed_world import everything
from tests.hub.hub_world import SECRET, Till, World, sale

OTHER_SECRET = bytes(range(50, 82))


@pytest.fixture
def till(world):
    """The device h1, with three sales that have posted and one that has not been sent."""
    found = world.till("h1")
    found.add(sale("r1"), sale("r2"), sale("r3"), sale("r4"))
    world.take(found.batch(1, 3))
    return found


@pytest.fixture
def neighbour(world):
    """The device h2, which has a secret of its own."""
    world.ledger.add_device("s1", "h2", "k1", OTHER_SECRET, "password-of-h2")
    found = Till("h2")
    found.secret = OTHER_SECRET
    found.add(sale("n1", member="ben"))
    return found


def is_dropped(world: World, message: Arrival, reason: str) -> bool:
    """Return whether `message` goes unanswered, changes nothing, and is counted for `reason`."""
    before, counted = everything(world), world.intake.counts[f"dropped_{reason}"]
    replies = world.intake.take([message])
    after = everything(world), world.intake.counts[f"dropped_{reason}"]
    return (replies, after) == ([], (before, counted + 1))


def sealed(body: bytes, secret: bytes = SECRET) -> bytes:
    return body + hmac_sha256(secret, body).hex().encode()


def test_a_forged_message_is_dropped(world, till):
    till.secret = bytes(32)

    assert is_dropped(world, till.batch(4), "bad_seal")


@pytest.mark.parametrize(("old", "new"), [(b'"r4"', b'"x4"'), (b"1000", b"9000"), (b",4,", b",5,")])
def test_an_altered_message_is_dropped(world, till, old, new):
    message = till.batch(4)
    altered = message._replace(payload=message.payload.replace(old, new, 1))

    assert altered != message
    assert is_dropped(world, altered, "bad_seal")


def test_a_forgery_puts_nobody_in_quarantine(world, till):
    forger = Till("h1")
    forger.secret = bytes(32)
    forger.add(sale("x1"), sale("x2"))
    world.take(forger.batch(), forger.batch(2))

    (receipt,) = world.take(till.batch(4))

    assert (receipt.upto_seq, receipt.exceptions, world.cases()) == (4, (), [])


def test_a_devices_envelope_on_another_devices_topic_is_dropped(world, till, neighbour):
    theirs = neighbour.batch()._replace(topic=topics.up("s1", "h1", "batch"))

    assert is_dropped(world, theirs, "wrong_topic")


def test_an_envelope_in_another_devices_name_is_dropped(world, till, neighbour):
    imposter = Till("h1")
    imposter.secret = OTHER_SECRET
    imposter.add(*till.lines)

    assert is_dropped(world, imposter.batch(4), "bad_seal")


@pytest.mark.parametrize("kid", ["k0", "k2", "h2"])
def test_a_key_that_is_not_the_devices_own_is_none(world, till, neighbour, kid):
    world.ledger.add_device("s1", "h2", "k2", OTHER_SECRET, "password-of-h2")
    till.kid, till.secret = kid, OTHER_SECRET

    assert is_dropped(world, till.batch(4), "bad_seal")


@pytest.mark.parametrize("topic", ["loy/v1/s2/h1/up/batch", "loy/v1/s1/h3/up/batch"])
def test_a_device_that_is_not_registered_there_is_not_heard(world, till, topic):
    message = till.batch(4)
    body = message.payload[:-64].replace(b'"h1"', f'"{topic.split("/")[3]}"'.encode())

    assert is_dropped(world, Arrival(topic, sealed(body)), "unknown_device")


@pytest.mark.parametrize("purpose", ["hello", "ask"])
def test_an_envelope_counts_only_for_what_it_was_sealed_for(world, till, purpose):
    message = till.batch(4)._replace(topic=topics.up("s1", "h1", purpose))

    assert is_dropped(world, message, "wrong_topic")


def test_a_replayed_message_is_answered_again_and_changes_nothing(world, till):
    message = till.batch(1, 3)
    world.take(till.batch(4))
    before = everything(world)

    replies = world.take(message, message, till.batch(4))

    assert everything(world) == before
    assert [it.upto_seq for it in replies] == [4, 4, 4]


def test_a_replayed_ask_reserves_nothing_more(world, till):
    till.add(sale("r5", 20_000))
    world.take(till.batch(4))
    card = {"card": "04AA", "member": "anna", "ctr_seen": -1}
    message = till.ask(AskRedeem(ref="q1", offer="mug", **card))
    (first,) = world.take(message)
    before = everything(world)

    again = world.take(message, message)

    assert again == [first, first]
    assert everything(world) == before


def test_what_an_older_secret_sealed_is_dropped_once_the_newer_was_used(world, till):
    recorded = till.batch(4)
    with closing(open_ledger(world.path)) as elsewhere:
        elsewhere.add_device("s1", "h1", "k2", OTHER_SECRET, "password-of-h1")
    till.kid, till.secret = "k2", OTHER_SECRET
    stands = {"last_seq": 4, "settled_seq": 3, "incarnation": "incarnation", "rules": 3}
    world.intake.take([till.ask(Hello(ref="q1", **stands))])

    assert is_dropped(world, recorded, "bad_seal")


def test_messages_in_another_order_end_the_same(world, till):
    till.add(*[sale(f"more-{n}") for n in range(8)])
    parts = [till.batch(first, first + 1) for first in range(4, 13, 2)]

    for part in reversed(parts):
        world.take(part)

    assert world.value("SELECT seq FROM chain") == 12
    assert (world.balance("anna"), world.cases()) == (120, [])


def test_a_message_that_is_too_long_is_dropped_whoever_sealed_it(world, till):
    line = till.lines[3].replace(b'"r4"', b'"' + b"r" * 500 + b'"')
    count = ENVELOPE_MAX_BYTES // len(line) + 1
    header = f'["rv1","batch","h1","e1","k1",4,{count},"{till.heads[3].hex()}"]'.encode()
    message = sealed(b"\n".join([header, *[line] * count]) + b"\n")

    assert len(message) > ENVELOPE_MAX_BYTES
    assert is_dropped(world, till.batch(4)._replace(payload=message), "bad_envelope")


def test_a_message_of_too_many_lines_is_dropped_whoever_sealed_it(world, till):
    count = LINES_MAX + 1
    header = f'["rv1","batch","h1","e1","k1",4,{count},"{till.heads[3].hex()}"]'.encode()
    message = sealed(b"\n".join([header, *[b"[1]"] * count]) + b"\n")

    assert is_dropped(world, till.batch(4)._replace(payload=message), "bad_envelope")
