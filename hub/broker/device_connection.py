"""One connection at the embedded broker: who logged in on it, what it may do and what it reads."""

import asyncio
from dataclasses import dataclass, field

from amqtt.mqtt.publish import PublishPacket  # type: ignore[import-untyped]  # no types

from hub.ledger.queries import DeviceLogin
from hub.posting.envelopes import Reply
from loyalty import topics

UNREAD_MAX_BYTES = 1024 * 1024  # of what a device does not read; the rest it asks for again
PACKET_ID_MAX = 65_535


@dataclass(slots=True, eq=False)
class Connection:
    """A connection; from its CONNECT on, the device that logged in on it and what that reads."""

    writer: asyncio.StreamWriter
    device: str = ""
    login: DeviceLogin | None = None
    qos_of: dict[str, int] = field(default_factory=dict)  # of each subscription
    packet_id: int = 0
    is_over: bool = False  # it has been told the last word

    @property
    def may_read(self) -> str:
        """The filter of all that the device may read; empty before it has logged in."""
        return "" if self.login is None else topics.rx_filter(self.login.store, self.device)

    def may_publish(self, topic: str) -> bool:
        """Return whether the device may publish to `topic`."""
        return self.login is not None and topics.may_publish(self.login.store, self.device, topic)

    def may_subscribe(self, topic_filter: str) -> bool:
        """Return whether the device may subscribe to `topic_filter`."""
        login = self.login
        return login is not None and topics.may_subscribe(login.store, self.device, topic_filter)

    def send(self, reply: Reply) -> None:
        """Publish `reply`, if the device has subscribed to it and reads what it is sent."""
        qos = self.qos_of.get(reply.topic, self.qos_of.get(everything_beside(reply.topic)))
        transport = self.writer.transport
        if qos is None or self.is_over or transport.get_write_buffer_size() > UNREAD_MAX_BYTES:
            return
        self.packet_id = self.packet_id % PACKET_ID_MAX + 1
        packet_id = self.packet_id if qos else None
        packet = PublishPacket.build(reply.topic, reply.payload, packet_id, False, qos, False)
        self.writer.write(packet.to_bytes())

    def say_last_word(self) -> None:
        """Say nothing after what was sent; the device is still heard, until it hangs up."""
        self.is_over = True
        self.writer.write_eof()


def everything_beside(topic: str) -> str:
    """Return the filter of `topic` and of all that stands beside it."""
    return topic.rpartition("/")[0] + "/#"
