"""A site where nothing goes wrong: the hub with its own broker, in this process."""

import random
import socket
from collections import Counter

from hub.config import BrokerAddress, HubConfig
from hub.hub import Hub
from hub.ledger.ledger import Place
from loyalty.programme import Programme
from simulators.script_clock import ScriptClock


class CalmSite:
    """Hub and broker; use it as a context manager. Devices connect to `port`."""

    def __init__(
        self, ledger_place: Place, programme: Programme, clock: ScriptClock, rng: random.Random
    ) -> None:
        self.port = free_port()
        self.happened: Counter[str] = Counter()
        config = HubConfig(
            ledger_place=ledger_place,
            programmes=(programme,),
            face_key=rng.randbytes(32),
            broker=BrokerAddress("127.0.0.1", self.port, None),
        )
        self._hub = Hub(config, clock, new_id=lambda: f"{rng.getrandbits(64):016x}")

    async def __aenter__(self) -> "CalmSite":
        await self._hub.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._hub.stop()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
