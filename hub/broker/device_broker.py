"""amqtt's broker as devices need it, and no more of it.

Each device has one connection, and a session that ends with it. What it publishes is for the
bridge, and what is published to it comes from the bridge: nothing is matched against subscriptions,
kept or retained.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from amqtt.adapters import ReaderAdapter, WriterAdapter  # type: ignore[import-untyped]  # no types
from amqtt.broker import Broker  # type: ignore[import-untyped]  # no types
from amqtt.contexts import BrokerConfig, ListenerConfig  # type: ignore[import-untyped]  # no types
from amqtt.errors import AMQTTError, BrokerError, MQTTError  # type: ignore[import-untyped]  # no types
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket  # type: ignore[import-untyped]  # no types
from amqtt.mqtt.constants import QOS_2  # type: ignore[import-untyped]  # no types
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler  # type: ignore[import-untyped]  # no types
from amqtt.mqtt.puback import PubackPacket  # type: ignore[import-untyped]  # no types
from amqtt.mqtt.publish import PublishPacket  # type: ignore[import-untyped]  # no types
from amqtt.session import Session  # type: ignore[import-untyped]  # no types

from hub.broker.device_connection import Connection, everything_beside
from hub.broker.door import Door
from hub.broker.packet_limit import ShortPackets
from hub.broker.road import RoadEnd
from hub.errors import HubError
from hub.ledger.queries import DeviceLogin
from hub.posting.envelopes import Reply
from hub.web.listening import stop_listening
from loyalty import topics

CONNECTIONS_MAX = 500
HANDLER_PATIENCE_S = 0.5
HANDLER_TRIES_MAX = 3
_REFUSED = 0x80  # a subscription; OASIS MQTT 3.1.1 §3.9.3


class BrokerFailed(HubError):
    """The broker could not listen; a person should look at its address."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the broker waits for the other side of a connection, in seconds."""

    connect_s: float = 10.0  # until who knocks has said who it is
    hang_up_s: float = 2.0  # until a device that has been told the last word is gone


PATIENCE = Patience()


class DeviceBroker(Broker):  # type: ignore[misc]  # no types
    """Lets devices in through `door`; `end` is where the bridge is, None while there is none."""

    def __init__(self, address: str, door: Door, patience: Patience) -> None:
        # It logs a line for every packet, and a traceback for every client that goes away.
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        listener = ListenerConfig(bind=address, max_connections=CONNECTIONS_MAX)
        super().__init__(BrokerConfig(listeners={"default": listener}, plugins={}))
        self._address = address
        self._door = door
        self._patience = patience
        self._connections: dict[asyncio.Task[Any], Connection] = {}
        self._readers: dict[str, Connection] = {}  # by the filter of all that a device may read
        self.end: RoadEnd | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            BrokerFailed: the address is taken or is none of ours.
        """
        try:
            await super().start()
        except (AMQTTError, BrokerError, OSError) as error:
            raise BrokerFailed(f"no broker at {self._address}: {error}") from error

    def send(self, replies: Sequence[Reply]) -> None:
        """Send each reply to the device that it is for, if that is there."""
        for reply in replies:
            connection = self._readers.get(everything_beside(reply.topic))
            if connection is not None:
                connection.send(reply)

    def cut_all_but(self, logins: Mapping[str, DeviceLogin]) -> None:
        """Cut at once whoever logged in by what does not stand in `logins`."""
        for connection in self._connections.values():
            if connection.login is not None and logins.get(connection.device) != connection.login:
                connection.writer.transport.abort()

    async def shutdown(self) -> None:
        """Stop; who knocks just now is met first, and then sent away with the others."""
        for server in self._servers.values():
            await stop_listening(server.instance)
        await self._hang_up()
        await super().shutdown()

    async def _hang_up(self) -> None:
        """Let devices read to the end what they were sent, and close their connections.

        To close first what a device still sends on would reset the connection, and a device that
        is told so while it sends reads no further (RFC 1122 §4.2.2.13).
        """
        devices = {it: at for it, at in self._connections.items() if at.login is not None}
        for connection in devices.values():
            connection.say_last_word()
        if devices:
            await asyncio.wait(devices, timeout=self._patience.hang_up_s)

    async def leave_nothing_open(self) -> None:
        """End the connections that are still there after `shutdown`."""
        await asyncio.sleep(0)  # those accepted just now get as far as to be known
        left = list(self._connections)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # What amqtt calls

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        """Serve one connection and close it in the end, which amqtt leaves to chance."""
        task = asyncio.current_task()
        assert task is not None
        connection = self._connections[task] = Connection(writer)
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
            if self._readers.get(connection.may_read) is connection:
                del self._readers[connection.may_read]
                await self._delete_session(connection.device)

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, _host: str, _port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        """Ask the door before anything else: amqtt ends a device's session for whoever knocks."""
        try:
            async with asyncio.timeout(self._patience.connect_s):
                handler, session = await _Handler.init_from_connect(
                    reader, writer, self.plugins_manager
                )
            login = self._door.admit(
                user=session.username,
                password=session.password,
                client_id=session.client_id,
                will=session.will_topic if session.will_flag else None,
            )
            if login is None:
                await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
                raise MQTTError(f"{session.client_id} is not admitted")
        except OSError as error:  # or too late; amqtt would count the connection for ever
            raise MQTTError(f"gone before it was let in: {error!r}") from error
        handler.connection, handler.take = self._connection, self._take
        await self._log_in(handler.connection, session.client_id, login)
        session.clean_session = True
        session.keep_alive = (3 * session.keep_alive + 1) // 2  # OASIS MQTT 3.1.1 §3.1.2.10
        return handler, session

    async def _log_in(self, connection: Connection, device: str, login: DeviceLogin) -> None:
        connection.device, connection.login = device, login
        before = self._readers.get(connection.may_read)
        self._readers[connection.may_read] = connection
        if before is not None:  # its line was cut, or somebody has its password
            before.writer.transport.abort()
            await self._delete_session(device)

    async def _authenticate(self, _session: Session, _listener: Any) -> bool:
        return True  # or there would be no session

    async def add_subscription(self, subscription: tuple[str, int], _session: Session) -> int:
        """Return the quality of service that is granted to the device whose task this is."""
        topic_filter, qos = subscription
        if not self._connection.may_subscribe(topic_filter):
            return _REFUSED
        self._connection.qos_of[topic_filter] = min(qos, 1)
        return min(qos, 1)

    def _del_subscription(self, topic_filter: str, _session: Session) -> int:
        return 0 if self._connection.qos_of.pop(topic_filter, None) is None else 1

    async def _broadcast_message(
        self, _session: Session, topic: str, data: bytes, _qos: int | None = None
    ) -> None:
        self._take(topic, data)

    async def retain_message(self, *_anything: Any) -> None:
        """Do not keep it: nobody may ask for it."""

    async def _session_monitor(self) -> None:
        """Have nothing to do: sessions end with their connections."""

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

    @property
    def _connection(self) -> Connection:
        """The connection whose task this is."""
        task = asyncio.current_task()
        assert task is not None
        return self._connections[task]

    def _take(self, topic: str, payload: bytes) -> None:
        """Bring the bridge what is for it; a device's `state` is for nobody here."""
        end = self.end
        if end is not None and topics.parse_up(topic) is not None:
            end.received(topic, bytes(payload), _nothing)


class _Handler(BrokerProtocolHandler):  # type: ignore[misc]  # no types
    """The packets of one connection. Messages pass without a task or a queue of their own."""

    connection: Connection
    take: Callable[[str, bytes], None]

    async def handle_publish(self, packet: PublishPacket) -> None:
        """Acknowledge a message, and pass it on if the device may publish it."""
        if packet.qos == QOS_2:
            await self.handle_connection_closed()  # nobody needs it who resends until a receipt
            return
        if self.connection.may_publish(packet.topic_name):
            self.take(packet.topic_name, packet.data)
        if packet.qos:
            await self._send_packet(PubackPacket.build(packet.packet_id))

    def handle_read_timeout(self) -> None:
        """End a connection on which nothing came for half as long again as the device said."""
        self.connection.writer.transport.abort()

    async def _send_packet(self, packet: Any) -> None:
        if not self.connection.is_over:
            await super()._send_packet(packet)

    async def handle_puback(self, _packet: PubackPacket) -> None:
        """Do not wait for it: what a device did not get, it asks for again."""


def _nothing() -> None:
    """Acknowledge nothing: the device has its PUBACK, and resends until it has a receipt."""
