"""A PostgreSQL server that is killed while a hub posts: nothing receipted is lost or doubled."""

import random
import threading
from pathlib import Path

import pytest

from hub.errors import LedgerUnavailable
from hub.ledger.digest import digest
from hub.ledger.verify import broken, verify
from tests.campaign import size
from tests.hub.hub_world import START_MS, Till, World, sale
from tests.postgres_server import PostgresServer, new_database

LINES = size(400, 4000)
KILLS = size(3, 30)


def sold(till: Till) -> Till:
    for number in range(LINES):
        at_ms = START_MS - 1_000_000 + 1000 * number
        till.add(sale(f"r{number}", 1_000, at_ms=at_ms, till_ms=at_ms))
    return till


@pytest.mark.campaign
def test_a_server_that_is_killed_loses_nothing_that_was_receipted(tmp_path: Path):
    rng = random.Random(532)
    alone = World(tmp_path)
    with PostgresServer("max_connections=20") as server, new_database(server.url) as url:
        world = World(url)
        till = sold(world.till("h1"))
        kills = sorted(rng.sample(range(LINES), KILLS))
        receipted, killing = 0, None
        while receipted < LINES:
            if killing is None and kills and receipted >= kills[0]:
                kills.pop(0)
                # While the hub goes on posting, so that the server dies anywhere in its work.
                killing = threading.Thread(target=server.kill)
                killing.start()
            try:
                (receipt,) = world.take(till.batch(receipted + 1, receipted + 10))
            except LedgerUnavailable:
                assert killing is not None
                killing.join()
                killing = None
                server.start()
                continue
            assert receipt.upto_seq >= receipted
            receipted = receipt.upto_seq
        if killing is not None:
            killing.join()
            server.start()
            world.ledger.engine.database.connect_again()

        found = digest(world.ledger)
        assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []
        world.ledger.close()
    alone.till("h1")
    for first in range(1, LINES + 1, 100):
        alone.take(till.batch(first, first + 99))
    assert found == digest(alone.ledger)
    alone.ledger.close()
