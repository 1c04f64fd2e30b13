"""One connection to the broker: paho-mqtt and its socket stay in here.

Paho speaks MQTT and the asyncio loop watches its socket; paho's own thread would be woken, and
would wake the loop in turn, for each of a message's packets. Only what blocks, a name looked up
and a certificate checked, is done in a thread of the loop's. Each connection is a new paho client
with a clean session: paho keeps unacknowledged messages in memory and would send them again on
its own (eclipse-paho/paho.mqtt.python#223, #634), but here the hub's receipts decide what is sent
again.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from device.mqtt.events import Connected, Disconnected, Event, Received
from device.mqtt.identity import Broker, Identity
from loyalty import topics
from loyalty.tls import tls_trouble
from loyalty.topics import PACKET_MAX_BYTES

CONNECT_TIMEOUT_S = 5.0
WELCOME_TIMEOUT_S = 15.0  # from the first packet to the broker's word that we may listen
QUEUED_MAX = 100  # in paho's memory; what it refuses is sent again when no receipt comes
LOOKS_IN_KEEPALIVE = 10  # so often paho sees whether it is time for a ping, or too late

ONLINE, OFFLINE = b"online", b"offline"
_QOS_2 = 0x04  # in the first byte of a PUBLISH: MQTT 3.1.1, 3.3.1
_REFUSALS = ("Bad user name or password", "Not authorized")


class Connection:
    """One connection to the broker, from the attempt to its end, which is told exactly once."""

    def __init__(
        self,
        broker: Broker,
        identity: Identity,
        take: Callable[[Event], None],
        *,
        welcome_timeout_s: float = WELCOME_TIMEOUT_S,
    ) -> None:
        self._broker = broker
        self._identity = identity
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._refusal = ""
        self._is_welcome = False
        self._has_ended = False
        self._awaits_room = False
        self._upkeep: asyncio.TimerHandle | None = None
        self._welcome_timeout_s = welcome_timeout_s
        self._state_topic = topics.state(identity.store, identity.device)
        client = self._client = _WaryClient(
            CallbackAPIVersion.VERSION2,
            client_id=identity.device,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if broker.tls is not None:
            client.tls_set_context(broker.tls)
        client.max_queued_messages_set(QUEUED_MAX)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.username_pw_set(identity.device, broker.password)
        client.will_set(self._state_topic, OFFLINE, qos=1, retain=True)
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect

    def open(self) -> None:
        """Begin to connect; `Connected` or `Disconnected` follows."""
        self._patience = self._loop.call_later(self._welcome_timeout_s, self._lose_patience)
        self._opening = self._loop.run_in_executor(None, self._connect)
        self._opening.add_done_callback(self._opened)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message to paho; whether it arrived is for the hub to say."""
        self._client.publish(topic, payload, qos=1)
        self._send_rest()

    async def close(self) -> None:
        """Say goodbye if there is somebody, and let go of the socket."""
        self._patience.cancel()
        await asyncio.wait([self._opening])  # nothing cuts it short, but it has its own limits
        client = self._client
        if client.is_connected():
            client.publish(self._state_topic, OFFLINE, qos=1, retain=True)
        client.disconnect()
        client.loop_write()
        if (link := client.socket()) is not None:  # it takes nothing any more
            self._forget(client, None, link)
            link.close()
        if self._upkeep is not None:
            self._upkeep.cancel()
        # They refer to us, and in a circle the client's sockets may go before it closes them.
        client.on_connect = client.on_subscribe = client.on_message = client.on_disconnect = None
        client.on_socket_close = None

    def _lose_patience(self) -> None:
        if not self._is_welcome:
            self._end("the broker does not answer")

    def _connect(self) -> str:
        """Connect and introduce us, in a thread of the loop's; return what went wrong, if so."""
        broker = self._broker
        try:
            self._client.connect(broker.host, broker.port, broker.keepalive_s)
        except (OSError, ValueError) as error:  # ValueError: a name that no host can have
            trouble = tls_trouble(error)
            return f"cannot connect: {trouble}" if trouble else "cannot connect"
        return ""

    def _opened(self, opening: asyncio.Future[str]) -> None:
        client = self._client
        link = client.socket()
        if link is None:
            self._end(opening.result() or "cannot connect")
            return
        client.on_socket_close = self._forget
        self._loop.add_reader(link, self._read)
        self._keep_alive()

    def _forget(self, client: paho.Client, _: Any, link: Any) -> None:
        self._loop.remove_reader(link)
        self._loop.remove_writer(link)

    def _read(self) -> None:
        self._client.loop_read()
        self._send_rest()
        link = self._client.socket()
        if isinstance(link, ssl.SSLSocket) and link.pending():
            self._loop.call_soon(self._read)  # it is deciphered already: the socket stays silent

    def _send_rest(self) -> None:
        # Paho sends at once, but for what its callbacks say and what the socket has no room for.
        client = self._client
        if client.want_write():
            client.loop_write()
        link = client.socket()
        if link is None or client.want_write() == self._awaits_room:
            return
        self._awaits_room = not self._awaits_room
        if self._awaits_room:
            self._loop.add_writer(link, self._send_rest)
        else:
            self._loop.remove_writer(link)

    def _keep_alive(self) -> None:
        self._client.loop_misc()
        self._send_rest()
        after_s = self._broker.keepalive_s / LOOKS_IN_KEEPALIVE
        self._upkeep = self._loop.call_later(after_s, self._keep_alive)

    def _end(self, reason: str) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._take(Disconnected(self._refusal or reason, was_refused=bool(self._refusal)))

    def _on_connect(self, client: paho.Client, _: Any, flags: Any, reason: Any, more: Any) -> None:
        if reason.is_failure:
            if reason.getName() in _REFUSALS:
                self._refusal = reason.getName()
            return
        client.subscribe(topics.rx_filter(self._identity.store, self._identity.device), qos=1)

    def _on_subscribe(
        self, client: paho.Client, _: Any, mid: int, reasons: list[Any], more: Any
    ) -> None:
        if any(it.is_failure for it in reasons):
            self._refusal = "subscription refused"
            client.disconnect()
            return
        self._is_welcome = True
        client.publish(self._state_topic, ONLINE, qos=1, retain=True)
        self._take(Connected())

    def _on_message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        self._take(Received(bytes(message.payload)))

    def _on_disconnect(
        self, client: paho.Client, _: Any, flags: Any, reason: Any, more: Any
    ) -> None:
        self._end(self._client.broke_off or reason.getName())


class _WaryClient(paho.Client):
    """Leaves a broker that would fill our memory; `broke_off` says with what.

    Paho 2.2 gathers whatever length a packet announces, up to 256 MiB, and keeps each message of
    QoS 2 until the broker releases it (client.py, `_packet_read` and `_handle_publish`). MQTT 3.1.1
    has no word to forbid the former; the latter is more than we subscribed to (3.8.4).
    """

    broke_off = ""

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > PACKET_MAX_BYTES:
            self.broke_off = (
                f"the broker sends {bufsize} bytes at once, at most {PACKET_MAX_BYTES} wanted"
            )
            raise ConnectionAbortedError(self.broke_off)
        return super()._sock_recv(bufsize)

    def _handle_publish(self) -> MQTTErrorCode:
        if self._in_packet["command"] & _QOS_2:
            self.broke_off = "the broker sends with QoS 2, at most 1 was asked for"
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return super()._handle_publish()


def _send_at_once(client: paho.Client, _: Any, link: Any) -> None:
    # Nagle's algorithm holds small packets back for 40 ms (paho.mqtt.python#874). TCP_QUICKACK,
    # set again after each message, was measured too: it halves those 40 ms where the broker leaves
    # Nagle on, and changes nothing with ours, which send at once.
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
