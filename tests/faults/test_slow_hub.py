"""A hub that falls silent slows its devices down: they keep what they have, and lose nothing."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import pytest

from device.mqtt.client import HubClient
from device.mqtt.flights import WINDOW_BATCHES
from device.records.journal import Journal
from hub.broker.config import BrokerAddress
from hub.broker.door import Door
from hub.broker.embedded import EmbeddedBroker
from hub.broker.mqtt_road import MqttRoad
from hub.broker.road import Road
from hub.broker_bridge import Bridge
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import device_login
from hub.posting.envelopes import Arrival, Reply
from hub.posting.groups import Group
from hub.posting.intake import Intake
from loyalty.chain import LINES_MAX, unpack
from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from tests.hub.hub_world import START_MS, World, sale
from tests.hub.hurried_device import hurried_device

HURRY = 50
LINES_BEFORE, LINES_MEANWHILE = 100, 3_000
ROUNDS = 4  # of sending again, each after about twice as long
WITHIN_S = 240.0


BrokerOf = Callable[[World], AbstractAsyncContextManager[tuple[Road, BrokerAddress]]]


class Gate:
    """Stands before the intake and lets nobody through while it is shut; it keeps a list."""

    def __init__(self, intake: Intake) -> None:
        self.counts: Counter[str] = intake.counts
        self.open = threading.Event()
        self.open.set()
        self.seen: list[Arrival] = []
        self._intake = intake

    def post(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        self.seen += group.arrivals
        self.open.wait(WITHIN_S)
        return self._intake.post(group, meanwhile)

    def tick(self) -> int:
        return 0

    def batches_from(self, number: int) -> list[int]:
        """Return the first line of each batch since the `number`-th message, oldest first."""
        later = [it for it in self.seen[number:] if it.topic.endswith("/batch")]
        return [unpack(it.payload)[0][4] for it in later]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(tmp_path)
    found.till("h1")
    yield found
    found.ledger.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db", epoch_of_new="e1")
    yield opened
    opened.close()


@asynccontextmanager
async def mosquitto(world: World) -> AsyncIterator[tuple[Road, BrokerAddress]]:
    broker = Mosquitto(world.path.parent / "mq", world.path, free_port())
    await broker.start()
    login = broker.address.login
    assert login is not None
    try:
        yield MqttRoad(broker.address, login), broker.address
    finally:
        await broker.stop()


@asynccontextmanager
async def embedded(world: World) -> AsyncIterator[tuple[Road, BrokerAddress]]:
    address = BrokerAddress("127.0.0.1", free_port(), None)
    with closing(open_ledger(world.path)) as ledger:
        door = Door(lambda name: device_login(ledger, name))
        broker = EmbeddedBroker(address.host, address.port, door)
        await broker.start()
        try:
            yield broker, address
        finally:
            await broker.stop()


@asynccontextmanager
async def carried(road: Road, gate: Gate) -> AsyncIterator[None]:
    bridge = Bridge(road, gate)
    try:
        await asyncio.to_thread(bridge.start)
        yield
    finally:
        gate.open.set()
        await asyncio.to_thread(bridge.stop)


def device_of(address: BrokerAddress, journal: Journal) -> AbstractAsyncContextManager[HubClient]:
    return hurried_device(journal, address.port, speed=HURRY, within_s=WITHIN_S, tls=address.tls)


def sell(journal: Journal, lines: int) -> None:
    for _ in range(lines):
        number = journal.last_seq + 1
        journal.append(sale(f"r{number}", at_ms=START_MS - 1_000_000 + number))


@pytest.mark.parametrize("broker_of", [mosquitto, embedded])
async def test_a_silent_hub_is_sent_a_few_batches_again_and_then_gets_everything(
    world: World, journal: Journal, broker_of: BrokerOf
) -> None:
    gate = Gate(world.intake)
    async with (
        broker_of(world) as (road, address),
        carried(road, gate),
        device_of(address, journal) as client,
    ):
        sell(journal, LINES_BEFORE)
        client.notify_appended()
        await client.settled(LINES_BEFORE)

        gate.open.clear()
        heard, resent = len(gate.seen), client.tallies.get("batches_resent", 0)
        sell(journal, LINES_MEANWHILE)
        client.notify_appended()
        again = resent + ROUNDS * WINDOW_BATCHES
        await client.until(lambda it: it.tallies.get("batches_resent", 0) >= again)
        settled_meanwhile = journal.settled_seq
        gate.open.set()
        await client.settled(journal.last_seq)

    first = LINES_BEFORE + 1
    window = [first + LINES_MAX * it for it in range(WINDOW_BATCHES)]
    sent_meanwhile = gate.batches_from(heard)[: (1 + ROUNDS) * WINDOW_BATCHES]
    assert settled_meanwhile == LINES_BEFORE
    assert set(sent_meanwhile) == set(window)
    assert world.value("SELECT count(*) FROM inbox") == LINES_BEFORE + LINES_MEANWHILE
    statuses = world.ledger.connection.execute("SELECT DISTINCT status FROM inbox").fetchall()
    assert statuses == [("posted",)]
