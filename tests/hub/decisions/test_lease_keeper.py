"""What nobody can have spent is the member's again; a card of which there are two is stopped."""

from contextlib import closing

import pytest

from hub.decisions.decisions import Decisions
from hub.decisions.lease_keeper import SKEW_MS, LeaseKeeper, open_leases
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from loyalty.asks import Hello
from tests.hub.hub_world import Till, sale
from tests.hub.lease_world import (
    ANNA,
    HOUR_MS,
    LEASE_MS,
    UID,
    LeaseWorld,
    carried,
    issued,
    lease_spend,
)

OVER_MS = LEASE_MS + SKEW_MS


@pytest.fixture
def world(ledger_url):
    found = LeaseWorld(ledger_url)
    yield found
    found.ledger.close()


def hello(world: LeaseWorld, till: Till, last_seq: int | None = None) -> None:
    """Have a till say how many lines it has; all that it has, unless told otherwise."""
    lines = len(till.lines) if last_seq is None else last_seq
    now = {"hub_ms": world.clock.at_ms, "rules": 3}
    said = Hello(ref="hi", last_seq=lines, settled_seq=0, incarnation="", **now)
    world.take(till.ask(said))


def keep(world: LeaseWorld) -> None:
    with closing(open_ledger(world.path)) as ledger:
        LeaseKeeper(ledger, [world.programme]).keep(world.clock.now_ms())


def stop(world: LeaseWorld, reason: str = "lost") -> None:
    with closing(open_ledger(world.path)) as ledger:
        Decisions(ledger, []).stop_card(UID, reason, world.clock.now_ms())


def waits_for(world: LeaseWorld) -> list[str]:
    found = open_leases(world.ledger, [world.programme], world.clock.now_ms())
    return [mark.device for it in found for mark in it.waits_for]


def is_whole(world: LeaseWorld) -> bool:
    return not broken(verify(world.ledger, [world.programme], world.clock.now_ms()))


def lease_of(world: LeaseWorld) -> str:
    """Have Anna's card carry a lease of 60 points."""
    lease = world.ask_lease().lease
    world.happen(world.h1, carried(lease))
    return lease


def test_a_lease_lapses_once_it_is_over_and_every_device_has_told_everything(world):
    lease_of(world)
    world.clock.at_ms += OVER_MS
    keep(world)
    before = (world.lease_statuses(), waits_for(world))

    hello(world, world.h1)
    keep(world)

    assert before == (["carried"], ["h1"])
    assert world.lease_statuses() == ["closed"]
    assert (world.balance("anna"), world.escrow()) == (100, 0)
    assert is_whole(world)


def test_a_lease_that_is_not_over_stays_whatever_devices_tell(world):
    lease_of(world)
    world.clock.at_ms += LEASE_MS
    hello(world, world.h1)

    keep(world)

    assert (world.lease_statuses(), world.escrow()) == (["carried"], 60)


def test_a_device_that_has_more_to_tell_is_waited_for(world):
    lease = lease_of(world)
    away = world.till("h2")
    hello(world, away)
    away.add(lease_spend(lease, 2, 45, **ANNA, at_ms=world.clock.at_ms + HOUR_MS))
    world.clock.at_ms += OVER_MS
    hello(world, world.h1)
    hello(world, away, 1)
    keep(world)
    waiting = (waits_for(world), world.escrow())

    world.take(away.batch())
    keep(world)

    assert waiting == (["h2"], 60)
    assert (world.balance("anna"), world.escrow()) == (55, 0)
    assert world.cases() == []


def test_what_was_told_once_counts_though_the_journal_is_never_empty(world):
    lease_of(world)
    world.clock.at_ms += OVER_MS
    told = len(world.h1.lines)
    hello(world, world.h1, told + 5)
    world.h1.add(*[b"rubbish"] * 9)
    hello(world, world.h1, told + 9)

    world.take(world.h1.batch(told + 1, told + 6))
    hello(world, world.h1, told + 9)
    keep(world)

    assert world.lease_statuses() == ["closed"]


def test_a_lease_that_is_not_over_stays_though_nobody_is_waited_for(world):
    lease_of(world)
    world.ledger.revoke_device("h1", world.clock.at_ms)

    keep(world)

    assert (world.lease_statuses(), waits_for(world)) == (["carried"], [])


@pytest.mark.parametrize("how", ["revoked", "declared lost"])
def test_a_device_that_will_never_tell_is_not_waited_for(world, how):
    lease_of(world)
    gone = world.till("h2")
    hello(world, gone)
    world.clock.at_ms += OVER_MS
    hello(world, world.h1)
    keep(world)
    before = world.lease_statuses()

    if how == "revoked":
        world.ledger.revoke_device("h2", world.clock.at_ms)
    else:
        with closing(open_ledger(world.path)) as ledger:
            Decisions(ledger, []).declare_lost("h2", "e1", 1, world.clock.at_ms)
    keep(world)

    assert (before, world.lease_statuses()) == (["carried"], ["closed"])


def test_a_device_in_two_versions_has_told_nothing(world):
    lease_of(world)
    other = Till("h1")
    other.add(*world.h1.lines[:-1], b"another")
    world.take(other.batch())
    world.clock.at_ms += OVER_MS

    hello(world, world.h1)
    keep(world)

    assert waits_for(world) == ["h1"]


def test_a_lost_card_is_waited_for_only_until_every_old_list_is_refused(world):
    lease_of(world)
    stop(world)
    world.clock.at_ms += 24 * HOUR_MS + SKEW_MS - 1
    hello(world, world.h1)
    keep(world)
    before = world.lease_statuses()

    world.clock.at_ms += 2
    hello(world, world.h1)
    keep(world)

    assert (before, world.lease_statuses()) == (["carried"], ["closed"])
    assert world.balance("anna") == 100


def test_a_replacement_gets_the_account_at_once_and_the_lease_later(world):
    lease_of(world)
    stop(world)
    new = {"card": "04bbbbbbbbbbbb", "member": "anna"}

    world.happen(world.h1, issued(**new))
    granted = world.ask_lease("q2", **new)

    assert granted.points == 40
    assert world.lease_statuses() == ["carried", "offered"]


def clone(world: LeaseWorld, lease: str) -> None:
    """Have two tills state different spends under one number of a card."""
    away = world.till("h2")
    world.happen(world.h1, lease_spend(lease, 2, 10, **ANNA))
    world.happen(away, lease_spend(lease, 2, 20, **ANNA, op="s1:other:2:spend"))


def test_a_card_of_which_there_are_two_is_stopped(world):
    clone(world, lease_of(world))

    keep(world)
    keep(world)

    assert world.cases() == ["clone"]
    assert world.value("SELECT status FROM card WHERE uid = ?", UID) == "blocked"
    assert world.value("SELECT count(*) FROM hotlist WHERE reason = 'cloned'") == 1


def test_a_copied_card_that_somebody_allowed_again_is_left_alone(world):
    clone(world, lease_of(world))
    keep(world)
    with closing(open_ledger(world.path)) as ledger:
        Decisions(ledger, []).allow_card(UID, world.clock.at_ms + 1, "chan")

    keep(world)

    assert world.value("SELECT status FROM card WHERE uid = ?", UID) == "issued"


def test_a_lapse_that_cannot_be_posted_is_stated_once_and_left_to_people(world):
    lease_of(world)
    world.clock.at_ms += OVER_MS
    ahead = {"at_ms": world.clock.at_ms + 9, "till_ms": world.clock.at_ms + 9}
    world.h1.add(sale("r9", 100, **ANNA, **ahead))
    world.take(world.h1.batch(len(world.h1.lines)))
    hello(world, world.h1)
    world.ledger.connection.execute("UPDATE member SET qualifying = 7")

    keep(world)
    keep(world)

    lapses = "SELECT count(*) FROM inbox WHERE kind = 'lease_lapsed'"
    assert (world.value(lapses), world.cases()) == (1, ["fault"])
    assert world.lease_statuses() == ["carried"]
