"""Mosquitto as the hub configures it, with TLS: who comes in, what they may, and what is lost."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from device.mqtt.client import HubClient
from device.mqtt.connection import Connection
from device.mqtt.events import Disconnected, Event
from device.mqtt.identity import Broker, Identity
from device.records.journal import Journal
from hub.broker.bridge_users import BRIDGE_USER
from hub.broker.mqtt_road import MqttRoad
from hub.broker.road import BridgeFailed
from hub.broker_bridge import Bridge
from hub.config import HubConfig
from hub.hub import Hub
from hub.pairing.private_ca import new_root
from loyalty import topics
from loyalty.chain import ENVELOPE_MAX_BYTES
from loyalty.clock import SystemClock
from loyalty.programme import parse
from loyalty.tls import client_context
from loyalty.topics import PACKET_MAX_BYTES
from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from tests.campaign import size
from tests.hub.hub_world import FACE_KEY, PROGRAMME, World, receipted_lines, sale
from tests.hub.hurried_device import hurried_device
from tests.hub.mqtt_wire import WAIT_S, Wire

LINES_BETWEEN_KILLS = 1_000
LINES = size(2, 15) * LINES_BETWEEN_KILLS
SETTLED_WITHIN_S = size(300, 600)
HURRY = 10
SECRET = bytes(range(32))
CONNACK = b"\x20"
RECEIPT_OF = {it: topics.rx("s1", it, "receipt") for it in ("h1", "h2")}


@pytest.fixture
def world(tmp_path):
    """A ledger that knows h1 and h2."""
    found = World(tmp_path)
    for name in ("h1", "h2"):
        found.till(name)
    yield found
    found.ledger.close()


@asynccontextmanager
async def mosquitto_of(world: World, clients_ca_file: Path | None = None):
    broker = Mosquitto(world.path.parent / "mq", world.path, free_port(), clients_ca_file)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


def hub_of(world: World, broker: Mosquitto) -> Hub:
    programme = parse(PROGRAMME, source="tests")
    config = HubConfig(
        ledger_place=world.path,
        programmes=(programme,),
        face_key=FACE_KEY,
        broker=broker.address,
    )
    return Hub(config, SystemClock())


def wire_to(broker: Mosquitto, user: str, password: str = "", **changes: object) -> Wire:
    tls = client_context(broker.ca_file)
    return Wire(broker.address.port, user, password or f"password-of-{user}", tls=tls, **changes)


@asynccontextmanager
async def device_of(broker: Mosquitto, folder: Path, lines: int) -> AsyncIterator[HubClient]:
    """The device h1 with so many lines in its journal, connected in a hurry."""
    port, tls = broker.address.port, client_context(broker.ca_file)
    with closing(Journal.open(folder / "journal.db", epoch_of_new="e1")) as journal:
        for number in range(lines):
            journal.append(sale(f"r{number}"))
        async with hurried_device(
            journal, port, speed=HURRY, within_s=SETTLED_WITHIN_S, tls=tls
        ) as client:
            yield client


async def test_a_device_and_the_hub_meet_there(world, tmp_path):
    async with (
        mosquitto_of(world) as broker,
        hub_of(world, broker),
        device_of(broker, tmp_path, 250) as client,
    ):
        await client.settled(250)

    assert receipted_lines(world.ledger) == 250


@pytest.mark.campaign
async def test_killed_with_batches_in_flight_it_loses_nothing(world, tmp_path):
    async with (
        mosquitto_of(world) as broker,
        hub_of(world, broker),
        device_of(broker, tmp_path, LINES) as client,
    ):
        for already in range(100, LINES, LINES_BETWEEN_KILLS):
            await client.settled(already)
            await broker.stop()
            assert client.pending_lines > 0
            await broker.start()
        await client.settled(LINES)

    assert receipted_lines(world.ledger) == LINES
    assert world.value("SELECT count(*) FROM inbox WHERE status = 'posted'") == LINES


async def test_without_tls_nobody_is_heard(world):
    async with mosquitto_of(world) as broker:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.address.port)
        writer.write(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x1e\x00\x02h1")
        said = b""
        with suppress(ConnectionResetError):
            async with asyncio.timeout(WAIT_S):
                said = await reader.read()
        writer.close()

    assert not said.startswith(CONNACK)


@pytest.mark.parametrize(
    ("user", "password"), [("", ""), ("h1", "wrong"), ("h3", "password-of-h3"), ("hub", "x")]
)
async def test_a_stranger_does_not_come_in(world, user, password):
    async with mosquitto_of(world) as broker:
        wire = wire_to(broker, user, password, client_id="h1")
        wire.close()

    assert wire.refused


async def test_a_stolen_credential_neither_writes_nor_reads_as_another(world):
    async with mosquitto_of(world) as broker:
        bridge, thief, owner = Listener(broker), wire_to(broker, "h1"), wire_to(broker, "h2")
        owner.subscribe(topics.rx_filter("s1", "h2"))
        for stolen in ("#", topics.rx_filter("s1", "h2"), topics.rx_filter("s1", "+"), "+/+/#"):
            thief.subscribe(stolen)
        for forged in (
            topics.up("s1", "h2", "batch"),
            topics.up("s2", "h1", "batch"),
            topics.up("s1", "h1", "other"),
            topics.state("s1", "h2"),
            *RECEIPT_OF.values(),
        ):
            thief.publish(forged, b"forged")
        thief.publish(topics.up("s1", "h1", "batch"), b"own")
        for topic in RECEIPT_OF.values():
            bridge.publish(topic, b"receipt")
        heard = [bridge.messages.get(timeout=WAIT_S).payload]
        read = [thief.messages.get(timeout=WAIT_S).topic]
        received = [owner.messages.get(timeout=WAIT_S).payload]
        for wire in (bridge, thief, owner):
            wire.close()
        for wire, into in ((bridge, heard), (thief, read), (owner, received)):
            into += [it.payload for it in wire.messages.queue]

    assert (heard, read, received) == ([b"own"], [RECEIPT_OF["h1"]], [b"receipt"])


async def test_a_device_cannot_put_the_hub_out_by_taking_its_client_id(world):
    async with mosquitto_of(world) as broker:
        bridge = Listener(broker)
        thief = wire_to(broker, "h1", client_id=BRIDGE_USER)
        thief.publish(topics.up("s1", "h1", "batch"), b"heard")
        heard = bridge.messages.get(timeout=WAIT_S).payload
        was_connected = bridge.client.is_connected()
        for wire in (bridge, thief):
            wire.close()

    assert (heard, was_connected) == (b"heard", True)


async def test_who_was_revoked_is_put_out_when_it_reads_again_and_others_stay(world):
    async with mosquitto_of(world) as broker:
        revoked, other = wire_to(broker, "h1"), wire_to(broker, "h2")
        world.ledger.revoke_device("h1", 1)
        await broker.reload()
        lost = revoked.lost.wait(WAIT_S)
        again = wire_to(broker, "h1")
        was_connected = other.client.is_connected()
        for wire in (revoked, other, again):
            wire.close()

    assert (lost, again.refused, was_connected) == (True, True, True)


async def test_who_was_added_comes_in_once_it_reads_again(world):
    async with mosquitto_of(world) as broker:
        world.till("h3")
        await broker.reload()
        wire = wire_to(broker, "h3")
        wire.close()

    assert not wire.refused


async def test_the_longest_envelope_passes_and_a_longer_packet_ends_its_connection(world):
    async with mosquitto_of(world) as broker:
        bridge, wire = Listener(broker), wire_to(broker, "h1")
        topic = topics.up("s1", "h1", "batch")
        wire.publish(topic, b"x" * ENVELOPE_MAX_BYTES)
        heard = bridge.messages.get(timeout=WAIT_S).payload
        wire.client.publish(topic, b"x" * PACKET_MAX_BYTES, qos=1)
        lost = wire.lost.wait(WAIT_S)
        other = wire_to(broker, "h2")
        for it in (bridge, wire, other):
            it.close()

    assert (len(heard), lost, other.refused) == (ENVELOPE_MAX_BYTES, True, False)


async def test_what_waits_for_a_hub_that_is_away_is_not_thinned_out(world):
    many = 1_500  # by default it keeps 1,000 and 20, and acknowledges all
    async with mosquitto_of(world) as broker:
        Listener(broker, clean_session=False).close()
        wire = wire_to(broker, "h1")
        for number in range(many):
            wire.client.publish(topics.up("s1", "h1", "batch"), b"%d" % number, qos=1)
        wire.publish(topics.up("s1", "h1", "batch"), b"last")
        bridge = Listener(broker, clean_session=False)
        heard = [bridge.messages.get(timeout=WAIT_S).payload for _ in range(many + 1)]
        for it in (bridge, wire):
            it.close()

    assert heard == [*[b"%d" % number for number in range(many)], b"last"]


def other_ca(folder: Path) -> ssl.SSLContext:
    (folder / "other.crt").write_bytes(new_root(SystemClock().now_ms()).certificate)
    return client_context(folder / "other.crt")


async def test_a_hub_that_trusts_another_ca_says_so_at_once(world, tmp_path):
    async with mosquitto_of(world) as broker:
        address = broker.address._replace(tls=other_ca(tmp_path))
        bridge = Bridge(MqttRoad(address, address.login), world.intake)

        with pytest.raises(BridgeFailed, match="its certificate is not by the CA of ca_file"):
            await asyncio.to_thread(bridge.start)


@pytest.mark.parametrize(
    ("host", "trusts_another", "told"),
    [
        ("127.0.0.1", True, "its certificate is not by the CA of ca_file"),
        ("localhost", False, "its certificate: Hostname mismatch"),
    ],
)
async def test_a_device_says_what_is_wrong_with_the_brokers_certificate(
    world, tmp_path, host, trusts_another, told
):
    async with mosquitto_of(world) as broker:
        tls = other_ca(tmp_path) if trusts_another else client_context(broker.ca_file)
        event = await first_event(Broker(host=host, port=broker.address.port, password="", tls=tls))

    assert isinstance(event, Disconnected)
    assert event.reason.startswith(f"cannot connect: {told}")


async def test_a_device_says_that_the_other_side_speaks_no_tls(world, tmp_path):
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        tls = other_ca(tmp_path)
        event = await first_event(Broker(host="127.0.0.1", port=port, password="", tls=tls))

    assert event == Disconnected("cannot connect: no TLS: wrong version number")


async def test_where_certificates_are_wanted_a_password_alone_is_not_enough(world, tmp_path):
    certificate, key = a_certificate(tmp_path)
    async with mosquitto_of(world, clients_ca_file=certificate) as broker:
        login = {"host": "127.0.0.1", "port": broker.address.port, "password": "password-of-h1"}
        without = await first_event(Broker(**login, tls=client_context(broker.ca_file)))
        tls = client_context(broker.ca_file, certificate, key)
        wire = Wire(broker.address.port, "h1", "password-of-h1", tls=tls)
        wire.close()

    assert isinstance(without, Disconnected)
    assert not wire.refused


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """Return a certificate of a client, which vouches for itself, and its key."""
    certificate, key = folder / "h1.crt", folder / "h1.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    named = ["-subj", "/CN=h1", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*command, *named], check=True, capture_output=True)
    return certificate, key


async def first_event(broker: Broker) -> Event:
    """Return what a connection of h1 tells first."""
    told: asyncio.Queue[Event] = asyncio.Queue()
    identity = Identity(store="s1", device="h1", secrets={"k1": SECRET})
    connection = Connection(broker, identity, told.put_nowait)
    connection.open()
    async with asyncio.timeout(WAIT_S):
        event = await told.get()
        await connection.close()
    return event


class Listener(Wire):
    """The bridge's place at the broker, held by a client that only keeps what it is told."""

    def __init__(self, broker: Mosquitto, **changes: object) -> None:
        user, password = broker.address.login
        tls = broker.address.tls
        super().__init__(broker.address.port, user, password, tls=tls, **changes)
        assert not self.refused
        assert self.subscribe(topics.ALL_UP)
