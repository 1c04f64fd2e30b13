"""What the hub states for people: what cannot be meant is refused before it is in the ledger."""

from contextlib import closing

import pytest

from hub.decisions.decisions import Decisions
from hub.errors import DayIsClosed, HubError, NotFound
from hub.ledger.ledger import open_ledger
from hub.ledger.schema import HUB_DEVICE
from loyalty.clock import DAY_MS
from tests.hub.hub_world import DAY, OPENS_MS, World, sale


@pytest.fixture
def world(ledger_url):
    found = World(ledger_url)
    till = found.till("h1")
    till.add(sale("r1"))
    found.take(till.batch())
    found.till("h2")
    found.ledger.revoke_device("h2", found.clock.at_ms)
    found.clock.at_ms = OPENS_MS + 3 * DAY_MS
    yield found
    found.ledger.close()


@pytest.fixture
def decisions(world):
    with closing(open_ledger(world.path)) as ledger:
        yield Decisions(ledger, [world.programme])


def stated(world: World) -> int:
    return world.value(
        "SELECT count(*) FROM inbox JOIN chain ON chain.id = chain"
        f" JOIN device ON device.id = device WHERE name = '{HUB_DEVICE}'"
    )


@pytest.mark.parametrize(
    ("store", "day", "told"),
    [
        ("s1", 20170305, "is over at 2017-03-06 04:00:00, and it is 2017-03-05 04:00:00"),
        ("s1", 20171301, "one such as 20170301 wanted"),
        ("s3", DAY, "no line of store 's3' has come yet"),
    ],
)
def test_no_day_closes_that_is_not_there_to_be_closed(world, decisions, store, day, told):
    with pytest.raises(HubError, match=told):
        decisions.close_day(store, day, world.clock.at_ms)

    assert stated(world) == 0


def test_a_day_before_the_first_of_a_store_cannot_close(world, decisions):
    decisions.declare_lost("h1", "e1", 2, world.clock.at_ms)

    with pytest.raises(HubError, match="20170301 is the first that is open"):
        decisions.close_day("s1", 20170228, world.clock.at_ms)

    assert decisions.close_day("s1", DAY, world.clock.at_ms) == []


def test_after_a_later_day_an_earlier_one_cannot_close(world, decisions):
    decisions.declare_lost("h1", "e1", 2, world.clock.at_ms)
    assert decisions.close_day("s1", DAY + 1, world.clock.at_ms) == []

    with pytest.raises(DayIsClosed):
        decisions.close_day("s1", DAY + 1, world.clock.at_ms)
    with pytest.raises(HubError, match="20170303 is the first that is open"):
        decisions.close_day("s1", DAY, world.clock.at_ms)


@pytest.mark.parametrize(
    ("device", "epoch", "told"),
    [
        ("h1", "e0", "no epoch 'e0' of device 'h1', one of e1 wanted"),
        ("h2", "e1", "no journal of a device 'h2' was ever heard of"),
        ("h9", "e1", "no journal of a device 'h9' was ever heard of"),
        (HUB_DEVICE, "incarnation", f"no journal of a device '{HUB_DEVICE}' was ever heard of"),
    ],
)
def test_only_lines_of_a_journal_that_was_heard_of_are_declared_lost(
    world, decisions, device, epoch, told
):
    with pytest.raises(NotFound, match=told):
        decisions.declare_lost(device, epoch, 1, world.clock.at_ms)

    assert stated(world) == 0


def test_what_is_here_is_not_declared_lost(world, decisions):
    with pytest.raises(HubError, match="up to 1 of h1 are here: 2 is the first that can be lost"):
        decisions.declare_lost("h1", "e1", 1, world.clock.at_ms)

    assert stated(world) == 0
