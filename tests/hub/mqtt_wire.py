"""A device's bare MQTT client, for tests of brokers and of the bridge."""

import queue
import ssl
import threading

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from loyalty import receipts
from loyalty.chain import unpack

WAIT_S = 60.0


class Wire:
    """A device's MQTT client with its inbox; what it is told it keeps."""

    def __init__(
        self,
        port: int,
        user: str,
        password: str,
        client_id: str | None = None,
        will: str = "",
        tls: ssl.SSLContext | None = None,
        clean_session: bool = True,
    ) -> None:
        self.user = user
        self.messages: queue.Queue = queue.Queue()
        self.codes: queue.Queue = queue.Queue()
        self.lost = threading.Event()
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=user if client_id is None else client_id,
            clean_session=clean_session,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if user:
            self.client.username_pw_set(user, password)
        if tls is not None:
            self.client.tls_set_context(tls)
        if will:
            self.client.will_set(will, b"gone", qos=1)
        self.client.on_connect = lambda c, d, f, code, p: self.codes.put(code.is_failure)
        self.client.on_subscribe = lambda c, d, mid, codes, p: self.codes.put(codes[0].is_failure)
        self.client.on_disconnect = lambda *_: self.lost.set()
        self.client.on_message = lambda c, d, message: self.messages.put(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.refused = self.codes.get(timeout=WAIT_S)

    def subscribe(self, topic_filter: str) -> bool:
        self.client.subscribe(topic_filter, qos=1)
        return not self.codes.get(timeout=WAIT_S)

    def publish(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload, qos=1).wait_for_publish(WAIT_S)

    def answer(self) -> receipts.Answer:
        payload = self.messages.get(timeout=WAIT_S).payload
        return receipts.from_line(unpack(payload)[1][0])

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        # They refer to us, and in a circle the client's sockets may go before it closes them.
        self.client.on_connect = self.client.on_subscribe = None
        self.client.on_message = self.client.on_disconnect = None
