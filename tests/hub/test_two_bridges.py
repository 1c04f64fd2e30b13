"""Two hubs post to one PostgreSQL ledger at once, and get in each other's way on purpose."""

import contextlib
import random
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.ledger.ahead import History
from hub.ledger.digest import digest
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.intake import Arrival, Intake
from loyalty.chain import LINES_MAX
from tests.campaign import size
from tests.hub.hub_world import START_MS, Till, World, redemption, sale
from tests.postgres_server import new_database

DEVICES = 4
MEMBERS = ("anna", "ben", "cleo")
LINES = size(60, 600)


@pytest.fixture
def shared(postgres_url):
    with new_database(postgres_url) as url:
        yield url


def days_work(world: World, rng: random.Random) -> list[Till]:
    """Return tills that sold to the same few members, and once keyed the same receipt."""
    tills = [world.till(f"h{number}") for number in range(DEVICES)]
    for till in tills:
        for number in range(LINES):
            member, at_ms = rng.choice(MEMBERS), START_MS - 1_000_000 + 1000 * number
            changes = {"card": f"04{member}", "member": member, "at_ms": at_ms}
            op = f"{till.name}-{number}" if number % 10 else f"both-{number}"
            if rng.random() < 0.2:
                till.add(redemption(f"spent-{op}", rng.randrange(30), **changes))
            else:
                till.add(sale(op, rng.randrange(9_000), till_ms=at_ms, **changes))
    return tills


def cut(tills: list[Till], rng: random.Random) -> list[Arrival]:
    """Return the batches of all tills, cut anywhere, some of them twice, in a random order."""
    found = []
    for till in tills:
        first = 1
        while first <= len(till.lines):
            last = min(first + rng.randrange(12), len(till.lines))
            found += [till.batch(first, last)] * rng.choice((1, 1, 2))
            first = last + 1
    rng.shuffle(found)
    return found


def work_through(intake: Intake, arrivals: list[Arrival]) -> None:
    for first in range(0, len(arrivals), 5):
        intake.take(arrivals[first : first + 5])


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(size(2, 20)))
def test_two_hubs_end_where_one_would(shared, tmp_path: Path, seed: int):
    rng = random.Random(seed)
    world, alone = World(shared), World(tmp_path)
    tills = days_work(world, rng)
    days_work(alone, random.Random(seed))
    arrivals = cut(tills, rng)

    with ExitStack() as opened, ThreadPoolExecutor(2) as threads:
        ledgers = [open_ledger(shared) for _ in range(2)]
        for it in ledgers:
            opened.callback(it.close)
        halves = (arrivals[::2], arrivals[1::2])
        intakes = [world.intake_on(it) for it in ledgers]
        list(threads.map(work_through, intakes, halves))
    for till in tills:
        for first in range(1, LINES + 1, LINES_MAX):
            alone.take(till.batch(first, min(first + LINES_MAX - 1, LINES)))

    now_ms = world.clock.now_ms()
    assert broken(verify(world.ledger, [world.programme], now_ms)) == []
    assert digest(world.ledger) == digest(alone.ledger)
    assert world.value("SELECT count(*) FROM inbox") == DEVICES * LINES
    world.ledger.close()
    alone.ledger.close()


class Meeting:
    """Has two hubs meet between reading and writing, if nothing keeps one of them waiting."""

    WAIT_S = 0.3

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)
        self.reads = 0

    def of(self, ledger: Ledger) -> Ledger:
        engine = ledger.engine
        read_histories = engine.read_histories

        def read_and_meet(since_ms: Mapping[int, int]) -> dict[int, History]:
            found = read_histories(since_ms)
            self.reads += 1
            with contextlib.suppress(threading.BrokenBarrierError):
                self._barrier.wait(self.WAIT_S)
            return found

        engine.read_histories = read_and_meet
        return ledger


def test_a_member_whom_one_hub_has_read_to_change_is_waited_for_by_the_other(shared):
    world = World(shared)
    tills = [world.till("h1"), world.till("h2")]
    tills[0].add(sale("r1", 1_000), sale("r2", 1_000))
    tills[1].add(sale("r3", 1_000, card="04BB"))  # or the card would keep them apart
    world.take(tills[0].batch(1, 1))
    arrivals = [tills[0].batch(2), tills[1].batch()]
    meeting = Meeting()

    with ExitStack() as opened, ThreadPoolExecutor(2) as threads:
        ledgers = [meeting.of(open_ledger(shared)) for _ in range(2)]
        for it in ledgers:
            opened.callback(it.close)
        takes = [world.intake_on(it).take for it in ledgers]
        list(threads.map(lambda take, it: take([it]), takes, arrivals))

    assert world.balance("anna") == 30
    assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []
    world.ledger.close()


def test_a_member_who_is_new_to_two_hubs_is_added_by_one_while_the_other_waits(shared):
    world = World(shared)
    tills = [world.till("h1"), world.till("h2"), world.till("h3")]
    tills[0].add(sale("r1", 1_000))
    tills[1].add(sale("r2", 1_000, card="04BB"))
    tills[2].add(sale("r3", 1_000, card="04CC", member="cleo"))
    world.take(tills[2].batch())  # the house's account is there
    meeting = Meeting()

    with ExitStack() as opened, ThreadPoolExecutor(2) as threads:
        ledgers = [meeting.of(open_ledger(shared)) for _ in range(2)]
        for it in ledgers:
            opened.callback(it.close)
        takes = [world.intake_on(it).take for it in ledgers]
        list(threads.map(lambda take, it: take([it]), takes, [it.batch() for it in tills[:2]]))

    assert world.balance("anna") == 20
    assert meeting.reads == 2  # neither had to do its work again
    world.ledger.close()
