"""One connection to the broker: paho-mqtt's thread and callbacks stay in here.

Everything that happens in paho's thread becomes an event in the asyncio loop. Each connection is
a new paho client with a clean session: paho keeps unacknowledged messages in memory and would
send them again on its own (eclipse-paho/paho.mqtt.python#223, #634), but here the hub's receipts
decide what is sent again.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from device.mqtt.events import Connected, Disconnected, Event, Received
from device.mqtt.identity import Broker, Identity
from loyalty import topics
from loyalty.tls import tls_trouble

CONNECT_TIMEOUT_S = 5.0
WELCOME_TIMEOUT_S = 15.0  # from the first packet to the broker's word that we may listen
QUEUED_MAX = 100  # in paho's memory; what it refuses is sent again when no receipt comes

ONLINE, OFFLINE = b"online", b"offline"
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
        self._welcome_timeout_s = welcome_timeout_s
        self._state_topic = topics.state(identity.store, identity.device)
        client = self._client = paho.Client(
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
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect

    def open(self) -> None:
        """Begin to connect; `Connected` or `Disconnected` follows."""
        broker = self._broker
        self._client.connect_async(broker.host, broker.port, broker.keepalive_s)
        self._client.loop_start()
        self._patience = self._loop.call_later(self._welcome_timeout_s, self._lose_patience)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message to paho; whether it arrived is for the hub to say."""
        self._client.publish(topic, payload, qos=1)

    async def close(self) -> None:
        """Say goodbye if there is somebody, and end paho's thread."""
        self._patience.cancel()
        if self._client.is_connected():
            self._client.publish(self._state_topic, OFFLINE, qos=1, retain=True)
        self._client.disconnect()
        # Paho's thread may sit in a connect for `CONNECT_TIMEOUT_S`; the loop must not.
        await asyncio.to_thread(self._client.loop_stop)
        client = self._client
        # They refer to us, and in a circle the client's sockets may go before it closes them.
        client.on_connect = client.on_connect_fail = client.on_subscribe = None
        client.on_disconnect = client.on_message = None

    def _lose_patience(self) -> None:
        if not self._is_welcome:
            self._end("the broker does not answer")

    # What follows runs in paho's thread. An exception there would end the thread without a word
    # (paho.mqtt.python#365), so nothing is decided here.

    def _tell(self, event: Event) -> None:
        with suppress(RuntimeError):  # the event loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._take, event)

    def _end(self, reason: str) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._tell(Disconnected(self._refusal or reason, was_refused=bool(self._refusal)))

    def _on_connect(self, client: paho.Client, _: Any, flags: Any, reason: Any, more: Any) -> None:
        if reason.is_failure:
            if reason.getName() in _REFUSALS:
                self._refusal = reason.getName()
            return
        client.subscribe(topics.rx_filter(self._identity.store, self._identity.device), qos=1)

    def _on_connect_fail(self, client: paho.Client, _: Any) -> None:
        client.disconnect()  # or paho would try again by itself
        # Paho calls this while it handles the error, and does not say which.
        trouble = tls_trouble(sys.exc_info()[1])
        self._end(f"cannot connect: {trouble}" if trouble else "cannot connect")

    def _on_subscribe(
        self, client: paho.Client, _: Any, mid: int, reasons: list[Any], more: Any
    ) -> None:
        if any(it.is_failure for it in reasons):
            self._refusal = "subscription refused"
            client.disconnect()
            return
        self._is_welcome = True
        client.publish(self._state_topic, ONLINE, qos=1, retain=True)
        self._tell(Connected())

    def _on_message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        self._tell(Received(bytes(message.payload)))

    def _on_disconnect(
        self, client: paho.Client, _: Any, flags: Any, reason: Any, more: Any
    ) -> None:
        self._end(reason.getName())


def _send_at_once(client: paho.Client, _: Any, link: Any) -> None:
    # Nagle's algorithm holds small packets back for 40 ms (paho.mqtt.python#874). TCP_QUICKACK,
    # set again after each message, was measured too: it halves those 40 ms where the broker leaves
    # Nagle on, and changes nothing with ours, which send at once.
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
