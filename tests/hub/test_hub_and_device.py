"""A device's own journal and client against a whole hub: what one writes the other understands."""

import asyncio
import random

import pytest

from device.mqtt.client import HubClient
from device.mqtt.identity import Broker, Identity
from device.records.journal import Journal
from hub.broker.config import BrokerAddress
from hub.config import HubConfig
from hub.hub import Hub
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from loyalty.asks import AskAccount, AskRedeem
from loyalty.clock import SystemClock
from loyalty.programme import parse
from loyalty.receipts import AccountView
from simulators.free_port import free_port
from tests.hub.hub_world import FACE_KEY, PROGRAMME, SECRET, START_MS, MovedClock, redemption, sale

WITHIN_S = 60.0


@pytest.fixture
def config(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.db", create=True)
    ledger.add_device("s1", "h1", "k1", SECRET, "password")
    ledger.close()
    return HubConfig(
        ledger_place=tmp_path / "ledger.db",
        programmes=(parse(PROGRAMME, source="tests"),),
        face_key=FACE_KEY,
        broker=BrokerAddress("127.0.0.1", free_port(), None),
    )


@pytest.fixture
def journal(tmp_path):
    found = Journal.open(tmp_path / "journal.db", epoch_of_new="e1")
    yield found
    found.close()


def client_of(config: HubConfig, journal: Journal) -> HubClient:
    return HubClient(
        identity=Identity(store="s1", device="h1", secrets={"k1": SECRET}),
        broker=Broker(host="127.0.0.1", port=config.broker.port, password="password"),
        journal=journal,
        clock=SystemClock(),
        rng=random.Random(7),
    )


def test_what_was_journalled_is_settled_asked_for_and_redeemed(config, journal):
    for number in range(250):
        journal.append(sale(f"r{number}"))

    view = asyncio.run(earn_and_redeem(config, journal))

    assert (view.points, view.available_points, view.tier) == (2450, 2450, "gold")
    assert journal.pending_lines == 0
    assert invariants_broken(config) == []


async def earn_and_redeem(config: HubConfig, journal: Journal) -> AccountView:
    client = client_of(config, journal)
    async with asyncio.timeout(WITHIN_S), Hub(config, MovedClock()):
        running = asyncio.create_task(client.run())
        await client.settled(250)
        grant = await client.ask(
            AskRedeem(ref="g1", card="04AA", member="anna", ctr_seen=-1, offer="mug"), 60_000
        )
        changes = {"auth": grant.auth, "granted_ms": grant.granted_ms}
        journal.append(redemption("x1", grant.points, **changes))
        client.notify_appended()
        await client.settled(251)
        view = await client.ask(
            AskAccount(ref="a1", card="04AA", member="anna", ctr_seen=-1), 60_000
        )
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return view


def test_a_journal_filled_before_the_hub_was_there_drains_when_it_comes(config, journal):
    journal.append(sale("r1"))

    asyncio.run(come_late(config, journal))

    assert journal.pending_lines == 0
    assert invariants_broken(config) == []


async def come_late(config: HubConfig, journal: Journal) -> None:
    client = client_of(config, journal)
    async with asyncio.timeout(WITHIN_S):
        running = asyncio.create_task(client.run())
        async with Hub(config, MovedClock()):
            await client.settled(1)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def invariants_broken(config: HubConfig) -> list[str]:
    ledger = open_ledger(config.ledger_place)
    try:
        return broken(verify(ledger, config.programmes, START_MS))
    finally:
        ledger.close()
