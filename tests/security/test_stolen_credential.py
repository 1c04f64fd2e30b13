"""Who has a device's MQTT password and not its secret: can come in, and do nothing."""

import pytest

from hub.hub import Hub
from hub.ledger.ledger import open_ledger
from loyalty import topics
from loyalty.receipts import Receipt
from tests.fuzz.fuzzed_world import everything
from tests.hub.hub_world import START_MS, Till, World, sale
from tests.hub.mqtt_wire import WAIT_S, Wire
from tests.security.running_hub import beside_a_hub


@pytest.fixture
def world(tmp_path):
    """A ledger that knows h1, whose password was stolen, and h2."""
    found = World(tmp_path)
    found.owner, found.other = found.till("h1"), found.till("h2")
    found.other.add(sale("n1", member="ben"))
    yield found
    found.ledger.close()


def thief(port: int) -> Wire:
    return Wire(port, "h1", "password-of-h1")


def sell(port: int, till: Till) -> Receipt:
    """Have `till` send what it has; what came before it to the broker has been dealt with then."""
    wire = Wire(port, till.name, f"password-of-{till.name}")
    wire.subscribe(topics.rx_filter("s1", till.name))
    wire.publish(*till.batch())
    receipt = wire.answer()
    wire.close()
    return receipt


def test_it_cannot_seal_so_nothing_it_says_is_believed(world):
    forger = Till("h1")
    forger.secret = bytes(32)
    forger.add(sale("x1", 1_000_000))
    before = everything(world)

    def deed(hub: Hub, port: int) -> tuple[int, bool]:
        wire = thief(port)
        wire.subscribe(topics.rx_filter("s1", "h1"))
        wire.publish(*forger.batch())
        sell(port, world.other)
        heard = not wire.messages.empty()
        wire.close()
        return hub.counts["dropped_bad_seal"], heard

    dropped, heard = beside_a_hub(world, deed)

    assert (dropped, heard) == (1, False)
    assert world.balance("anna") is None
    assert before != everything(world)  # by the other's sale alone
    assert world.value("SELECT count(*) FROM inbox") == 1


def test_it_reads_nothing_of_other_devices(world):
    wanted = ("#", "loy/#", "loy/v1/s1/+/rx/#", topics.rx_filter("s1", "h2"), topics.ALL_UP)

    def deed(hub: Hub, port: int) -> tuple[list[bool], bool]:
        wire = thief(port)
        granted = [wire.subscribe(it) for it in wanted]
        sell(port, world.other)
        heard = not wire.messages.empty()
        wire.close()
        return granted, heard

    granted, heard = beside_a_hub(world, deed)

    assert (granted, heard) == ([False] * len(wanted), False)


def test_it_publishes_for_nobody_else(world):
    forged = (
        world.other.batch(),  # rightly sealed: it may have been recorded
        (topics.rx("s1", "h2", "receipt"), b"forged"),
        (topics.rx("s1", "h1", "receipt"), b"forged"),
        (topics.state("s1", "h2"), b"gone"),
    )

    def deed(hub: Hub, port: int) -> tuple[int, list[bytes]]:
        wire, reader = thief(port), Wire(port, "h2", "password-of-h2")
        reader.subscribe(topics.rx_filter("s1", "h2"))
        for topic, payload in forged:
            wire.publish(topic, payload)
        received = hub.counts["received"]
        reader.publish(*world.other.batch())
        first = reader.messages.get(timeout=WAIT_S).payload
        for it in (wire, reader):
            it.close()
        return received, [first, *[it.payload for it in reader.messages.queue]]

    received, read = beside_a_hub(world, deed)

    assert (received, len(read)) == (0, 1)
    assert b"forged" not in read


def test_it_is_worth_nothing_from_the_moment_of_revocation(world):
    world.owner.add(sale("r1"))

    def deed(hub: Hub, port: int) -> tuple[bool, bool]:
        inside = thief(port)
        ledger = open_ledger(world.path)
        ledger.revoke_device("h1", START_MS)
        ledger.close()
        inside.publish(*world.owner.batch())  # it even has the secret
        sell(port, world.other)
        outside = thief(port)
        is_cut = inside.lost.wait(WAIT_S)
        for it in (inside, outside):
            it.close()
        return outside.refused, is_cut

    refused, is_cut = beside_a_hub(world, deed)

    assert (refused, is_cut) == (True, True)
    assert world.balance("anna") is None
    assert world.value("SELECT count(*) FROM inbox") == 1
