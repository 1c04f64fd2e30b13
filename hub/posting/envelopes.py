"""MQTT messages of devices, read as far as that goes without the ledger."""

from typing import NamedTuple

from loyalty import topics
from loyalty.chain import EnvelopeError, unpack


class Arrival(NamedTuple):
    """One MQTT message as it came from the broker."""

    topic: str
    payload: bytes


class Reply(NamedTuple):
    """One MQTT message to publish, once the transaction that made it is durable."""

    topic: str
    payload: bytes


class Dropped(Exception):
    """This message is not for us to believe; the word says why and is counted."""


class Envelope(NamedTuple):
    """What a message says of itself; `seal` of `body` is still to be checked."""

    store: str
    device: str
    purpose: str
    epoch: str
    kid: str
    first: int
    prev: bytes
    lines: list[bytes]
    body: bytes
    seal: bytes


def read_envelope(arrival: Arrival) -> Envelope:
    """Return the envelope in `arrival`, which came on the topic that it names.

    Raises:
        Dropped: it is none, or of another device or purpose than its topic.
    """
    named = topics.parse_up(arrival.topic)
    if named is None:
        raise Dropped("bad_topic")
    store, device, purpose = named
    try:
        header, lines, body, seal = unpack(arrival.payload)
    except EnvelopeError as error:
        raise Dropped("bad_envelope") from error
    if header[:2] != (purpose, device):
        raise Dropped("wrong_topic")
    return Envelope(store, device, purpose, *header[2:], lines, body, seal)
