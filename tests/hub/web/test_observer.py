"""What an observer sees of a hub's parts, without the hub."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from hub.broker.config import BridgeLogin, BrokerAddress
from hub.broker.mqtt_road import MqttRoad
from hub.broker_bridge import Bridge
from hub.ledger.ledger import Ledger, open_ledger
from hub.web.metrics import GroupTimes
from hub.web.observer import Observer
from simulators.free_port import free_port
from tests.hub.hub_world import START_MS, MovedClock, World, sale

LOGIN = BridgeLogin("bridge", "secret")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(tmp_path)
    yield found
    found.ledger.close()


def members(ledger: Ledger, now_ms: int) -> list[Metric]:
    """Return a family as another part of the hub would make it."""
    (count,) = ledger.connection.execute("SELECT count(*) FROM member").fetchone()
    return [GaugeMetricFamily("revisit_members", f"At {now_ms}.", value=count)]


def observer_of(world: World, ledger_file: Path | None, ledger: Ledger | None = None) -> Observer:
    """Return an observer of a bridge that is not connected."""
    address = BrokerAddress("127.0.0.1", free_port(), LOGIN)
    bridge = Bridge(MqttRoad(address, LOGIN), world.intake)
    seen = open_ledger(world.path) if ledger is None else ledger
    clock = MovedClock()
    return Observer(seen, ledger_file, world.intake, bridge, GroupTimes(), clock, (members,))


async def metrics_of(observer: Observer) -> dict[str, Metric]:
    try:
        return {it.name: it for it in await observer.metrics()}
    finally:
        await observer.stop()


def test_parts_of_the_hub_add_what_they_find_in_the_ledger(world: World) -> None:
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())

    found = asyncio.run(metrics_of(observer_of(world, world.path)))

    family = found["revisit_members"]
    assert (family.samples[0].value, family.documentation) == (1, f"At {START_MS}.")


def test_what_the_intake_counts_is_told(world: World) -> None:
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"))
    world.take(till.batch())

    found = asyncio.run(metrics_of(observer_of(world, world.path)))

    assert found["revisit_lines"].samples[0].value == 2


def test_the_disk_is_the_one_that_the_ledgers_file_is_on(world: World) -> None:
    on_disk = asyncio.run(metrics_of(observer_of(world, world.path)))
    on_server = asyncio.run(metrics_of(observer_of(world, None)))

    assert on_disk["revisit_disk_free_bytes"].samples[0].value > 0
    assert "revisit_disk_free_bytes" not in on_server


def test_a_bridge_that_never_came_up_is_ill(world: World) -> None:
    async def run() -> dict[str, object]:
        observer = observer_of(world, world.path)
        try:
            return (await observer.health()).words
        finally:
            await observer.stop()

    words = asyncio.run(run())

    assert words["status"] == "failing"
    assert (words["ledger"], words["broker"]) == ("ok", "not connected")


class LockedAway(sqlite3.Connection):
    """A connection whose file is locked from the second transaction on."""

    snapshots = 0

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        if statement == "BEGIN":
            self.snapshots += 1
            if self.snapshots > 1:
                raise sqlite3.OperationalError("database is locked")
        return super().execute(statement, *values)


def test_a_ledger_that_is_locked_away_leaves_the_other_figures(world: World) -> None:
    def connect(place: str, **options: object) -> sqlite3.Connection:
        return sqlite3.connect(place, factory=LockedAway, **options)

    ledger = open_ledger(world.path, connect=connect)

    async def run() -> tuple[dict[str, object], list[str]]:
        observer = observer_of(world, world.path, ledger)
        try:
            before = (await observer.health()).words
            families = await observer.metrics()
            return before, [it.name for it in families]
        finally:
            await observer.stop()

    before, names = asyncio.run(run())

    assert before["ledger"] == "ok"
    assert "revisit_messages_received" in names
    assert "revisit_members" not in names
    assert "revisit_devices" not in names
