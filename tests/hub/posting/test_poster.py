"""What is set aside for a line beyond a gap is free once that line counts, or never can."""

import pytest

from tests.hub.hub_world import START_MS, Till, World, check_in, redemption, sale


@pytest.fixture
def beyond(world: World) -> Till:
    """Return a device of whose lines the second is missing; the third spends 80 of 100 points."""
    till = world.till("h1")
    till.add(sale("r1", 10_000), check_in(), redemption("r3", 80))
    world.take(till.batch(1, 1), till.batch(3))
    world.clock.at_ms += 15 * 60_000
    world.intake.tick()
    return till


def set_aside(world: World) -> int:
    return world.value("SELECT coalesce(sum(points), 0) FROM hold WHERE status = 'active'")


def test_what_is_set_aside_for_a_line_is_not_in_its_own_way(world, beyond):
    before = set_aside(world)

    world.take(beyond.batch(2, 2))

    assert (before, set_aside(world)) == (80, 0)
    assert (world.balance("anna"), world.cases()) == (20, [])


def test_nothing_stays_set_aside_for_a_line_that_was_stated_elsewhere_before(world, beyond):
    other = world.till("h2")
    other.add(redemption("r3", 80, at_ms=START_MS - 1))
    world.take(other.batch())

    world.take(beyond.batch(2, 2))

    assert world.value("SELECT count(*) FROM inbox WHERE status = 'duplicate'") == 1
    assert (world.balance("anna"), set_aside(world)) == (20, 0)


def test_nothing_stays_set_aside_for_a_line_that_follows_another_version_of_a_journal(
    world, beyond
):
    copy = Till("h1")
    copy.add(beyond.lines[0], check_in(at_ms=START_MS + 1))

    world.take(copy.batch(2))

    assert world.value("SELECT count(*) FROM fork") == 1
    assert (world.balance("anna"), set_aside(world)) == (100, 0)
