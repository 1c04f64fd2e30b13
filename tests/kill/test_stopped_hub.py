"""A hub that is told to stop under load: what it has posted by then it has also told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from tests.kill.site import DEVICES, EMBEDDED, Site, broker_table, ledger_of_devices

UNDER_WAY = 200  # lines of each device that are settled when the hub is told


@asynccontextmanager
async def with_its_own_broker(folder: Path) -> AsyncIterator[Site]:
    place, port = folder / "ledger.db", free_port()
    ledger_of_devices(place)
    tables = {"hub": EMBEDDED.format(port=port)}
    site = Site(folder, 5, ledger_place=place, port=port, brokers=tables)
    try:
        yield site
    finally:
        await asyncio.to_thread(site.close)


@asynccontextmanager
async def with_mosquitto(folder: Path) -> AsyncIterator[Site]:
    place, port = folder / "ledger.db", free_port()
    ledger_of_devices(place)
    broker = Mosquitto(folder / "mq", place, port)
    await broker.start()
    tables = {"hub": broker_table(broker)}
    site = Site(folder, 5, ledger_place=place, port=port, brokers=tables, ca_file=broker.ca_file)
    try:
        yield site
    finally:
        await asyncio.to_thread(site.close)
        await broker.stop()


@pytest.mark.parametrize("site_of", [with_its_own_broker, with_mosquitto])
async def test_every_line_it_posted_is_receipted_before_it_is_gone(
    tmp_path: Path, site_of: Callable[[Path], AbstractAsyncContextManager[Site]]
) -> None:
    async with site_of(tmp_path) as site:
        for name in ("hub", *DEVICES):
            site.start(name)
        await asyncio.to_thread(site.hear_of_settled, dict.fromkeys(DEVICES, UNDER_WAY))

        await asyncio.to_thread(site.stop, "hub")

        # No hub is there to say anything again.
        await asyncio.to_thread(site.hear_of_settled, site.kept_seqs())
