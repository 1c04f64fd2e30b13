"""A copied device whose lines came with a gap: each line is kept once, and people can have it."""

from contextlib import closing

import pytest

from hub.decisions.forks import agree_to_adoption, propose_adoption
from hub.ledger.branches import branches, forked_chain
from hub.ledger.ledger import open_ledger
from hub.ledger.proposals import Proposal
from hub.ledger.verify import broken, verify
from tests.hub.hub_world import START_MS, Till, World, check_in, redemption, sale

PATIENCE_MS = 15 * 60_000


@pytest.fixture
def copied(world: World) -> tuple[Till, Till]:
    """Return a device and its copy, which went another way after the first line."""
    original, copy = world.till("h1"), Till("h1")
    original.add(sale("r1", 10_000), check_in(), sale("r3", 3000), redemption("r4"), sale("r5", 50))
    copy.add(original.lines[0], check_in(at_ms=START_MS + 1), sale("x3", 700), sale("x4", 900))
    return original, copy


def adopt_all(world: World) -> None:
    """Have two people decide that every branch counts that can."""
    there = branches(world.ledger.connection, forked_chain(world.ledger.connection, "h1", "e1"))
    names = [it.name for it in there if it.waiting and it.is_rooted]
    made = Proposal("p1", "", "", "", "", "Both were in the shop.", "wong", START_MS)
    propose_adoption(world.ledger, "h1", "e1", names, made)
    with closing(open_ledger(world.path)) as own:
        agree_to_adoption(own, [world.programme], "p1", "chan", START_MS)


def is_sound(world: World) -> bool:
    return broken(verify(world.ledger, [world.programme], world.clock.at_ms)) == []


def test_a_copy_that_fills_a_gap_takes_nobodys_place_who_has_posted(world, copied):
    original, copy = copied
    world.take(original.batch(1, 1), original.batch(3))
    world.clock.at_ms += PATIENCE_MS
    world.intake.tick()

    (filled,) = world.take(copy.batch(2, 2))
    (after,) = world.take(copy.batch(3))
    (again,) = world.take(copy.batch(3))

    assert [it.upto_seq for it in (filled, after, again)] == [2, 2, 2]
    assert [(it.want_first, it.want_last) for it in (filled, after, again)] == [(0, 0)] * 3
    assert [it.code for it in again.exceptions] == ["fork", "fork"]
    assert (world.balance("anna"), world.cases()) == (130, ["fork"])
    assert is_sound(world)


def test_what_follows_a_line_that_posted_early_waits_for_people_with_the_others(world, copied):
    original, copy = copied
    world.take(original.batch(1, 1), original.batch(3, 4))
    world.clock.at_ms += PATIENCE_MS
    world.intake.tick()
    world.take(copy.batch(2))

    (later,) = world.take(original.batch(5))
    adopt_all(world)

    assert [it.code for it in later.exceptions] == ["fork"]
    assert world.balance("anna") == 100 + 30 - 50 + 7 + 9
    assert is_sound(world)


def test_what_fills_a_gap_before_two_versions_of_a_line_posts(world, copied):
    original, copy = copied
    world.take(original.batch(1, 1), original.batch(4, 4), copy.batch(4))

    (filled,) = world.take(original.batch(2, 3))

    assert (filled.upto_seq, world.status(3)) == (4, ("posted", ""))
    assert world.balance("anna") == 130
    assert is_sound(world)


def test_what_follows_the_first_of_two_versions_waits_though_another_pair_came_before(
    world, copied
):
    original, copy = copied
    copy.add(sale("x5", 1100))
    world.take(original.batch(1, 1), original.batch(3, 3), original.batch(5, 5), copy.batch(5, 5))

    world.take(copy.batch(2, 2))
    world.take(copy.batch(3))

    statuses = world.ledger.connection.execute("SELECT seq, status FROM inbox ORDER BY seq")
    assert dict(statuses.fetchall()) == {1: "posted", 2: "posted", 3: "held", 4: "held", 5: "held"}
    assert world.balance("anna") == 100
