"""A chain under load: two hubs at one mosquitto, a PostgreSQL server, and everybody is killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from tests.campaign import size
from tests.kill.site import DEVICES, Site, broker_table, ledger_of_devices
from tests.postgres_server import PostgresServer, new_database

HUBS = ("hub-1", "hub-2")
EVERYBODY = ("postgres", "mosquitto", *HUBS, *DEVICES)  # in the order in which they start
FIRST = (("postgres", "mosquitto"), ("hub-1", "h1"))  # who is killed together
ROUNDS = size(len(FIRST), 50)
TOGETHER_MAX = 3
NEWS_BETWEEN_KILLS = 200  # lines told, at most


class Chain:
    """The servers, and the site between them; everybody is killed and started by name."""

    def __init__(self, server: PostgresServer, broker: Mosquitto, site: Site) -> None:
        self.site = site
        self._server = server
        self._broker = broker

    async def kill(self, name: str) -> None:
        if name == "mosquitto":
            await self._broker.stop()
        elif name == "postgres":
            await asyncio.to_thread(self._server.kill)
        else:
            await asyncio.to_thread(self.site.kill, name)

    async def start(self, name: str) -> None:
        if name == "mosquitto":
            await self._broker.start()
        elif name == "postgres":
            await asyncio.to_thread(self._server.start)
        else:
            self.site.start(name)

    async def hear_some(self) -> None:
        await asyncio.to_thread(
            self.site.hear, self.site.chance.randrange(NEWS_BETWEEN_KILLS), "told"
        )
        await asyncio.to_thread(self.site.hear, 1 + self.site.chance.randrange(3), "settled")


@asynccontextmanager
async def chain_of(folder: Path, seed: int) -> AsyncIterator[Chain]:
    with PostgresServer("max_connections=20") as server, new_database(server.url) as url:
        ledger_of_devices(url)
        broker = Mosquitto(folder / "mq", url, free_port(), bridges=len(HUBS))
        await broker.start()
        tables = {name: broker_table(broker, number) for number, name in enumerate(HUBS, 1)}
        site = Site(
            folder,
            seed,
            ledger_place=url,
            port=broker.address.port,
            brokers=tables,
            ca_file=broker.ca_file,
        )
        try:
            yield Chain(server, broker, site)
        finally:
            await asyncio.to_thread(site.close)
            await broker.stop()


@pytest.mark.campaign
async def test_whoever_is_killed_of_a_chain_every_receipt_is_accounted_for(tmp_path: Path) -> None:
    async with chain_of(tmp_path, seed=11) as chain:
        site = chain.site
        for name in (*HUBS, *DEVICES):
            await chain.start(name)
        await asyncio.to_thread(site.hear, 2, "settled")

        for number in range(ROUNDS):
            await chain.hear_some()
            count = site.chance.randrange(TOGETHER_MAX) + 1
            drawn = site.chance.sample(EVERYBODY, count)
            victims = FIRST[number] if number < len(FIRST) else drawn
            for name in victims:
                await chain.kill(name)
            for name in EVERYBODY:
                if name in victims:
                    await chain.start(name)
            site.start_hubs_that_gave_up()
            assert await asyncio.to_thread(site.missing_at_hub) == []
        site.start_hubs_that_gave_up()
        await asyncio.to_thread(site.finish)

        statuses = await asyncio.to_thread(site.audit)
    assert statuses["posted"] > statuses["duplicate"] > 0  # some keyed a sale again
    assert statuses.keys() == {"posted", "duplicate"}
