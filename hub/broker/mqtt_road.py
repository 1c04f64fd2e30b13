"""The road to a broker such as mosquitto: paho-mqtt, whose thread stays in here.

Messages are acknowledged in the order in which they came (MQTT 3.1.1, MQTT-4.6.0-2) if the bridge
does so; what it did not acknowledge the broker brings again after a reconnection.
"""

import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from paho.mqtt.client import (
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
    MQTTMessageInfo,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.broker.config import BridgeLogin, BrokerAddress
from hub.broker.road import BridgeFailed, RoadEnd
from hub.posting.envelopes import Reply
from loyalty import topics
from loyalty.tls import tls_trouble

INFLIGHT_MAX_MESSAGES = 200
OUTGOING_MAX_MESSAGES = 10_000
KEEPALIVE_S = 30
RECONNECT_S = (1, 30)
READY_WITHIN_S = 30.0  # a machine that starts up has much to do
LAST_REPLY_WITHIN_S = 5.0


class MqttRoad:
    """A connection to the broker at `address`, made again whenever it is lost."""

    def __init__(self, address: BrokerAddress, login: BridgeLogin) -> None:
        self._address = address
        self._topics = topics.SHARED_UP if address.is_shared else topics.ALL_UP
        self._answered = threading.Event()
        self._is_closing = False
        self._connection = 0
        self._last_reply: MQTTMessageInfo | None = None
        self._refusal = ""
        self._log = structlog.get_logger().bind(broker=self.place)
        self._client = self._make_client(login)

    @property
    def place(self) -> str:
        """Host and port of the broker."""
        return f"{self._address.host}:{self._address.port}"

    def open(self, end: RoadEnd) -> None:
        """Connect; returns once the broker has taken the subscription.

        Raises:
            BridgeFailed: it did not within `READY_WITHIN_S`.
        """
        address, client = self._address, self._client
        client.on_subscribe = partial(self._subscribed, end)
        client.on_disconnect = partial(self._disconnected, end)
        client.on_message = partial(self._received, end)
        client.connect_async(address.host, address.port, keepalive=KEEPALIVE_S)
        client.loop_start()
        if not self._answered.wait(READY_WITHIN_S) or self._refusal:
            self.close()
            reason = self._refusal or f"no answer within {READY_WITHIN_S} s"
            raise BridgeFailed(f"broker at {self.place}: {reason}")

    def send(self, replies: Sequence[Reply]) -> None:
        """Publish `replies`."""
        for reply in replies:
            self._last_reply = self._client.publish(reply.topic, reply.payload, qos=1)

    def close(self) -> None:
        """Disconnect once the broker has the last reply, if it is there."""
        self._is_closing = True
        self._await_last_reply()
        self._client.disconnect()
        self._client.loop_stop()
        # They refer to us and the bridge: in a circle, its sockets may go before it closes them.
        client = self._client
        client.on_connect = client.on_connect_fail = client.on_subscribe = None
        client.on_disconnect = client.on_message = None

    def _await_last_reply(self) -> None:
        """Wait until the broker has it: what it has not read when we close the line, it drops."""
        if self._last_reply is not None and self._client.is_connected():
            with suppress(ValueError, RuntimeError):  # it was refused, or the line is gone
                self._last_reply.wait_for_publish(LAST_REPLY_WITHIN_S)

    def _acknowledge(self, packet_id: int, qos: int, connection: int) -> None:
        # Packet ids are worth nothing after a reconnection.
        if connection == self._connection:
            self._client.ack(packet_id, qos)

    # paho's thread. An exception here would end it silently, so nothing here can fail.

    def _make_client(self, login: BridgeLogin) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=login.user,
            # Where hubs take turns, what waits for one of them is kept from the others.
            clean_session=self._address.is_shared,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        client.username_pw_set(login.user, login.password)
        if self._address.tls is not None:
            client.tls_set_context(self._address.tls)
        client.reconnect_delay_set(*RECONNECT_S)
        client.max_inflight_messages_set(INFLIGHT_MAX_MESSAGES)
        client.max_queued_messages_set(OUTGOING_MAX_MESSAGES)
        client.on_socket_open = _send_at_once
        client.on_connect = self._connected
        client.on_connect_fail = self._not_connected
        return client

    def _connected(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _more: Any
    ) -> None:
        self._connection += 1
        if code.is_failure:
            self._refuse(str(code))
            return
        client.subscribe(self._topics, qos=1)

    def _not_connected(self, _client: Client, _data: Any) -> None:
        # paho calls this while it handles the error, and does not say which.
        trouble = tls_trouble(sys.exc_info()[1])
        if trouble:
            self._refuse(trouble)

    def _subscribed(
        self,
        end: RoadEnd,
        _client: Client,
        _data: Any,
        _mid: int,
        codes: list[ReasonCode],
        _more: Properties | None,
    ) -> None:
        if any(code.is_failure for code in codes):
            self._refuse(f"no subscription to {self._topics}")
            return
        end.connected()
        self._answered.set()

    def _refuse(self, reason: str) -> None:
        self._refusal = reason
        self._log.error("broker_refused_bridge", said=reason)
        self._answered.set()

    def _disconnected(
        self,
        end: RoadEnd,
        _client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _more: Any,
    ) -> None:
        end.lost()
        if not self._is_closing:
            self._log.warning("broker_lost", reason=str(code))

    def _received(self, end: RoadEnd, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        acknowledge = partial(self._acknowledge, message.mid, message.qos, self._connection)
        end.received(topic, bytes(message.payload), acknowledge)


def _send_at_once(_client: Client, _data: Any, sock: Any) -> None:
    # paho leaves Nagle's algorithm on: 44 ms for every reply instead of 0.3 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
