"""Who announces a packet longer than any message is hung up on before it fills the hub's memory."""

import socket

import pytest

from hub.hub import Hub
from loyalty import topics
from loyalty.chain import ENVELOPE_MAX_BYTES
from loyalty.topics import PACKET_MAX_BYTES
from tests.hub.hub_world import Till, World, sale
from tests.hub.mqtt_wire import WAIT_S, Wire
from tests.security.running_hub import beside_a_hub

CONNECT = b"\x10\x24\x00\x04MQTT\x04\xc2\x00\x00\x00\x02h1\x00\x02h1\x00\x0epassword-of-h1"
CONNACK = b"\x20\x02\x00\x00"
PUBLISH, LONGEST = b"\x32", b"\xff\xff\xff\x7f"  # 256 MiB, OASIS MQTT 3.1.1 §2.2.3
FIRST_PIECE = b"\x00\x12" + topics.state("s1", "h1").encode() + b"\x00\x01"


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    found.till("h1")
    found.till("h2")
    yield found
    found.ledger.close()


def sell(port: int) -> bool:
    """Return whether h2 is served."""
    till = Till("h2")
    till.add(sale("r1"))
    wire = Wire(port, "h2", "password-of-h2")
    wire.subscribe(topics.rx_filter("s1", "h2"))
    wire.publish(*till.batch())
    receipt = wire.answer()
    wire.close()
    return receipt.upto_seq == 1


def test_a_packet_is_not_waited_for_whose_length_is_beyond_any_message(world):
    def deed(hub: Hub, port: int) -> tuple[bytes, bytes, bool]:
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as wire:
            wire.sendall(CONNECT)
            greeted = wire.recv(len(CONNACK))
            wire.sendall(PUBLISH + LONGEST + FIRST_PIECE)
            return greeted, until_hung_up(wire), sell(port)

    greeted, said, is_served = beside_a_hub(world, deed)

    assert (greeted, said, is_served) == (CONNACK, b"", True)


def until_hung_up(wire: socket.socket) -> bytes:
    """Return what the other side still says before it ends the connection."""
    said = b""
    try:
        while data := wire.recv(1_000):
            said += data
    except ConnectionResetError:
        pass
    return said


def test_the_longest_message_passes(world):
    assert ENVELOPE_MAX_BYTES + len(topics.up("x" * 64, "x" * 64, "batch")) < PACKET_MAX_BYTES

    def deed(hub: Hub, port: int) -> int:
        wire = Wire(port, "h1", "password-of-h1")
        wire.publish(topics.up("s1", "h1", "batch"), bytes(ENVELOPE_MAX_BYTES))
        sell(port)
        wire.close()
        return hub.counts["dropped_bad_envelope"]

    assert beside_a_hub(world, deed) == 1
