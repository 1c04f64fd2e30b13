"""A whole hub on loopback: its own broker, its door, and devices with MQTT clients."""

import asyncio
import http.client
import socket
from dataclasses import replace

import pytest

from hub.broker.config import BrokerAddress
from hub.broker.device_broker import BrokerFailed
from hub.config import HubConfig
from hub.hub import Hub
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import member_view
from hub.web.config import WebAddress
from loyalty import receipts, topics
from loyalty.programme import parse
from simulators.free_port import free_port
from tests.hub.hub_world import FACE_KEY, PROGRAMME, SECRET, MovedClock, Till, sale
from tests.hub.mqtt_wire import Wire


@pytest.fixture
def config(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.db", create=True)
    for name in ("h1", "h2"):
        ledger.add_device("s1", name, "k1", SECRET, f"password-of-{name}")
    ledger.close()
    return HubConfig(
        ledger_place=tmp_path / "ledger.db",
        programmes=(parse(PROGRAMME, source="tests"),),
        face_key=FACE_KEY,
        broker=BrokerAddress("127.0.0.1", free_port(), None),
    )


def balance(config: HubConfig, token: str) -> int:
    ledger = open_ledger(config.ledger_place)
    try:
        return member_view(ledger, token, 0).balance_points
    finally:
        ledger.close()


def with_hub(config: HubConfig, deed) -> object:
    """Run `deed(hub)` in a thread beside a running hub and return what it returns."""

    async def run() -> object:
        async with Hub(config, MovedClock()) as hub:
            return await asyncio.to_thread(deed, hub)

    return asyncio.run(run())


def test_a_batch_goes_up_and_its_receipt_comes_down(config):
    till = Till("h1")
    till.add(sale("r1", 1500))

    def deed(hub: Hub) -> receipts.Answer:
        wire = Wire(config.broker.port, "h1", "password-of-h1")
        wire.subscribe(topics.rx_filter("s1", "h1"))
        wire.publish(*till.batch())
        receipt = wire.answer()
        wire.close()
        return receipt

    receipt = with_hub(config, deed)

    assert (receipt.upto_seq, receipt.head) == (1, till.heads[1].hex())
    assert balance(config, "anna") == 15


@pytest.mark.parametrize(
    ("user", "password", "client_id"),
    [
        ("h1", "wrong", "h1"),
        ("h1", "", "h1"),
        ("", "", "h1"),
        ("stranger", "password-of-h1", "stranger"),
        ("h1", "password-of-h1", "h2"),
        ("revisit-hub-bridge", "guess", "h1"),
    ],
)
def test_who_is_not_who_they_say_is_refused(config, user, password, client_id):
    def deed(hub: Hub) -> bool:
        wire = Wire(config.broker.port, user, password, client_id)
        wire.close()
        return wire.refused

    refused = with_hub(config, deed)

    assert refused


def test_a_forged_publish_never_reaches_the_bridge(config):
    till, forger = Till("h1"), Till("h2")
    till.add(sale("r1"))
    forger.add(sale("r2"))

    def deed(hub: Hub) -> dict:
        wire = Wire(config.broker.port, "h2", "password-of-h2")
        wire.subscribe(topics.rx_filter("s1", "h2"))
        wire.publish(*till.batch())  # sealed by h1, on h1's topic, published by h2
        wire.publish(topics.rx("s1", "h1", "receipt"), b"forged")
        wire.publish(*forger.batch())
        wire.answer()  # its own batch came later and was taken, so the forged one was not
        wire.close()
        return hub.counts

    counts = with_hub(config, deed)

    assert (counts["received"], counts["taken_batch"]) == (1, 1)


def test_a_will_may_only_be_left_where_the_device_may_publish(config):
    def deed(hub: Hub) -> list[bool]:
        refused = []
        for will in (topics.state("s1", "h2"), topics.up("s1", "h1", "batch")):
            wire = Wire(config.broker.port, "h2", "password-of-h2", will=will)
            refused.append(wire.refused)
            wire.close()
        return refused

    refused = with_hub(config, deed)

    assert refused == [False, True]


def test_a_device_reads_nothing_but_its_own_downlink(config):
    till = Till("h1")
    till.add(sale("r1"))

    def deed(hub: Hub) -> tuple[list[bool], bool]:
        spy = Wire(config.broker.port, "h2", "password-of-h2")
        filters = ("#", "loy/v1/#", topics.rx_filter("s1", "h1"), topics.ALL_UP)
        granted = [spy.subscribe(it) for it in filters]
        wire = Wire(config.broker.port, "h1", "password-of-h1")
        wire.subscribe(topics.rx_filter("s1", "h1"))
        wire.publish(*till.batch())
        wire.answer()
        heard = not spy.messages.empty()
        for it in (spy, wire):
            it.close()
        return granted, heard

    granted, heard = with_hub(config, deed)

    assert granted == [False] * 4
    assert not heard


def test_no_message_stops_the_bridge(config):
    till = Till("h1")
    till.add(b"\xff", b"[" * 500, sale("r1"))
    topic = topics.up("s1", "h1", "batch")
    rubbish = [b"", b"\n\n\n", b"\x00" * 1000, b"[" * 60_000, b"x" * 66_000, b'["rv1"]\n\n']

    def deed(hub: Hub) -> tuple[receipts.Answer, dict]:
        wire = Wire(config.broker.port, "h1", "password-of-h1")
        wire.subscribe(topics.rx_filter("s1", "h1"))
        for payload in rubbish:
            wire.publish(topic, payload)
        wire.publish(*till.batch())
        receipt = wire.answer()
        wire.close()
        return receipt, hub.counts

    receipt, counts = with_hub(config, deed)

    assert receipt.upto_seq == 3
    assert counts["received"] == len(rubbish) + 1
    assert counts["dropped_bad_envelope"] + counts["dropped_oversized_or_unreadable"] == 6
    assert balance(config, "anna") == 10


def test_a_hub_starts_again_where_it_stopped(config):
    till = Till("h1")
    till.add(sale("r1"), sale("r2"))

    def send(first: int, last: int):
        def deed(hub: Hub) -> receipts.Answer:
            wire = Wire(config.broker.port, "h1", "password-of-h1")
            wire.subscribe(topics.rx_filter("s1", "h1"))
            wire.publish(*till.batch(first, last))
            receipt = wire.answer()
            wire.close()
            return receipt

        return deed

    before = with_hub(config, send(1, 1))
    after = with_hub(config, send(2, 2))

    assert (before.upto_seq, after.upto_seq) == (1, 2)
    assert before.incarnation == after.incarnation


def test_a_hub_stops_while_devices_are_connected(config):
    def deed(hub: Hub) -> list[Wire]:
        wires = [Wire(config.broker.port, it, f"password-of-{it}") for it in ("h1", "h2")]
        for wire in wires:
            wire.subscribe(topics.rx_filter("s1", wire.user))
        return wires

    wires = with_hub(config, deed)

    with pytest.raises(ConnectionRefusedError):
        Wire(config.broker.port, "h1", "password-of-h1")
    for wire in wires:
        wire.close()


def test_a_taken_address_is_told_and_leaves_nothing_open(config):
    with socket.socket() as other:
        other.bind(("127.0.0.1", config.broker.port))
        other.listen()

        with pytest.raises(BrokerFailed, match=str(config.broker.port)):
            with_hub(config, lambda hub: None)


def test_a_hub_with_a_web_server_serves_it_until_it_stops(config):
    config = replace(config, web=WebAddress("127.0.0.1", 0))

    def deed(hub: Hub) -> tuple[int, int]:
        link = http.client.HTTPConnection("127.0.0.1", hub.web_port)
        link.request("GET", "/nothing")
        status = link.getresponse().status
        link.close()
        return hub.web_port, status

    port, status = with_hub(config, deed)

    assert status == 404
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_hub_is_alive_from_its_start_on(config):
    hub = Hub(config, MovedClock())

    before = hub.is_alive()
    during = with_hub(config, Hub.is_alive)

    assert (before, during) == (False, True)
