"""Two hubs give leases from one PostgreSQL ledger at once, and in each other's way."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest

from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.intake import Arrival
from loyalty.asks import AskLease
from tests.campaign import size
from tests.hub.hub_world import START_MS, Till, World, sale
from tests.hub.lease_world import KEYS, LEASING, issued
from tests.postgres_server import new_database

MEMBERS = ("anna", "ben", "cleo")
CARDS = 6
TURNS = size(12, 120)


def card(number: int) -> dict[str, str]:
    return {"card": f"04{number:012x}", "member": MEMBERS[number % len(MEMBERS)]}


def work(till: Till, rng: random.Random) -> list[list[Arrival]]:
    """Return groups of messages: a sale, and somebody's card that asks for a lease."""
    groups = []
    for turn in range(TURNS):
        number, at_ms = rng.randrange(CARDS), START_MS + 1000 * turn
        bought = sale(f"{till.name}-{turn}", 1_000, **card(number))
        till.add(replace(bought, at_ms=at_ms, till_ms=at_ms))
        asked = AskLease(ref=f"q{turn}", **card(rng.randrange(CARDS)), ctr_seen=0)
        group = [till.batch(len(till.lines)), till.ask(asked)]
        rng.shuffle(group)
        groups.append(group)
    return groups


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(size(2, 20)))
def test_what_two_hubs_lease_stands_in_escrow_once(postgres_url, seed: int):
    rng = random.Random(seed)
    with new_database(postgres_url) as url, ExitStack() as opened:
        world = World(url, [LEASING], KEYS)
        opened.callback(world.ledger.close)
        tills = [world.till("h1"), world.till("h2")]
        tills[0].add(*[issued(**card(it)) for it in range(CARDS)])
        world.take(tills[0].batch())
        ledgers = [open_ledger(url) for _ in tills]
        for it in ledgers:
            opened.callback(it.close)

        def serve(ledger: Ledger, groups: list[list[Arrival]]) -> int:
            intake = world.intake_on(ledger)
            return sum(len(intake.take(group)) for group in groups)

        with ThreadPoolExecutor(2) as threads:
            work_of_each = [work(it, rng) for it in tills]
            answered = list(threads.map(serve, ledgers, work_of_each))

        assert answered == [2 * TURNS, 2 * TURNS]
        assert broken(verify(world.ledger, [LEASING], world.clock.now_ms())) == []
        assert world.value("SELECT count(*) FROM lease WHERE status <> 'closed'") > 0
