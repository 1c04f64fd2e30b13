"""Whatever comes to a hub's port, broker and bridge stay up and serve the next device."""

import logging
import random
import socket
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from hub.hub import Hub
from hub.posting.intake import Arrival
from loyalty import topics
from loyalty.chain import ENVELOPE_MAX_BYTES
from loyalty.receipts import Answer
from loyalty.topics import PACKET_MAX_BYTES
from tests.campaign import size
from tests.fuzz.forger import Forger
from tests.fuzz.fuzzed_world import (
    everything,
    good_message,
    honest_messages,
    leasing_world,
    rogue_in,
)
from tests.hub.hub_world import Till, World
from tests.hub.mqtt_wire import WAIT_S, Wire
from tests.security.running_hub import beside_a_hub

FORGED = size(250, 5_000)
ROGUE = size(250, 5_000)
STRANGERS = size(50, 1_000)
SEED = 20_170_301

T = TypeVar("T")


@pytest.fixture
def world(tmp_path):
    found = leasing_world(tmp_path)
    yield found
    found.ledger.close()


@pytest.fixture
def errors(caplog) -> Iterator[list]:
    """Return what our own code logs as errors meanwhile; what asyncio does fails the test."""
    found: list = []
    yield found
    assert [it for it in caplog.records if it.levelno >= logging.ERROR] == []


def beside_a_watched_hub(world: World, errors: list, deed: Callable[[Hub, int], T]) -> T:
    """Return what `deed` returned beside a running hub."""
    with capture_logs() as logged:
        found = beside_a_hub(world, deed)
    errors += [it for it in logged if it["log_level"] in ("error", "critical")]
    return found


def sell(port: int, number: int) -> tuple[Till, Answer]:
    """Have the device h3 send its first sale; return it and the receipt."""
    till, message = good_message(number)
    wire = Wire(port, "h3", "password-of-h3")
    wire.subscribe(topics.rx_filter("s1", "h3"))
    wire.publish(*message)
    receipt = wire.answer()
    wire.close()
    return till, receipt


def is_sayable(message: Arrival) -> bool:
    """Return whether MQTT lets a client publish it, and the broker lets the connection stand."""
    fits = len(message.topic) + len(message.payload) <= PACKET_MAX_BYTES - 4
    return bool(message.topic) and not set(message.topic) & set("+#") and fits


def is_served(till: Till, receipt: Answer) -> bool:
    return (receipt.upto_seq, receipt.head, receipt.exceptions) == (1, till.heads[1].hex(), ())


@pytest.mark.campaign
def test_forgeries_and_a_rogues_own_messages_stop_neither_broker_nor_bridge(world, errors):
    rng = random.Random(SEED)
    forger = Forger(rng, honest_messages(world))
    rogue = rogue_in(world, rng)
    world.till("h3")
    own = [topics.up("s1", "h9", it) for it in topics.UP]
    messages = [Arrival(rng.choice(own), forger.next().payload) for _ in range(FORGED)]
    messages += [rogue.next() for _ in range(ROGUE)]
    messages += [Arrival(it, bytes(ENVELOPE_MAX_BYTES + 1)) for it in own]
    messages = [it for it in messages if is_sayable(it)]
    rng.shuffle(messages)

    def deed(hub: Hub, port: int) -> tuple[Till, Answer, int]:
        wire = Wire(port, "h9", "password-of-h9")
        for topic, payload in messages:
            wire.publish(topic, payload)
        served = sell(port, 1)
        wire.close()
        return *served, hub.counts["received"]

    till, receipt, received = beside_a_watched_hub(world, errors, deed)

    assert is_served(till, receipt)
    assert received == len(messages) + 1
    assert errors == []


@pytest.mark.campaign
def test_what_a_thief_says_in_the_name_of_others_does_not_arrive(world, errors):
    forger = Forger(random.Random(SEED), honest_messages(world))
    rogue_in(world, random.Random(SEED))
    world.till("h3")
    before = everything(world)
    messages = [forger.next() for _ in range(FORGED)]
    sayable = [it for it in messages if is_sayable(it)]

    def deed(hub: Hub, port: int) -> int:
        thief = Wire(port, "h9", "password-of-h9")
        for topic, payload in sayable:
            thief.publish(topic, payload)
        thief.close()
        return hub.counts["received"]

    received = beside_a_watched_hub(world, errors, deed)

    assert (received, errors) == (0, [])
    assert everything(world) == before


@pytest.mark.campaign
def test_strangers_who_speak_no_mqtt_are_hung_up_on(world, errors):
    rng = random.Random(SEED)
    world.till("h3")

    def deed(hub: Hub, port: int) -> tuple[Till, Answer]:
        for _ in range(STRANGERS):
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as stranger:
                stranger.sendall(_strange(rng))
        return sell(port, 1)

    till, receipt = beside_a_watched_hub(world, errors, deed)

    assert is_served(till, receipt)
    assert errors == []


def _strange(rng: random.Random) -> bytes:
    """Return bytes that begin like MQTT, or do not."""
    connect = b"\x10\x22\x00\x04MQTT\x04\xc2\x00\x1e\x00\x06bridge\x00\x06bridge\x00\x06secret"
    match rng.randrange(4):
        case 0:
            return rng.randbytes(rng.randint(1, 500))
        case 1:
            return connect[: rng.randrange(1, len(connect))]
        case 2:
            spoilt = bytearray(connect)
            spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
            return bytes(spoilt)
    return b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"
