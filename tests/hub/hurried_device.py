"""A device on its way to a hub, with a clock that is in a hurry."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from device.mqtt.client import HubClient
from device.mqtt.identity import Broker, Identity
from device.records.journal import Journal
from loyalty.tls import TlsContext
from simulators.quick_clock import QuickClock
from tests.hub.hub_world import SECRET


@asynccontextmanager
async def hurried_device(
    journal: Journal, port: int, *, speed: int, within_s: float, tls: TlsContext | None = None
) -> AsyncIterator[HubClient]:
    """The device h1 with the lines in `journal`, connected to the broker at `port`.

    What is done with it must be over `within_s`.
    """
    client = HubClient(
        identity=Identity(store="s1", device="h1", secrets={"k1": SECRET}),
        broker=Broker(host="127.0.0.1", port=port, password="password-of-h1", tls=tls),
        journal=journal,
        clock=QuickClock(speed),
        rng=random.Random(1),
    )
    running = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(within_s):
            yield client
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
