"""The storage of a terminal is copied: two real journals go on under one name, to a real hub."""

import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from device.mqtt.events import Connected, Publish, Received
from device.mqtt.identity import Identity
from device.mqtt.session import Session
from device.records.journal import Journal
from hub.decisions.forks import agree_to_adoption, propose_adoption
from hub.ledger.branches import branches, forked_chain
from hub.ledger.ledger import open_ledger
from hub.ledger.proposals import Proposal
from hub.ledger.verify import broken, verify
from hub.posting.intake import Arrival
from loyalty import topics
from tests.hub.hub_world import SECRET, START_MS, World, sale

NOW_MS = START_MS + 60_000


class Terminal:
    """A journal and the session that brings it to the hub."""

    def __init__(self, world: World, path: Path, epoch: str) -> None:
        self._world = world
        self.journal = Journal.open(path, epoch_of_new=epoch)
        self._session = Session(
            identity=Identity(store="s1", device="h1", secrets={"k1": SECRET}),
            outbox=self.journal,
            rng=random.Random(1),
            rules=3,
        )

    def sell(self, *ops: str) -> None:
        for op in ops:
            self.journal.append(sale(op))

    def meet_the_hub(self) -> None:
        """Connect, and talk until neither has anything to say."""
        requests = self._session.feed(Connected(), 0)
        while requests:
            sent = [it for it in requests if isinstance(it, Publish)]
            up = [Arrival(topics.up("s1", "h1", it.purpose), it.envelope) for it in sent]
            replies = self._world.intake.take(up)
            heard = [self._session.feed(Received(it.payload), 0) for it in replies]
            requests = [it for requests in heard for it in requests]


@pytest.fixture
def world(ledger_url):
    found = World(ledger_url)
    found.till("h1")
    yield found
    found.ledger.close()


def adopt_everything(world: World) -> int:
    database = world.ledger.connection
    waiting = [it.name for it in branches(database, forked_chain(database, "h1", "e1"))]
    made = Proposal("p1", "", "", "", "", "Both were in the shop.", "wong", NOW_MS)
    propose_adoption(world.ledger, "h1", "e1", waiting, made)
    with closing(open_ledger(world.path)) as own:
        return agree_to_adoption(own, [world.programme], "p1", "chan", NOW_MS)


def test_both_are_kept_decided_about_and_replaced_by_new_journals(world, tmp_path):
    original = Terminal(world, tmp_path / "original.db", "e1")
    original.sell("r1", "r2")
    original.meet_the_hub()
    original.journal.close()
    shutil.copy(tmp_path / "original.db", tmp_path / "copy.db")

    terminals = [Terminal(world, tmp_path / it, "") for it in ("original.db", "copy.db")]
    for name, terminal in zip("ab", terminals, strict=True):
        terminal.sell(f"{name}1", "of-both", f"{name}2")
        terminal.meet_the_hub()
    for name, terminal in zip("ab", terminals, strict=True):
        terminal.sell(f"{name}3")
        terminal.meet_the_hub()
    held = world.balance("anna")
    adopted = adopt_everything(world)
    after = world.balance("anna")
    anew = [Terminal(world, tmp_path / f"anew-{it}.db", f"e-anew-{it}") for it in (1, 2)]
    for name, terminal in zip("cd", anew, strict=True):
        terminal.sell(f"{name}1")
        terminal.meet_the_hub()

    assert held == 50  # the journal that came first, until the other came
    assert [it.journal.pending_lines for it in terminals] == [0, 4]  # the copy has no receipt
    assert (adopted, after) == (5, 90)  # nine sales, one of which both stated
    assert [it.journal.pending_lines for it in anew] == [0, 0]
    assert world.balance("anna") == after + 20
    assert broken(verify(world.ledger, [world.programme], NOW_MS)) == []
    for it in [*terminals, *anew]:
        it.journal.close()
