"""A balance is provisional while a card tells of visits that no line has told of."""

import pytest

from hub.posting.unstated import PATIENCE_MS
from loyalty.asks import AskAccount
from loyalty.records import TouchUnknown
from loyalty.wire import names_of
from tests.hub.hub_world import START_MS, World, sale
from tests.hub.lease_world import issued

CARD = {"card": "04a1b2c3d4e5f6", "member": "anna"}


def bought(op: str, counter: int, touch: str = "done", **changes: object):
    """Return a sale at which Anna's card was written as `counter`."""
    written = {"ctr_seen": counter - 1, "ctr_used": counter, "touch": touch}
    return sale(op, **CARD, **{**written, **changes})


def is_provisional(world: World, till, ctr_seen: int) -> bool:
    (view,) = world.take(till.ask(AskAccount(ref="q", **CARD, ctr_seen=ctr_seen)))
    return bool(view.is_provisional)


@pytest.fixture
def tills(world):
    """Two tills, of which the first has issued Anna's card, with the counter at 0, and sold."""
    first, second = world.till("h1"), world.till("h2")
    first.add(issued(**CARD), bought("r1", 1))
    world.take(first.batch())
    return first, second


def test_a_card_whose_writes_are_all_stated_has_its_whole_balance(world, tills):
    assert not is_provisional(world, tills[0], 1)


def test_a_card_that_was_written_since_waits_for_the_line(world, tills):
    first, second = tills
    second.add(bought("r2", 2))

    before = is_provisional(world, first, 2)
    world.take(second.batch())

    assert (before, is_provisional(world, first, 2)) == (True, False)


def test_a_later_line_does_not_stand_for_one_that_is_missing(world, tills):
    first, second = tills
    second.add(bought("r2", 2))
    first.add(bought("r3", 3))
    world.take(first.batch(3))

    before = is_provisional(world, first, 3)
    world.take(second.batch())

    assert (before, is_provisional(world, first, 3)) == (True, False)


def test_what_waits_beyond_a_gap_is_not_in_the_balance(world, tills):
    first, second = tills
    second.add(sale("r9"), bought("r2", 2))

    world.take(second.batch(2))
    before = is_provisional(world, first, 2)
    world.take(second.batch(1))

    assert (before, is_provisional(world, first, 2)) == (True, False)


@pytest.mark.parametrize("touch", ["torn", "unknown"])
def test_a_write_that_was_not_seen_to_hold_is_stated_too(world, tills, touch):
    first, _ = tills
    first.add(bought("r2", 2, touch=touch), bought("r3", 3))

    world.take(first.batch(3))

    assert not is_provisional(world, first, 3)


def test_a_write_that_was_cut_short_is_stated_at_the_next_start(world, tills):
    first, _ = tills
    common = {it: getattr(bought("r2", 2), it) for it in names_of("check_in")}
    first.add(TouchUnknown(**{**common, "op": "", "touch": "unknown"}, intended="r2"))

    world.take(first.batch(3))

    assert not is_provisional(world, first, 2)


def test_a_card_whose_issue_has_not_arrived_has_everything_to_come(world):
    assert is_provisional(world, world.till("h1"), 0)


def test_a_card_without_a_counter_tells_nothing(world, tills):
    assert not is_provisional(world, tills[0], -1)


def test_a_counter_that_does_not_begin_at_0_is_not_waited_for_from_0(world):
    till = world.till("h1")
    till.add(issued(**CARD, ctr_used=700), bought("r1", 701))
    world.take(till.batch())

    assert not is_provisional(world, till, 701)
    assert is_provisional(world, till, 702)


def test_what_nobody_has_stated_for_long_is_not_waited_for_any_more(world, tills):
    first, _ = tills
    first.add(bought("r3", 3))
    world.take(first.batch(3))
    assert is_provisional(world, first, 3)

    world.clock.at_ms = START_MS + PATIENCE_MS + 1

    assert not is_provisional(world, first, 3)


def test_a_counter_far_beyond_all_that_is_known_is_answered_like_any_other(world, tills):
    assert is_provisional(world, tills[0], 2**32 - 1)
