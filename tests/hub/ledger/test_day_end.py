"""What a store owes before its day can close, and when it was first heard of."""

from contextlib import closing
from pathlib import Path

from hub.decisions.forks import agree_to_adoption, propose_adoption
from hub.ledger.branches import branches, forked_chain
from hub.ledger.day_end import Missing, first_received_ms, missing
from hub.ledger.ledger import open_ledger
from hub.ledger.proposals import Proposal
from loyalty.clock import DAY_MS
from tests.hub.hub_world import SECRET, START_MS, Till, World, check_in, sale


def steps_to_the_first(world: World) -> int:
    """Return how many steps SQLite takes until it knows when the store was first heard of."""
    steps: list[int] = []
    world.ledger.connection.set_progress_handler(lambda: steps.append(1), 1)

    first_received_ms(world.ledger, "s1")

    world.ledger.connection.set_progress_handler(None, 1)
    return len(steps)


def test_a_store_is_first_heard_of_by_the_first_line_of_any_of_its_chains(world: World) -> None:
    world.ledger.add_device("s2", "other", "k1", SECRET, "password")
    for till in (
        Till("other", store="s2"),
        world.till("h1"),
        world.till("h2"),
        Till("h1", "s1", "e2"),
    ):
        till.add(check_in(), check_in())
        world.clock.at_ms += 1
        world.take(till.batch())

    first_ms = first_received_ms(world.ledger, "s1")

    assert first_ms == START_MS + 2


def test_a_line_behind_a_gap_is_not_where_a_store_begins(world: World) -> None:
    till = world.till("h1")
    till.add(check_in(), check_in())
    world.take(till.batch(2))
    behind_gap_ms = first_received_ms(world.ledger, "s1")
    world.clock.at_ms += 1
    world.take(till.batch(1, 1))

    assert (behind_gap_ms, first_received_ms(world.ledger, "s1")) == (None, START_MS + 1)


def test_what_is_wanted_of_a_forked_device_is_of_its_own_journal(world: World) -> None:
    till, clone = world.till("h1"), world.till("h1")
    till.add(sale("r1"), sale("r2"))
    clone.add(sale("r1"), sale("x2"))
    world.take(till.batch(), clone.batch())
    ledger = world.ledger
    beside = branches(ledger.connection, forked_chain(ledger.connection, "h1", "e1"))[1].name
    made = Proposal("p1", "", "", "", "", "The other is the till.", "wong", START_MS)
    propose_adoption(ledger, "h1", "e1", [beside], made)
    with closing(open_ledger(world.path)) as own:
        agree_to_adoption(own, [world.programme], "p1", "chan", START_MS)

    owed = missing(ledger, "s1", 20170301, START_MS + DAY_MS)

    assert owed == [Missing("h1", "e1", 3, 0)]


def test_a_store_is_first_heard_of_as_fast_among_many_lines_as_among_few(tmp_path: Path) -> None:
    world = World(tmp_path)
    till = world.till("h1")
    till.add(*[check_in()] * 100)
    world.take(till.batch(1, 1))
    among_one = steps_to_the_first(world)
    world.take(till.batch(2))

    assert steps_to_the_first(world) == among_one
    world.ledger.close()
