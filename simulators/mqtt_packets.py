"""MQTT 3.1.1 control packets as they lie in a stream: where each ends, and what kind it is.

Source: OASIS MQTT Version 3.1.1, §2.2 for the fixed header, §3.1 CONNECT, §3.3 PUBLISH, §3.4
PUBACK.
"""

CONNECT, PUBLISH, PUBACK = 1, 3, 4

PACKET_MAX_BYTES = 256 * 1024  # ours have 64 KiB and a topic
_LENGTH_MAX_BYTES = 4
_DUPLICATE = 0x08


class BadPacket(ValueError):
    """These bytes are not MQTT, or too long for us."""


class PacketCutter:
    """Collects bytes until whole packets appear."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the packets that `data` completed, oldest first.

        Raises:
            BadPacket: no packet begins where one must.
        """
        self._pending += data
        packets = []
        while (end := _end(self._pending)) is not None and end <= len(self._pending):
            packets.append(bytes(self._pending[:end]))
            del self._pending[:end]
        return packets


def kind(packet: bytes) -> int:
    """Return the packet's type, of which we know three by name."""
    return packet[0] >> 4


def needs_answer(packet: bytes) -> bool:
    """Return whether a PUBLISH is sent with quality of service 1."""
    return (packet[0] >> 1) & 3 == 1


def client_id(connect: bytes) -> str:
    """Return the client identifier of a CONNECT."""
    at = _body(connect)
    at += 2 + _number(connect, at) + 4  # protocol name, level, flags, keep alive
    return connect[at + 2 : at + 2 + _number(connect, at)].decode()


def topic(publish: bytes) -> str:
    """Return the topic of a PUBLISH."""
    at = _body(publish)
    return publish[at + 2 : at + 2 + _number(publish, at)].decode()


def packet_id(packet: bytes) -> int:
    """Return the identifier of a PUBLISH (with quality of service 1) or of a PUBACK."""
    at = _body(packet)
    if kind(packet) == PUBLISH:
        at += 2 + _number(packet, at)
    return _number(packet, at)


def puback(publish: bytes) -> bytes:
    """Return the answer to a PUBLISH with quality of service 1."""
    return bytes((PUBACK << 4, 2)) + packet_id(publish).to_bytes(2, "big")


def again(publish: bytes) -> bytes:
    """Return the PUBLISH as it is sent for the second time."""
    return bytes((publish[0] | _DUPLICATE,)) + publish[1:]


def _number(packet: bytes, at: int) -> int:
    return int.from_bytes(packet[at : at + 2], "big")


def _body(packet: bytes) -> int:
    at = 1
    while packet[at] & 0x80:
        at += 1
    return at + 1


def _end(pending: bytearray) -> int | None:
    """Return where the first packet ends, or None if its length is not all there."""
    length = 0
    for at in range(_LENGTH_MAX_BYTES):
        if at + 1 >= len(pending):
            return None
        digit = pending[at + 1]
        length |= (digit & 0x7F) << (7 * at)
        if not digit & 0x80:
            end = at + 2 + length
            if end > PACKET_MAX_BYTES:
                raise BadPacket(f"packet of {end} bytes, at most {PACKET_MAX_BYTES}")
            return end
    raise BadPacket(f"length of more than {_LENGTH_MAX_BYTES} bytes")
