"""The whole hub as one thing that starts and stops: ledger, intake, bridge and, if wanted, broker.

It runs in the event loop it is started in; posting has a thread of its own, so the loop stays free
while the disk flushes.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
from starlette.routing import BaseRoute

from hub.broker.door import Door
from hub.broker.embedded import EmbeddedBroker
from hub.broker.logins import LoginKeeper, LoginWatch
from hub.broker.mosquitto_logins import MosquittoLogins
from hub.broker.mqtt_road import MqttRoad
from hub.broker.road import Road
from hub.broker_bridge import Bridge
from hub.config import HubConfig
from hub.decisions.caretaker import Caretaker, Tended
from hub.ledger.ledger import Ledger, file_of, is_on_server, open_ledger
from hub.ledger.queries import device_login
from hub.pairing.provisioning import Provisioning
from hub.posting.intake import Intake
from hub.web.config import WebAddress
from hub.web.health import is_stuck
from hub.web.metrics import GroupTimes
from hub.web.observer import Observer
from hub.web.offline_metrics import offline_metrics
from hub.web.server import WebServer
from hub.web.status_pages import status_routes
from loyalty.clock import Clock
from loyalty.service_manager import READY, STOPPING, ServiceManager
from loyalty.signatures import public_key_of


class Hub:
    """A hub made from its configuration; use `start` and `stop`, or `async with`."""

    def __init__(
        self,
        config: HubConfig,
        clock: Clock,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._config = config
        self._clock = clock
        self._new_id = new_id
        self._open = AsyncExitStack()
        self._intake: Intake | None = None
        self._bridge: Bridge | None = None
        self._web: WebServer | None = None

    async def start(self) -> None:
        """Open the ledger (a new one if none is there), listen, and take messages.

        Raises:
            HubError: a part cannot start; those that had are stopped again.
        """
        async with AsyncExitStack() as parts:
            ledger = self._ledger(parts)
            self._intake = Intake(
                ledger,
                self._config.programmes,
                now_ms=self._clock.now_ms,
                face_key=self._config.face_key,
                new_id=self._new_id,
                card_master=self._config.card_master,
                offline_keys=self._config.offline_keys,
                programme_document=self._config.programme_document,
            )
            road = await self._road(parts)
            group_times = GroupTimes()
            self._intake.take_up()
            self._bridge = Bridge(
                road, self._tended(self._intake, parts), on_group=group_times.observe
            )
            await asyncio.to_thread(self._bridge.start)
            parts.push_async_callback(asyncio.to_thread, self._bridge.stop)
            if self._config.web is not None:
                observer = self._observer(self._intake, self._bridge, group_times)
                parts.push_async_callback(observer.stop)
                routes = status_routes(observer) + self._pairing_routes(parts)
                await self._start_web(self._config.web, routes, parts)
            self._open = parts.pop_all()
        structlog.get_logger().info("hub_started", ledger=ledger.place)

    async def stop(self) -> None:
        """Finish what has arrived, disconnect and close; may be called twice."""
        await self._open.aclose()

    @property
    def web_port(self) -> int:
        """The port that the web server listens on, 0 where there is none."""
        return 0 if self._web is None else self._web.port

    @property
    def counts(self) -> Counter[str]:
        """What became of messages and lines since the start."""
        parts = [it for it in (self._intake, self._bridge) if it is not None]
        # The worker goes on counting; a copy of a dictionary is made in one step.
        return Counter({name: count for part in parts for name, count in {**part.counts}.items()})

    def is_alive(self) -> bool:
        """Return whether the worker goes on; that this loop does, asking shows."""
        return self._bridge is not None and not is_stuck(self._bridge.silent_s)

    async def __aenter__(self) -> "Hub":
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def _road(self, parts: AsyncExitStack) -> Road:
        """Return the way to the broker; where that is ours, start it."""
        address = self._config.broker
        if address.login is not None:
            if address.logins is not None:
                self._watch_logins(MosquittoLogins(address.logins, address.login), parts)
            return MqttRoad(address, address.login)
        # The door looks into the device table from the loop, so it has its own connection.
        doors_ledger = self._ledger(parts)
        door = Door(lambda name: device_login(doors_ledger, name))
        broker = EmbeddedBroker(address.host, address.port, door)
        await broker.start()
        parts.push_async_callback(broker.stop)
        self._watch_logins(broker, parts)
        return broker

    def _watch_logins(self, keeper: LoginKeeper, parts: AsyncExitStack) -> None:
        watch = LoginWatch(self._ledger(parts), keeper)
        watch.start()
        parts.push_async_callback(watch.stop)

    def _tended(self, intake: Intake, parts: AsyncExitStack) -> Intake | Tended:
        if not self._config.caretaker:
            return intake
        # Its connection is not the intake's, which so learns that its books are not the newest.
        programmes = self._config.programmes
        return Tended(intake, Caretaker(self._ledger(parts), programmes, self._clock.now_ms))

    async def _start_web(
        self, address: WebAddress, routes: list[BaseRoute], parts: AsyncExitStack
    ) -> None:
        self._web = WebServer(address, routes)
        await self._web.start()
        parts.push_async_callback(self._web.stop)

    def _pairing_routes(self, parts: AsyncExitStack) -> list[BaseRoute]:
        if self._config.pairing is None:
            return []
        keys = self._config.offline_keys
        provisioning = Provisioning(
            self._ledger(parts),
            self._config.pairing,
            hub_key=b"" if keys is None else public_key_of(keys.signing_seed),
            now_ms=self._clock.now_ms,
            random_bytes=secrets.token_bytes,
        )
        return provisioning.routes()

    def _observer(self, intake: Intake, bridge: Bridge, group_times: GroupTimes) -> Observer:
        place = self._config.ledger_place
        return Observer(
            open_ledger(place),
            None if is_on_server(place) else file_of(place),
            intake,
            bridge,
            group_times,
            self._clock,
            more=(offline_metrics(self._config.programmes),),
        )

    def _ledger(self, parts: AsyncExitStack) -> Ledger:
        ledger = open_ledger(self._config.ledger_place, create=True, new_id=self._new_id)
        parts.callback(ledger.close)
        return ledger


async def run_hub(
    config: HubConfig, clock: Clock, until: asyncio.Event, manager: ServiceManager
) -> None:
    """Run a hub until `until` is set, and tell `manager` how it is.

    Raises:
        HubError: a part cannot start.
    """
    async with Hub(config, clock) as hub, asyncio.TaskGroup() as group:
        manager.tell(READY)
        watchdog = group.create_task(manager.feed_watchdog(clock, hub.is_alive), name="watchdog")
        await until.wait()
        watchdog.cancel()
        manager.tell(STOPPING)
    structlog.get_logger().info("hub_stopped", lines=hub.counts["lines"])
