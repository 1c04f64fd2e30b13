"""A hub that falls silent slows its devices down: they keep what they have, and lose nothing."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from device.mqtt.client import HubClient
from device.mqtt.flights import WINDOW_BATCHES
from device.records.journal import Journal
from hub.broker.mqtt_road import MqttRoad
from hub.broker_bridge import Bridge
from hub.posting.intake import Arrival, Intake, Reply
from loyalty.chain import LINES_MAX, unpack
from simulators.calm_site import free_port
from simulators.mosquitto import Mosquitto
from tests.hub.hub_world import START_MS, World, sale
from tests.hub.hurried_device import hurried_device

HURRY = 50
LINES_BEFORE, LINES_MEANWHILE = 100, 3_000
ROUNDS = 4  # of sending again, each after about twice as long
WITHIN_S = 240.0


class Door:
    """Stands before the intake and lets nobody through while it is shut; it keeps a list."""

    def __init__(self, intake: Intake) -> None:
        self.counts: Counter[str] = intake.counts
        self.open = threading.Event()
        self.open.set()
        self.seen: list[Arrival] = []
        self._intake = intake

    def take(self, arrivals: list[Arrival]) -> list[Reply]:
        self.seen += arrivals
        self.open.wait(WITHIN_S)
        return self._intake.take(arrivals)

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
async def bridge_of(world: World, door: Door) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(world.path.parent / "mq", world.path, free_port())
    await broker.start()
    login = broker.address.login
    assert login is not None
    bridge = Bridge(MqttRoad(broker.address, login), door)
    try:
        await asyncio.to_thread(bridge.start)
        yield broker
    finally:
        door.open.set()
        await asyncio.to_thread(bridge.stop)
        await broker.stop()


def device_of(broker: Mosquitto, journal: Journal) -> AbstractAsyncContextManager[HubClient]:
    address = broker.address
    return hurried_device(journal, address.port, speed=HURRY, within_s=WITHIN_S, tls=address.tls)


def sell(journal: Journal, lines: int) -> None:
    for _ in range(lines):
        number = journal.last_seq + 1
        journal.append(sale(f"r{number}", at_ms=START_MS - 1_000_000 + number))


async def test_a_silent_hub_is_sent_a_few_batches_again_and_then_gets_everything(
    world: World, journal: Journal
) -> None:
    door = Door(world.intake)
    async with bridge_of(world, door) as broker, device_of(broker, journal) as client:
        sell(journal, LINES_BEFORE)
        client.notify_appended()
        await client.settled(LINES_BEFORE)

        door.open.clear()
        heard, resent = len(door.seen), client.tallies.get("batches_resent", 0)
        sell(journal, LINES_MEANWHILE)
        client.notify_appended()
        again = resent + ROUNDS * WINDOW_BATCHES
        await client.until(lambda it: it.tallies.get("batches_resent", 0) >= again)
        settled_meanwhile = journal.settled_seq
        door.open.set()
        await client.settled(journal.last_seq)

    first = LINES_BEFORE + 1
    window = [first + LINES_MAX * it for it in range(WINDOW_BATCHES)]
    sent_meanwhile = door.batches_from(heard)[: (1 + ROUNDS) * WINDOW_BATCHES]
    assert settled_meanwhile == LINES_BEFORE
    assert set(sent_meanwhile) == set(window)
    assert world.value("SELECT count(*) FROM inbox") == LINES_BEFORE + LINES_MEANWHILE
    statuses = world.ledger.connection.execute("SELECT DISTINCT status FROM inbox").fetchall()
    assert statuses == [("posted",)]
