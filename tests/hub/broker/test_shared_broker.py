"""Two hubs take turns at one mosquitto and post to one PostgreSQL ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from device.mqtt.client import HubClient
from device.records.journal import Journal
from hub.config import HubConfig
from hub.hub import Hub
from hub.ledger.digest import digest
from hub.ledger.verify import broken, verify
from loyalty import topics
from loyalty.clock import SystemClock
from loyalty.tls import client_context
from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from tests.hub.hub_world import FACE_KEY, START_MS, World, sale
from tests.hub.hurried_device import hurried_device
from tests.hub.mqtt_wire import Wire
from tests.postgres_server import new_database

LINES = 1_500  # 15 batches, which the broker deals out in turn
SETTLED_WITHIN_S = 300.0
HURRY = 10
MESSAGES = 10


@pytest.fixture
def world(postgres_url):
    """A ledger on a server that knows h1."""
    with new_database(postgres_url) as url:
        found = World(url)
        found.till("h1")
        yield found
        found.ledger.close()


@asynccontextmanager
async def mosquitto_for_two(world: World, folder: Path) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(folder, world.path, free_port(), bridges=2)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


def hub_of(world: World, broker: Mosquitto, number: int) -> Hub:
    config = HubConfig(
        ledger_place=world.path,
        programmes=(world.programme,),
        face_key=FACE_KEY,
        broker=broker.address_of(number),
    )
    return Hub(config, SystemClock())


def device_of(broker: Mosquitto, journal: Journal) -> AbstractAsyncContextManager[HubClient]:
    port, tls = broker.address.port, client_context(broker.ca_file)
    return hurried_device(journal, port, speed=HURRY, within_s=SETTLED_WITHIN_S, tls=tls)


@pytest.fixture
def journal(tmp_path):
    opened = Journal.open(tmp_path / "journal.db", epoch_of_new="e1")
    for number in range(LINES):
        opened.append(sale(f"r{number}", at_ms=START_MS + number))
    yield opened
    opened.close()


def digest_by_one_hub(folder: Path, journal: Journal) -> str:
    alone = World(folder)
    till = alone.till("h1")
    till.add(*[line for _, line in journal.pending(0, LINES)])
    for first in range(1, LINES + 1, 100):
        alone.take(till.batch(first, first + 99))
    found = digest(alone.ledger)
    alone.ledger.close()
    return found


async def test_the_batches_of_one_device_are_split_between_them(world, tmp_path, journal):
    async with (
        mosquitto_for_two(world, tmp_path / "mq") as broker,
        hub_of(world, broker, 1) as one,
        hub_of(world, broker, 2) as other,
        device_of(broker, journal) as client,
    ):
        await client.settled(LINES)
        taken = [it.counts["taken_batch"] for it in (one, other)]

    assert min(taken) > 0
    assert world.value("SELECT count(*) FROM inbox WHERE status = 'posted'") == LINES
    assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []
    assert digest(world.ledger) == digest_by_one_hub(tmp_path, journal)


async def test_neither_puts_the_other_out(world, tmp_path, journal):
    async with (
        mosquitto_for_two(world, tmp_path / "mq") as broker,
        hub_of(world, broker, 1) as one,
        hub_of(world, broker, 2) as other,
        device_of(broker, journal) as client,
    ):
        await client.settled(LINES)
        connected = [it.counts["connected"] for it in (one, other)]

    assert connected == [1, 1]


async def test_when_one_stops_the_other_takes_everything(world, tmp_path, journal):
    async with (
        mosquitto_for_two(world, tmp_path / "mq") as broker,
        hub_of(world, broker, 1),
        device_of(broker, journal) as client,
    ):
        async with hub_of(world, broker, 2):
            await client.settled(1)
        await client.settled(LINES)

    assert world.value("SELECT count(*) FROM inbox WHERE status = 'posted'") == LINES


async def test_nothing_is_kept_for_one_that_has_stopped(world, tmp_path):
    async with mosquitto_for_two(world, tmp_path / "mq") as broker, hub_of(world, broker, 1) as one:
        async with hub_of(world, broker, 2):
            pass
        tls = client_context(broker.ca_file)
        wire = await asyncio.to_thread(Wire, broker.address.port, "h1", "password-of-h1", tls=tls)
        for _ in range(MESSAGES):
            wire.publish(topics.up("s1", "h1", "hello"), b"hello")
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while one.counts["received"] < MESSAGES:  # noqa: ASYNC110 - it counts in a thread
                await asyncio.sleep(0.01)
        wire.close()
