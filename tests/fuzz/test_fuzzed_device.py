"""Whatever comes down to a device, its session goes on and its journal keeps every line."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.mqtt.events import AskWanted, Connected, Deliver, Publish, Received, TimePassed
from device.mqtt.identity import Identity
from device.mqtt.session import PATIENCE_MAX_MS, Session
from device.records.journal import Journal
from hub.posting.intake import Arrival
from loyalty import topics
from loyalty.asks import AskAccount
from loyalty.chain import LINES_MAX, pack, unpack
from tests.campaign import size
from tests.fuzz.forger import Forger
from tests.fuzz.rogue import mutated
from tests.hub.hub_world import SECRET, World, sale

FORGED = size(500, 10_000)
SEALED = size(250, 5_000)
LINES = 150  # two batches
SEED = 20_170_301


class Device:
    """The device h1: its session and journal, and what it has heard from its hub."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.journal = Journal.open(folder / "journal.db", epoch_of_new="e1")
        self.session = Session(
            identity=Identity(store="s1", device="h1", secrets={"k1": SECRET}),
            outbox=self.journal,
            rng=random.Random(SEED),
            rules=3,
        )
        self.heard: list[Arrival] = []
        self.now_ms = 0
        world.till("h1")
        for number in range(LINES):
            self.journal.append(sale(f"r{number}"))

    def feed(self, event: object) -> list[object]:
        return self.session.feed(event, self.now_ms)

    def talk(self, requests: list[object]) -> None:
        """Have hub and device talk until neither has anything to say."""
        while requests:
            sent = [it for it in requests if isinstance(it, Publish)]
            up = [Arrival(topics.up("s1", "h1", it.purpose), it.envelope) for it in sent]
            replies = [Arrival(*it) for it in self.world.intake.take(up)]
            self.heard += replies
            requests = [more for it in replies for more in self.feed(Received(it.payload))]

    def lines(self) -> list[tuple[int, bytes]]:
        return self.journal.pending(0, 2 * LINES)

    def ask(self) -> list[object]:
        asked = AskAccount(ref=f"q{self.now_ms}", card="04AA", member="anna", ctr_seen=-1)
        return self.feed(AskWanted(asked, timeout_ms=3_000))


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    world = World(tmp_path)
    found = Device(world, tmp_path)
    yield found
    found.journal.close()
    world.ledger.close()


def states(device: Device) -> tuple[object, ...]:
    journal = device.journal
    return journal.settled_seq, journal.incarnation, device.lines()


@pytest.mark.campaign
def test_what_the_hub_has_not_sealed_settles_and_delivers_nothing(device: Device) -> None:
    device.talk(device.feed(Connected()))
    device.talk(device.ask())
    forger = Forger(random.Random(SEED), device.heard)
    device.journal.append(sale("last"))
    before = states(device)

    heard = []
    for _ in range(FORGED):
        message = forger.next()
        if message.payload not in {it.payload for it in device.heard}:
            heard += device.feed(Received(message.payload))

    assert states(device) == before
    assert {type(it).__name__ for it in heard} == {"Notice"}
    assert recovers(device)


@pytest.mark.campaign
def test_what_wears_the_right_seal_and_is_odd_settles_only_what_the_hub_has(device: Device) -> None:
    rng = random.Random(SEED)
    device.talk(device.feed(Connected()))
    device.talk(device.ask())
    genuine = [unpack(it.payload) for it in device.heard]
    device.journal.append(sale("last"))
    lines = device.lines()

    for _ in range(SEALED):
        (purpose, name, epoch, kid, first, prev), (line,), *_ = rng.choice(genuine)
        odd = [mutated(rng, line) for _ in range(rng.choice([1, 1, 2, LINES_MAX]))]
        if sum(map(len, odd)) < 60_000:
            epoch = rng.choice([epoch, epoch, "e2"])
            envelope = pack(SECRET, purpose, name, epoch, kid, first, prev, odd)
            device.feed(Received(envelope))
        device.now_ms += rng.choice([0, 1_000])
        device.feed(TimePassed())

    assert device.lines() == lines
    assert device.journal.settled_seq <= LINES
    assert recovers(device)


def recovers(device: Device) -> bool:
    """Return whether the device goes on with its hub: all settles, and an ask is answered."""
    device.talk(device.feed(Connected()))
    device.now_ms += PATIENCE_MAX_MS
    device.talk(device.feed(TimePassed()))
    answered = []
    for it in device.ask():
        assert isinstance(it, Publish)
        (reply,) = device.world.intake.take([Arrival(topics.up("s1", "h1", "ask"), it.envelope)])
        answered += device.feed(Received(reply.payload))
    return device.journal.pending_lines == 0 and [type(it) for it in answered] == [Deliver]
