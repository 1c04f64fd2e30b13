"""The door of the embedded broker, and what keeps amqtt going while devices come and go."""

import asyncio

import pytest
from amqtt.contexts import Action

from hub.broker.config import BridgeLogin
from hub.broker.embedded import Door, EmbeddedBroker, _Steady
from hub.broker.passwords import password_digest
from hub.errors import LedgerUnavailable
from hub.ledger.queries import DeviceLogin
from loyalty import topics
from tests.hub.hub_world import free_port

BRIDGE = BridgeLogin("bridge", "secret")
SALT = bytes(16)
CONNECT = b"\x10\x22\x00\x04MQTT\x04\xc2\x00\x1e\x00\x06bridge\x00\x06bridge\x00\x06secret"
PINGREQ = b"\xc0\x00"


def find(name: str) -> DeviceLogin | None:
    return DeviceLogin("s1", SALT, password_digest(SALT, "pw")) if name == "h1" else None


@pytest.mark.parametrize(
    ("user", "action", "topic", "allowed"),
    [
        ("h1", Action.PUBLISH, topics.up("s1", "h1", "batch"), True),
        ("h1", Action.PUBLISH, topics.state("s1", "h1"), True),
        ("h1", Action.PUBLISH, topics.up("s1", "h2", "batch"), False),
        ("h1", Action.PUBLISH, topics.up("s2", "h1", "batch"), False),
        ("h1", Action.PUBLISH, topics.rx("s1", "h1", "receipt"), False),
        ("h1", Action.SUBSCRIBE, topics.rx_filter("s1", "h1"), True),
        ("h1", Action.SUBSCRIBE, topics.rx_filter("s1", "h2"), False),
        ("h1", Action.SUBSCRIBE, "loy/v1/s1/+/rx/#", False),
        ("h1", Action.RECEIVE, topics.rx("s1", "h1", "answer"), True),
        ("h1", Action.RECEIVE, topics.rx("s1", "h2", "answer"), False),
        ("bridge", Action.SUBSCRIBE, topics.ALL_UP, True),
        ("bridge", Action.SUBSCRIBE, "#", False),
        ("bridge", Action.RECEIVE, topics.up("s1", "h1", "ask"), True),
        ("bridge", Action.PUBLISH, topics.rx("s1", "h1", "receipt"), True),
        ("bridge", Action.PUBLISH, topics.up("s1", "h1", "batch"), False),
        ("stranger", Action.PUBLISH, topics.up("s1", "stranger", "batch"), False),
        (None, Action.SUBSCRIBE, "#", False),
    ],
)
def test_each_keeps_to_their_own_topics(user, action, topic, allowed):
    assert Door(BRIDGE, find).allows(user, topic, action) == allowed


def test_while_the_device_table_does_not_answer_no_device_comes_in():
    def fail(name: str) -> DeviceLogin | None:
        raise LedgerUnavailable("locked")

    door = Door(BRIDGE, fail)

    assert not door.admits("h1", "pw", "h1")
    assert door.admits("bridge", "secret", "anything")


def test_subscriptions_may_change_while_they_are_gone_through():
    subscriptions = _Steady(a=[], b=[])

    for name, _ in subscriptions.items():
        subscriptions[name + "x"] = []
    for name in subscriptions:
        del subscriptions[name]

    assert subscriptions == {}


@pytest.mark.parametrize("turns", range(8))
async def test_it_stops_though_a_packet_arrives_at_that_very_moment(turns):
    port = free_port()
    broker = EmbeddedBroker("127.0.0.1", port, Door(BRIDGE, find))
    await broker.start()
    client = await asyncio.open_connection("127.0.0.1", port)
    client[1].write(CONNECT)
    await client[0].readexactly(4)

    client[1].write(PINGREQ)
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(5.0):
        await broker.stop()

    client[1].transport.abort()
