"""When a store was first heard of, found as fast among many lines as among few."""

from pathlib import Path

from hub.ledger.day_end import first_received_ms
from tests.hub.hub_world import SECRET, START_MS, Till, World, check_in


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


def test_a_store_is_first_heard_of_as_fast_among_many_lines_as_among_few(tmp_path: Path) -> None:
    world = World(tmp_path)
    till = world.till("h1")
    till.add(*[check_in()] * 100)
    world.take(till.batch(1, 1))
    among_one = steps_to_the_first(world)
    world.take(till.batch(2))

    assert steps_to_the_first(world) == among_one
    world.ledger.close()
