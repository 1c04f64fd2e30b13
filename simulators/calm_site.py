"""A site where nothing goes wrong: the hub in this process, with its own broker or mosquitto."""

import random
from collections import Counter
from contextlib import AsyncExitStack

from hub.broker.config import BrokerAddress
from hub.config import HubConfig
from hub.hub import Hub
from hub.ledger.ledger import Place
from loyalty.programme import Programme
from loyalty.tls import TlsContext
from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from simulators.script_clock import ScriptClock


class CalmSite:
    """Hub and broker; use it as a context manager. Devices connect to `port`, by `tls` if any."""

    def __init__(
        self,
        ledger_place: Place,
        programme: Programme,
        clock: ScriptClock,
        rng: random.Random,
        mosquitto: Mosquitto | None,
    ) -> None:
        self._mosquitto = mosquitto
        address = BrokerAddress("127.0.0.1", free_port(), None)
        if mosquitto is not None:
            address = mosquitto.address
        self.port = address.port
        self.tls: TlsContext | None = address.tls
        self.happened: Counter[str] = Counter()
        config = HubConfig(
            ledger_place=ledger_place,
            programmes=(programme,),
            face_key=rng.randbytes(32),
            broker=address,
            caretaker=False,  # Days would close when this machine gets to it.
        )
        self._open = AsyncExitStack()
        self._hub = Hub(config, clock, new_id=lambda: f"{rng.getrandbits(64):016x}")

    async def __aenter__(self) -> "CalmSite":
        async with AsyncExitStack() as parts:
            if self._mosquitto is not None:
                await self._mosquitto.start()
                parts.push_async_callback(self._mosquitto.stop)
            await parts.enter_async_context(self._hub)
            self._open = parts.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._open.aclose()

    async def devices_changed(self) -> None:
        """Have the broker look again who may come in."""
        if self._mosquitto is not None:
            await self._mosquitto.reload()
