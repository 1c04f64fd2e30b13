"""The bridge: messages from the broker go through the intake, replies go back.

paho's thread only appends to a bounded queue; one worker thread drains it into transactions and,
after each commit, publishes the replies. Messages are acknowledged in the order in which they came
(MQTT 3.1.1, MQTT-4.6.0-2). What is dropped anywhere comes again: devices resend until they hold a
receipt.
"""

import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

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
from hub.broker.fair_queue import FairQueue, Turn
from hub.errors import HubError, LedgerUnavailable
from hub.posting.envelopes import Arrival, Reply
from hub.web.pulse import Pulse
from loyalty import topics
from loyalty.chain import ENVELOPE_MAX_BYTES
from loyalty.tls import tls_trouble

GROUP_MAX_MESSAGES = 200
GROUP_MAX_BYTES = 512 * 1024  # about 1,500 lines, a tenth of a second of posting
GROUP_WAIT_S = 0.005
IDLE_S = 0.1
QUEUE_MAX_MESSAGES = 1_000
INFLIGHT_MAX_MESSAGES = 200
OUTGOING_MAX_MESSAGES = 10_000
TICK_EVERY_S = 10.0
KEEPALIVE_S = 30
RECONNECT_S = (1, 30)
RETRY_S = (0.25, 30.0)
READY_WITHIN_S = 30.0  # a machine that starts up has much to do
STOP_WITHIN_S = 30.0
LAST_REPLY_WITHIN_S = 5.0


class BridgeFailed(HubError):
    """The broker does not answer, or does not let the bridge in; a person should look."""


class Taker(Protocol):
    """What the bridge needs of the intake."""

    counts: Counter[str]

    def take(self, arrivals: list[Arrival], /) -> list[Reply]: ...
    def tick(self) -> int: ...


class _Waiting(NamedTuple):
    """A message that is not acknowledged; packet ids are worth nothing after a reconnection."""

    arrival: Arrival
    packet_id: int
    connection: int


class Bridge:
    """Carries messages between one broker and one intake, in two threads of its own.

    `counts` says what was received, dropped and published, besides the intake's own counts; `pulse`
    whether all goes well.
    """

    def __init__(
        self,
        address: BrokerAddress,
        login: BridgeLogin,
        intake: Taker,
        *,
        keeps_session: bool,
        on_group: Callable[[int, float], None] = lambda _messages, _took_s: None,
    ) -> None:
        """`keeps_session`: the broker is to hold messages for us while we are away.

        `on_group` is told, in the worker's thread, of each group that went through the intake: how
        many messages it had and how long it took.
        """
        self._address = address
        self._topics = topics.SHARED_UP if address.is_shared else topics.ALL_UP
        self._intake = intake
        self._on_group = on_group
        self._queue: FairQueue[_Waiting] = FairQueue(QUEUE_MAX_MESSAGES)
        self._answered = threading.Event()
        self._stopping = threading.Event()
        self._connection = 0
        self._last_reply: MQTTMessageInfo | None = None
        self._refusal = ""
        self._worker = threading.Thread(target=self._work, name="bridge", daemon=True)
        self._log = structlog.get_logger().bind(broker=f"{address.host}:{address.port}")
        self._client = self._make_client(login, keeps_session)
        self.counts: Counter[str] = Counter()
        self.pulse = Pulse(turned_s=time.monotonic())

    @property
    def waiting_messages(self) -> int:
        """How many messages wait for their turn."""
        return len(self._queue)

    @property
    def silent_s(self) -> float:
        """Since when the worker has had its hands full, or has not come back at all."""
        return time.monotonic() - self.pulse.turned_s

    def start(self) -> None:
        """Connect and begin; returns once the broker has taken the subscription.

        Raises:
            BridgeFailed: it did not within `READY_WITHIN_S`.
        """
        address = self._address
        self._client.connect_async(address.host, address.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        self._worker.start()
        if not self._answered.wait(READY_WITHIN_S) or self._refusal:
            self.stop()
            reason = self._refusal or f"no answer within {READY_WITHIN_S} s"
            raise BridgeFailed(f"broker at {address.host}:{address.port}: {reason}")

    def stop(self) -> None:
        """Finish what is in the queue, unless the ledger is away, and disconnect."""
        self._stopping.set()
        if self._worker.is_alive():
            self._worker.join(STOP_WITHIN_S)
        self._await_last_reply()
        self._client.disconnect()
        self._client.loop_stop()
        # They refer to us: in a circle, the client's sockets may go before it closes them.
        client = self._client
        client.on_connect = client.on_connect_fail = client.on_subscribe = None
        client.on_disconnect = client.on_message = None

    def _await_last_reply(self) -> None:
        """Wait until the broker has it: what it has not read when we close the line, it drops."""
        if self._last_reply is not None and self.pulse.is_ready:
            with suppress(ValueError, RuntimeError):  # it was refused, or the line is gone
                self._last_reply.wait_for_publish(LAST_REPLY_WITHIN_S)

    # paho's thread. An exception here would end it silently, so nothing here can fail.

    def _make_client(self, login: BridgeLogin, keeps_session: bool) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=login.user,
            clean_session=not keeps_session,
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
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._received
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
        _client: Client,
        _data: Any,
        _mid: int,
        codes: list[ReasonCode],
        _more: Properties | None,
    ) -> None:
        if any(code.is_failure for code in codes):
            self._refuse(f"no subscription to {self._topics}")
            return
        self.counts["connected"] += 1
        self.pulse.is_ready = True
        self._log.info("bridge_ready", connection=self._connection)
        self._answered.set()

    def _refuse(self, reason: str) -> None:
        self._refusal = reason
        self._log.error("broker_refused_bridge", said=reason)
        self._answered.set()

    def _disconnected(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _more: Any
    ) -> None:
        self.pulse.is_ready = False
        if not self._stopping.is_set():
            self._log.warning("broker_lost", reason=str(code))

    def _received(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        if self._stopping.is_set():
            return  # What is not acknowledged comes again, to whoever is here then.
        self.counts["received"] += 1
        try:
            arrival = Arrival(message.topic, bytes(message.payload))
        except UnicodeDecodeError:
            arrival = None
        if arrival is None or len(arrival.payload) > ENVELOPE_MAX_BYTES:
            self.counts["dropped_oversized_or_unreadable"] += 1
            client.ack(message.mid, message.qos)
            return
        waiting = _Waiting(arrival, message.mid, self._connection)
        if not self._queue.put(_sender(arrival), waiting, len(arrival.payload)):
            self.counts["dropped_queue_full"] += 1
            client.ack(message.mid, message.qos)

    # Our worker's thread

    def _work(self) -> None:
        tick_at_s = time.monotonic() + TICK_EVERY_S
        while not (self._stopping.is_set() and not self._queue):
            self.pulse.turned_s = time.monotonic()
            limits = (GROUP_MAX_MESSAGES, GROUP_MAX_BYTES)
            group = self._queue.take(*limits, patience_s=IDLE_S, gather_s=GROUP_WAIT_S)
            if group:
                self._deliver(group)
            if time.monotonic() >= tick_at_s:
                self._try(self._intake.tick)
                tick_at_s = time.monotonic() + TICK_EVERY_S

    def _deliver(self, group: list[Turn[_Waiting]]) -> None:
        begun_s = time.monotonic()
        replies = self._try(lambda: self._intake.take([it.message.arrival for it in group]))
        if replies is None:
            return  # stopping while the ledger is away: nothing is acknowledged
        self.pulse.delivered_s = time.monotonic()
        self._on_group(len(group), self.pulse.delivered_s - begun_s)
        self.counts["published"] += len(replies)
        for reply in replies:
            self._last_reply = self._client.publish(reply.topic, reply.payload, qos=1)
        for waiting in self._queue.finish(group):
            if waiting.connection == self._connection:
                self._client.ack(waiting.packet_id, 1)

    def _try(self, deed: Callable[[], Any]) -> Any:
        """Return what `deed` returns, however often the ledger is away first; None when stopping.

        A deed that fails in any other way is logged and given up, so that the next can be done.
        """
        delay_s = RETRY_S[0]
        while True:
            self.pulse.turned_s = time.monotonic()
            try:
                done = deed()
                self.pulse.trouble = ""
                return done
            except LedgerUnavailable as error:
                self.pulse.trouble = str(error)
                self.counts["ledger_unavailable"] += 1
                self._log.error("ledger_unavailable", error=str(error), retry_in_s=delay_s)
            except Exception as error:
                self.counts["faults"] += 1
                self._log.error("group_given_up", error=repr(error))
                return []
            if self._stopping.wait(delay_s):
                return None
            delay_s = min(2 * delay_s, RETRY_S[1])


def _sender(arrival: Arrival) -> str:
    return arrival.topic.rpartition("/")[0]


def _send_at_once(_client: Client, _data: Any, sock: Any) -> None:
    # paho leaves Nagle's algorithm on: 44 ms for every reply instead of 0.3 ms.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
