"""A hello that comes late, or again, says nothing about a time that it knew nothing of."""

import pytest

from hub.ledger.watermarks import Watermark, Watermarks
from loyalty.asks import Hello
from tests.hub.hub_world import START_MS, World, sale

MINUTE_MS = 60_000


@pytest.fixture
def till(world):
    """The device h1, which has stated two lines and knows the hub's time of a minute ago."""
    found = world.till("h1")
    found.add(sale("r1"), sale("r2"))
    world.take(found.batch())
    return found


def hello(till, lines: int, hub_ms: int):
    stands = {"last_seq": lines, "settled_seq": 0, "incarnation": "incarnation", "rules": 3}
    return till.ask(Hello(ref="q1", hub_ms=hub_ms, **stands))


def told_ms(world: World) -> int:
    (watermark,) = Watermarks(world.ledger.connection).all()
    assert watermark == Watermark("h1", "e1", watermark.at_ms)
    return watermark.at_ms


def test_a_device_has_told_everything_up_to_the_hub_time_that_it_knew(world, till):
    world.take(hello(till, 2, START_MS - MINUTE_MS))

    assert told_ms(world) == START_MS - MINUTE_MS


def test_a_recorded_hello_does_not_hide_what_happened_since(world, till):
    recorded = hello(till, 2, START_MS - MINUTE_MS)
    world.take(recorded)
    till.add(sale("offline"))  # which the hub has not got
    world.clock.at_ms += 60 * MINUTE_MS

    world.take(recorded, recorded)

    assert told_ms(world) == START_MS - MINUTE_MS


def test_a_hello_that_waited_for_the_hub_says_nothing_of_the_time_it_waited(world, till):
    waiting = hello(till, 2, START_MS)
    world.clock.at_ms += 24 * 60 * MINUTE_MS

    world.take(waiting)

    assert told_ms(world) == START_MS


def test_an_older_hello_takes_nothing_back(world, till):
    newer, older = hello(till, 2, START_MS), hello(till, 1, START_MS - MINUTE_MS)

    world.take(newer, older)

    assert told_ms(world) == START_MS


def test_what_a_hello_tells_of_counts_once_it_is_here(world, till):
    till.add(sale("r3"))
    world.take(hello(till, 2, START_MS - MINUTE_MS), hello(till, 3, START_MS))
    before = told_ms(world)

    world.take(till.batch(3))

    assert (before, told_ms(world)) == (START_MS - MINUTE_MS, START_MS)


def test_a_device_that_has_not_heard_the_hub_yet_tells_nothing(world, till):
    world.take(hello(till, 2, 0))

    assert told_ms(world) == 0


def test_no_hello_is_ahead_of_the_hub(world, till):
    world.take(hello(till, 2, START_MS + MINUTE_MS))

    assert told_ms(world) == START_MS
