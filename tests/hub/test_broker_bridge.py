"""The bridge under a bad day: a full disk, a broker that goes away, one that says no."""

import contextlib
import getpass
import queue
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from hub.broker.config import BridgeLogin, BrokerAddress
from hub.broker.fair_queue import SENDERS_MIN
from hub.broker.mqtt_road import MqttRoad
from hub.broker.road import BridgeFailed
from hub.broker_bridge import QUEUE_MAX_MESSAGES, Bridge
from hub.errors import LedgerUnavailable
from hub.posting.envelopes import Reply
from hub.posting.groups import Group
from loyalty import topics
from loyalty.chain import ENVELOPE_MAX_BYTES
from simulators.free_port import free_port
from tests.hub.hub_world import Till, World, sale
from tests.hub.mqtt_wire import WAIT_S, Wire

REPLIES = 300  # more than are on their way at once

CONFIGURATION = """
user {user}
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
set_tcp_nodelay true
persistence false
max_inflight_messages 0
max_queued_messages 0
"""
ACL = """
user bridge
topic read loy/v1/+/+/up/#
topic write loy/v1/+/+/rx/#
pattern write loy/v1/+/%u/up/#
pattern read loy/v1/+/%u/rx/#
"""
LOGIN = BridgeLogin("bridge", "secret")


class Mosquitto:
    """Debian's broker on a port of its own."""

    def __init__(self, folder, port: int) -> None:
        self.port = port
        (folder / "acl").write_text(ACL)
        (folder / "mosquitto.conf").write_text(
            CONFIGURATION.format(user=getpass.getuser(), port=port, folder=folder)
        )
        passwords = str(folder / "passwords")
        for flags, user, password in ((["-c"], "bridge", "secret"), ([], "h1", "h1")):
            command = ["mosquitto_passwd", *flags, "-b", passwords, user, password]
            subprocess.run(command, check=True, capture_output=True)
        self._command = ["mosquitto", "-c", str(folder / "mosquitto.conf")]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        answers = threading.Event()
        for _ in range(int(WAIT_S / 0.05)):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            answers.wait(0.05)
        raise AssertionError(f"mosquitto does not answer on port {self.port}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(WAIT_S)


class Taken:
    """An intake that tells what it was given, and waits at a gate while it is closed."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.groups: queue.Queue = queue.Queue()
        self.gate = threading.Event()
        self.gate.set()

    def post(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        self.groups.put(list(group.arrivals))
        assert self.gate.wait(WAIT_S)
        return []

    def tick(self) -> int:
        return 0


@pytest.fixture
def broker(tmp_path):
    found = Mosquitto(tmp_path, free_port())
    yield found
    found.stop()


def one_of_many(number: int) -> str:
    """Return a topic to which h1 may publish, of one of so many senders as there is room for."""
    return topics.up(f"s{number % SENDERS_MIN}", "h1", "batch")


@contextlib.contextmanager
def bridge_to(broker: Mosquitto, intake, login: BridgeLogin = LOGIN):
    address = BrokerAddress("127.0.0.1", broker.port, login)
    bridge = Bridge(MqttRoad(address, login), intake)
    bridge.start()
    try:
        yield bridge
    finally:
        bridge.stop()


@pytest.fixture
def world(tmp_path):
    folder = tmp_path / "world"
    folder.mkdir()
    found = World(folder)
    yield found
    found.ledger.close()


def test_a_full_disk_acknowledges_nothing_and_once_there_is_room_all_is_taken(broker, world):
    till = world.till("h1")
    till.add(*[sale(f"r{n}") for n in range(90)])
    pages = world.value("PRAGMA page_count")
    world.ledger.connection.execute(f"PRAGMA max_page_count = {pages}")

    with bridge_to(broker, world.intake) as bridge:
        wire = Wire(broker.port, "h1", "h1")
        wire.subscribe(topics.rx_filter("s1", "h1"))
        wire.publish(*till.batch())
        tried = wait_for(lambda: bridge.counts["ledger_unavailable"] >= 1)
        published = bridge.counts["published"]
        world.ledger.connection.execute("PRAGMA max_page_count = 1000000")
        receipt = wire.answer()
        wire.close()

    assert (tried, published) == (True, 0)
    assert receipt.upto_seq == 90
    assert world.balance("anna") == 900


def test_the_bridge_comes_back_when_the_broker_does(broker, world):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"))

    with bridge_to(broker, world.intake) as bridge:
        broker.stop()
        broker.start()
        came_back = wait_for(lambda: bridge.counts["connected"] == 2)
        wire = Wire(broker.port, "h1", "h1")
        wire.subscribe(topics.rx_filter("s1", "h1"))
        wire.publish(*till.batch())
        receipt = wire.answer()
        wire.close()

    assert came_back
    assert receipt.upto_seq == 2


def test_what_the_bridge_had_not_taken_comes_again_to_the_next(broker):
    till = Till("h1")
    till.add(sale("r1"))
    wire = Wire(broker.port, "h1", "h1")
    away = Away()

    with bridge_to(broker, away):
        wire.publish(*till.batch())
        away.tried.wait(WAIT_S)
    intake = Taken()
    with bridge_to(broker, intake):
        again = intake.groups.get(timeout=WAIT_S)

    wire.close()
    assert [it.payload for it in again] == [till.batch().payload]


class Away(Taken):
    """An intake whose ledger is never there."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = threading.Event()

    def post(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        self.tried.set()
        raise LedgerUnavailable("the disk is full")


def test_a_full_queue_drops_and_goes_on(broker):
    intake = Taken()
    wire = Wire(broker.port, "h1", "h1")
    intake.gate.clear()
    topic = topics.up("s1", "h1", "batch")

    with bridge_to(broker, intake) as bridge:
        wire.publish(topic, b"first")
        intake.groups.get(timeout=WAIT_S)
        for number in range(QUEUE_MAX_MESSAGES + 1):
            wire.client.publish(one_of_many(number), b"more", qos=1)
        full = wait_for(lambda: bridge.counts["dropped_queue_full"] == 1)
        intake.gate.set()
        taken = 0
        while taken < QUEUE_MAX_MESSAGES:
            taken += len(intake.groups.get(timeout=WAIT_S))

    wire.close()
    assert full


def test_an_idle_worker_is_not_silent_and_one_that_hangs_is(broker):
    intake = Taken()
    with bridge_to(broker, intake) as bridge:
        first_s = bridge.pulse.turned_s
        came_back = wait_for(lambda: bridge.pulse.turned_s > first_s)
        intake.gate.clear()
        wire = Wire(broker.port, "h1", "h1")
        wire.publish(topics.up("s1", "h1", "batch"), b"1")
        intake.groups.get(timeout=WAIT_S)
        hung_s = bridge.pulse.turned_s
        is_silent = wait_for(lambda: bridge.silent_s > 0.5)
        turned_s = bridge.pulse.turned_s
        intake.gate.set()
        wire.close()

    assert came_back
    assert is_silent
    assert turned_s == hung_s


def test_what_comes_while_the_bridge_stops_is_left_for_the_next(broker):
    first, second = Taken(), Taken()
    wire = Wire(broker.port, "h1", "h1")
    topic = topics.up("s1", "h1", "batch")
    with bridge_to(broker, first) as bridge:
        first.gate.clear()
        wire.publish(topic, b"1")
        before = first.groups.get(timeout=WAIT_S)
        stopping = threading.Thread(target=bridge.stop)
        stopping.start()
        assert wait_for(bridge._stopping.is_set)
        wire.publish(topic, b"2")
        first.gate.set()
        stopping.join(WAIT_S)

    with bridge_to(broker, second):
        after = second.groups.get(timeout=WAIT_S)

    wire.close()
    assert [it.payload for it in before] == [b"1"]
    assert first.groups.empty()
    assert [it.payload for it in after] == [b"2"]


class Echo(Taken):
    """An intake that answers each message with what it said."""

    def post(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        super().post(group, meanwhile)
        return [Reply(topics.rx("s1", "h1", "receipt"), it.payload) for it in group.arrivals]


def test_what_is_being_taken_when_the_bridge_stops_is_still_answered(broker):
    intake = Echo()
    wire = Wire(broker.port, "h1", "h1")
    wire.subscribe(topics.rx_filter("s1", "h1"))
    with bridge_to(broker, intake) as bridge:
        intake.gate.clear()
        wire.publish(topics.up("s1", "h1", "batch"), b"1")
        intake.groups.get(timeout=WAIT_S)
        stopping = threading.Thread(target=bridge.stop)
        stopping.start()
        assert wait_for(bridge._stopping.is_set)
        intake.gate.set()
        stopping.join(WAIT_S)

    answer = wire.messages.get(timeout=WAIT_S)

    wire.close()
    assert answer.payload == b"1"


def test_the_broker_has_every_reply_before_the_bridge_is_gone(broker):
    intake = Echo()
    wire = Wire(broker.port, "h1", "h1")
    wire.subscribe(topics.rx_filter("s1", "h1"))
    with bridge_to(broker, intake) as bridge:
        intake.gate.clear()
        for number in range(REPLIES):
            wire.client.publish(one_of_many(number), b"%d" % number, qos=1)
        assert wait_for(lambda: bridge.counts["received"] == REPLIES)
        stopping = threading.Thread(target=bridge.stop)
        stopping.start()
        assert wait_for(bridge._stopping.is_set)
        intake.gate.set()
        stopping.join(WAIT_S)

    answers = [wire.messages.get(timeout=WAIT_S).payload for _ in range(REPLIES)]

    wire.close()
    assert answers == [b"%d" % number for number in range(REPLIES)]


def test_an_oversized_message_is_dropped_before_the_queue(broker):
    intake = Taken()
    wire = Wire(broker.port, "h1", "h1")
    topic = topics.up("s1", "h1", "batch")

    with bridge_to(broker, intake) as bridge:
        wire.publish(topic, b"x" * (ENVELOPE_MAX_BYTES + 1))
        wire.publish(topic, b"x" * ENVELOPE_MAX_BYTES)
        (taken,) = intake.groups.get(timeout=WAIT_S)
        dropped = bridge.counts["dropped_oversized_or_unreadable"]

    wire.close()
    assert len(taken.payload) == ENVELOPE_MAX_BYTES
    assert dropped == 1


def test_a_broker_that_says_no_is_told(broker):
    with (
        pytest.raises(BridgeFailed, match=r"[Nn]ot authorized"),
        bridge_to(broker, Taken(), BridgeLogin("bridge", "wrong")),
    ):
        pass


def wait_for(condition) -> bool:
    """Return whether `condition` came true within `WAIT_S`; another thread works on it."""
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.01)):
        if condition():
            return True
        pause.wait(0.01)
    return False
