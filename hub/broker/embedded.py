"""The broker that a single shop needs, inside the hub's own event loop.

It has no message in hand longer than it takes to pass it on: what a device publishes goes to the
bridge, what the bridge replies to the device that it is for. It acknowledges what is then dropped:
journals resend and receipts decide (docs/adr/0005).
"""

import asyncio
from collections.abc import Mapping, Sequence

from hub.broker.device_broker import PATIENCE, DeviceBroker, Patience
from hub.broker.door import Door
from hub.broker.road import RoadEnd
from hub.ledger.queries import DeviceLogin
from hub.posting.envelopes import Reply

STOP_WITHIN_S = 10.0


class EmbeddedBroker:
    """MQTT 3.1.1 on one address; `start` and `stop` it on one event loop.

    It is a road too, to itself: the bridge of this process calls `open`, `send` and `close`, in any
    thread, while it runs.
    """

    def __init__(self, host: str, port: int, door: Door, patience: Patience = PATIENCE) -> None:
        self.place = f"{host}:{port}"
        self._door = door
        self._patience = patience
        self._loop: asyncio.AbstractEventLoop
        self._broker: DeviceBroker
        self._is_running = False

    async def start(self) -> None:
        """Listen.

        Raises:
            BrokerFailed: the address is taken or is none of ours.
        """
        self._loop = asyncio.get_running_loop()
        self._broker = DeviceBroker(self.place, self._door, self._patience)
        await self._broker.start()
        self._is_running = True

    async def keep(self, logins: Mapping[str, DeviceLogin]) -> None:
        """Cut whoever is connected by a login that does not stand in `logins` any more."""
        if self._is_running:
            self._broker.cut_all_but(logins)

    async def stop(self) -> None:
        """Stop listening, and close each connection once its device has what was sent on it."""
        if self._is_running:
            self._is_running = False
            async with asyncio.timeout(STOP_WITHIN_S):
                await self._broker.shutdown()
                await self._broker.leave_nothing_open()

    def open(self, end: RoadEnd) -> None:
        """Bring `end` what devices publish, in the event loop."""
        self._broker.end = end
        end.connected()

    def send(self, replies: Sequence[Reply]) -> None:
        """Have the loop send each of `replies` to the device that it is for, if it listens."""
        self._loop.call_soon_threadsafe(self._broker.send, replies)

    def close(self) -> None:
        """Bring nothing more. The loop sends what it was given before it hears of our return."""
        self._broker.end = None
