"""The broker that a single shop needs, inside the hub's own event loop: amqtt behind our door.

Two plug-ins keep the door. A device is who its password says and uses its own name as client id;
it writes and reads its own topics only. Nobody is anonymous. The broker PUBACKs what it drops and
forgets what was not acknowledged: journals resend and receipts decide (docs/adr/0005).
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from amqtt.broker import Broker  # type: ignore[import-untyped]  # no types
from amqtt.contexts import Action, BrokerConfig, ListenerConfig  # type: ignore[import-untyped]  # no types
from amqtt.errors import AMQTTError, BrokerError  # type: ignore[import-untyped]  # no types
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin  # type: ignore[import-untyped]  # no types
from amqtt.session import Session  # type: ignore[import-untyped]  # no types

from hub.broker.config import BridgeLogin
from hub.broker.packet_limit import ShortPackets
from hub.broker.passwords import is_password
from hub.errors import HubError, LedgerUnavailable
from hub.ledger.queries import DeviceLogin
from hub.web.listening import stop_listening
from loyalty import topics

CONNECTIONS_MAX = 500
SESSION_MAX_S = 60  # of a client that is gone; nothing of worth is in it
STOP_WITHIN_S = 10.0
HANDLER_PATIENCE_S = 0.5
HANDLER_TRIES_MAX = 3


class BrokerFailed(HubError):
    """The broker could not listen; a person should look at its address."""


class Door:
    """Decides who may come in, and what each may write and read."""

    def __init__(
        self, bridge: BridgeLogin, find_device: Callable[[str], DeviceLogin | None]
    ) -> None:
        self._bridge = bridge
        self._find_device = find_device

    def admits(self, user: str | None, password: str | None, client_id: str | None) -> bool:
        """Return whether `user` may connect with `password` as `client_id`."""
        if not user or password is None:
            return False
        if user == self._bridge.user:
            return hmac.compare_digest(password.encode(), self._bridge.password.encode())
        device = self._device(user)
        if device is None or client_id != user:
            return False
        return is_password(password, device.password_salt, device.password_digest)

    def allows(self, user: str | None, topic: str, action: Action) -> bool:
        """Return whether `user` may do `action` to `topic`."""
        if not user:
            return False
        if user == self._bridge.user:
            return _bridge_may(topic, action)
        device = self._device(user)
        if device is None:
            return False
        if action is Action.PUBLISH:
            return topics.may_publish(device.store, user, topic)
        # What a device may receive is one of the topics that it may subscribe to.
        return topics.may_subscribe(device.store, user, topic)

    def login_of(self, user: str | None) -> DeviceLogin | None:
        """Return what the device `user` logs in by; None for the bridge and for strangers."""
        return self._device(user) if user and user != self._bridge.user else None

    def _device(self, user: str) -> DeviceLogin | None:
        try:
            return self._find_device(user)
        except LedgerUnavailable:
            return None  # no table, no entry


class DoorKeeper(BaseAuthPlugin):  # type: ignore[misc]  # no types
    """amqtt's question who may connect."""

    @dataclass
    class Config:
        """What amqtt hands in."""

        door: Any

    async def authenticate(self, *, session: Session) -> bool:
        """Return whether this session's client may come in."""
        door: Door = self.config.door
        user, will = session.username, session.will_topic
        # amqtt publishes a will without asking, so its topic is asked for here.
        if session.will_flag and not (will and door.allows(user, will, Action.PUBLISH)):
            return False
        return door.admits(user, session.password, session.client_id)


class TopicKeeper(BaseTopicPlugin):  # type: ignore[misc]  # no types
    """amqtt's question who may write and read what."""

    @dataclass
    class Config:
        """What amqtt hands in."""

        door: Any

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        """Return whether this session may do `action` to `topic`."""
        if session is None or topic is None or action is None:
            return False
        door: Door = self.config.door
        return door.allows(session.username, topic, action)


class EmbeddedBroker:
    """MQTT 3.1.1 on one address; `start` and `stop` it on one event loop."""

    def __init__(self, host: str, port: int, door: Door) -> None:
        self._address = f"{host}:{port}"
        self._door = door
        self._broker: _TidyBroker | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            BrokerFailed: the address is taken or is none of ours.
        """
        # It logs a line for every packet, and a traceback for every client that goes away.
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        plugins = {
            f"{__name__}.{DoorKeeper.__name__}": {"door": self._door},
            f"{__name__}.{TopicKeeper.__name__}": {"door": self._door},
        }
        listener = ListenerConfig(bind=self._address, max_connections=CONNECTIONS_MAX)
        self._broker = _TidyBroker(
            BrokerConfig(
                listeners={"default": listener},
                plugins=plugins,
                session_expiry_interval=SESSION_MAX_S,
            ),
            self._door,
        )
        try:
            await self._broker.start()
        except (AMQTTError, BrokerError, OSError) as error:
            self._broker = None
            raise BrokerFailed(f"no broker at {self._address}: {error}") from error

    async def keep(self, logins: Mapping[str, DeviceLogin]) -> None:
        """Cut whoever is connected by a login that does not stand in `logins` any more."""
        if self._broker is not None:
            self._broker.cut_all_but(logins)

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        broker, self._broker = self._broker, None
        if broker is not None:
            async with asyncio.timeout(STOP_WITHIN_S):
                await broker.shutdown()
                await broker.leave_nothing_open()


@dataclass(slots=True)
class _Connection:
    """A connection, and the device that has logged in on it."""

    writer: asyncio.StreamWriter
    user: str = ""
    login: DeviceLogin | None = None


class _TidyBroker(Broker):  # type: ignore[misc]  # no types
    """amqtt's broker that goes on while devices come and go, and closes what it opened."""

    def __init__(self, config: BrokerConfig, door: Door) -> None:
        super().__init__(config)
        self._door = door
        self._subscriptions = _Steady()
        self._connections: dict[asyncio.Task[Any], _Connection] = {}

    async def shutdown(self) -> None:
        """Stop; who knocks just now is met first, and then sent away with the others."""
        for server in self._servers.values():
            await stop_listening(server.instance)
        await super().shutdown()

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        """Serve one connection and close it in the end, which amqtt leaves to chance."""
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = _Connection(writer)
        try:
            bounded = ShortPackets(reader, writer)
            await super().stream_connected(bounded, writer, listener_name)
        except asyncio.CancelledError:
            pass  # by `leave_nothing_open`; asyncio prints a traceback for a cancelled connection
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            del self._connections[task]

    def cut_all_but(self, logins: Mapping[str, DeviceLogin]) -> None:
        """Cut at once whoever logged in by what does not stand in `logins`."""
        for connection in self._connections.values():
            if connection.login is not None and logins.get(connection.user) != connection.login:
                connection.writer.transport.abort()

    async def _authenticate(self, session: Session, listener: ListenerConfig) -> bool:
        task = asyncio.current_task()
        assert task is not None
        # Looked up before the door decides by it: what changes in between cuts the connection.
        login = self._door.login_of(session.username)
        is_admitted: bool = await super()._authenticate(session, listener)
        if is_admitted and login is not None:
            connection = self._connections[task]
            connection.user, connection.login = session.username, login
        return is_admitted

    async def _stop_handler(self, handler: Any) -> None:
        """Stop a connection's handler, asking once more where it did not hear.

        Up to Python 3.11 `wait_for` forgets a cancellation that comes together with data
        (python/cpython#86296), and amqtt waits for ever for a reader that it has cancelled.
        """
        for _ in range(HANDLER_TRIES_MAX):
            with suppress(TimeoutError):
                async with asyncio.timeout(HANDLER_PATIENCE_S):
                    await super()._stop_handler(handler)
                    return

    async def leave_nothing_open(self) -> None:
        """End the connections that are still there after `shutdown`."""
        await asyncio.sleep(0)  # those accepted just now get as far as to be known
        left = list(self._connections)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class _Steady(dict[str, Any]):
    """A dictionary that may change while somebody goes through it.

    amqtt 0.12.1 awaits in the middle of going through its subscriptions; a device that subscribes
    just then makes it drop the message in hand, with a RuntimeError that nobody catches.
    """

    def items(self) -> Any:
        return list(super().items())

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))


def _bridge_may(topic: str, action: Action) -> bool:
    if action is Action.SUBSCRIBE:
        return topic == topics.ALL_UP
    if action is Action.RECEIVE:
        return topics.parse_up(topic) is not None
    levels = topic.split("/")
    return len(levels) == 6 and levels[4] == "rx" and levels[5] in topics.RX
