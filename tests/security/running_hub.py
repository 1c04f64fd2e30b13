"""A hub that runs with a broker of its own, for who tries its doors."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from hub.broker.config import BrokerAddress
from hub.config import HubConfig
from hub.hub import Hub
from simulators.free_port import free_port
from tests.hub.hub_world import FACE_KEY, MovedClock, World

T = TypeVar("T")


def beside_a_hub(world: World, deed: Callable[[Hub, int], T]) -> T:
    """Return what `deed(hub, port of its broker)` returns, done in a thread beside a hub."""
    config = HubConfig(
        ledger_place=world.path,
        programmes=(world.programme,),
        face_key=FACE_KEY,
        broker=BrokerAddress("127.0.0.1", free_port(), None),
    )

    async def run() -> T:
        async with Hub(config, MovedClock()) as hub:
            return await asyncio.to_thread(deed, hub, config.broker.port)

    return asyncio.run(run())
