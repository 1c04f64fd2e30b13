"""What happens to leases is booked between member, card and store, on both engines."""

import random
from contextlib import closing
from dataclasses import replace

import pytest

from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import history, house_points, member_view
from hub.ledger.rescore import rescore
from hub.ledger.schema import ESCROW, POINTS_REDEEMED
from hub.ledger.verify import broken, verify
from loyalty.record import Record
from loyalty.records import HUB_KINDS
from tests.campaign import size
from tests.hub.hub_world import (
    START_MS,
    World,
    adjusted,
    lease_closed,
    lease_lapsed,
    lease_offered,
    lease_spend,
    redemption,
    sale,
    state_as_hub,
)
from tests.postgres_server import new_database

HOUR_MS = 3_600_000


def happen(world: World, *stated: Record) -> None:
    """Have `stated` happen one after the other, at a till of their own or in the hub."""
    for record in stated:
        lines = world.value("SELECT count(*) FROM inbox")
        if record.at_ms == START_MS:
            record = replace(record, at_ms=START_MS + lines)
        if record.kind in HUB_KINDS:
            with closing(open_ledger(world.path)) as ledger:
                state_as_hub(ledger, [world.programme], record, START_MS)
        else:
            till = world.till(f"h{world.value('SELECT count(*) FROM device')}")
            till.add(record)
            world.take(till.batch())


def is_whole(world: World) -> bool:
    return not broken(verify(world.ledger, [world.programme], START_MS))


def legs(world: World) -> list[tuple[str, int]]:
    rows = world.ledger.connection.execute(
        "SELECT leg, amount FROM transfer ORDER BY event_ms, leg"
    )
    return rows.fetchall()


def test_a_lease_moves_points_to_its_card_and_what_is_left_back(world):
    happen(
        world,
        sale("r1", 10_000),
        lease_offered("L1", 80),
        lease_spend("L1", 2, 30),
        lease_closed("L1", 50),
    )

    assert legs(world) == [
        ("rate:1/100", 100),
        ("lease", 80),
        ("lease_spend", 30),
        ("release", 50),
    ]
    assert world.balance("anna") == 70
    assert house_points(world.ledger, ESCROW) == 0
    assert house_points(world.ledger, POINTS_REDEEMED) == 30
    assert is_whole(world)


def test_what_is_on_a_card_stands_in_the_account_of_the_card(world):
    happen(world, sale("r1", 10_000), lease_offered("L1", 80), lease_spend("L1", 2, 30))

    escrow = world.value("SELECT balance FROM account WHERE kind = 'escrow' AND owner = '04AA'")
    assert (escrow, world.balance("anna")) == (50, 20)
    assert is_whole(world)


def test_points_that_stand_on_no_lease_are_told(world):
    happen(world, sale("r1", 10_000), lease_offered("L1", 80))
    world.ledger.connection.execute("UPDATE member SET leases = ''")

    found = broken(verify(world.ledger, [], START_MS))

    assert found == ["leases_within_escrow"]


def test_a_lease_that_the_facts_do_not_know_is_told_by_a_rescore(world):
    happen(world, sale("r1", 10_000), lease_offered("L1", 80))
    world.ledger.connection.execute("UPDATE member SET leases = replace(leases, 'L1', 'L2')")

    (found,) = rescore(world.ledger, [world.programme])

    assert (found.member, found.what) == ("anna", "leases")


def test_a_spend_beyond_its_lease_is_booked_in_full_with_a_case(world):
    happen(
        world, sale("r1", 10_000), lease_offered("L1", 80), lease_spend("L1", 2, 90, card="04AA")
    )

    assert world.balance("anna") == 10
    assert world.cases() == ["overspend"]
    assert is_whole(world)


def test_a_spend_that_its_lease_covers_after_all_closes_its_case(world):
    earlier = {"at_ms": START_MS - HOUR_MS, "till_ms": START_MS - HOUR_MS}
    happen(world, lease_offered("L1", 80), lease_spend("L1", 2, 50))
    overspent = world.cases()

    happen(world, sale("r1", 10_000, **earlier))

    assert overspent == ["overspend"]
    assert world.value("SELECT status FROM case_file WHERE code = 'overspend'") == "closed"
    assert (world.balance("anna"), house_points(world.ledger, ESCROW)) == (20, 30)
    assert is_whole(world)


def test_a_spend_told_late_takes_from_what_its_lease_held_then(world):
    happen(world, sale("r1", 10_000), lease_offered("L1", 80), lease_closed("L1", 50))
    waiting = house_points(world.ledger, ESCROW)

    happen(world, lease_spend("L1", 2, 30))

    assert waiting == 30
    assert (world.balance("anna"), house_points(world.ledger, ESCROW)) == (70, 0)
    assert world.cases() == []
    assert is_whole(world)


def test_a_device_cannot_state_what_the_hub_decides(world):
    till = world.till("h1")
    till.add(lease_offered("L1", 80), lease_lapsed("L1"), adjusted("p1", 500))

    world.take(till.batch())

    assert [world.status(it) for it in (1, 2, 3)] == [("rejected", "hub_only")] * 3
    assert world.balance("anna") is None


def test_what_two_people_give_is_issued_and_what_they_take_is_redeemed(world):
    happen(world, sale("r1", 10_000), adjusted("p1", 25), adjusted("p2", -5))

    assert legs(world) == [("rate:1/100", 100), ("adjusted", 25), ("spend", 5)]
    assert member_view(world.ledger, "anna", START_MS).qualifying_points == 100
    assert is_whole(world)


def test_a_members_history_adds_up_to_what_the_member_has(world):
    happen(
        world,
        sale("r1", 10_000),
        lease_offered("L1", 80),
        lease_spend("L1", 2, 30),
        lease_lapsed("L1"),
        redemption("r2", 10),
    )

    moved = history(world.ledger, "anna")

    assert sorted(it.points for it in moved) == [-80, -10, 0, 50, 100]
    assert sum(it.points for it in moved) == world.balance("anna")


def test_what_is_beyond_a_gap_spends_from_its_lease_in_its_turn_and_reserves_nothing(world):
    happen(world, sale("r1", 10_000), lease_offered("L1", 80))
    till = world.till("h9")
    till.add(sale("r2", 1_000), lease_spend("L1", 2, 30, at_ms=START_MS + 9))
    world.take(till.batch(2))
    world.clock.at_ms += HOUR_MS

    posted = world.intake.tick()

    assert (posted, world.value("SELECT count(*) FROM hold")) == (0, 0)
    world.take(till.batch())
    assert world.value("SELECT balance FROM account WHERE kind = 'escrow'") == 50


def days_work(rng: random.Random) -> list[tuple[str, Record]]:
    """Return devices, or the hub, and what they state about two members and their leases."""
    found: list[tuple[str, Record]] = []
    # Each at a time of its own: what the hub states at one time counts in the order it says it in.
    for number, hours in enumerate(rng.sample(range(40), 40)):
        member = rng.choice(("anna", "ben"))
        whose = {"member": member, "card": f"04{member}"}
        whose["at_ms"] = START_MS - hours * HOUR_MS
        lease, device = f"L{number % 4}-{member}", rng.choice(("h1", "h2"))
        match rng.choice(
            ("sale", "sale", "redemption", "offer", "spend", "spend", "close", "lapse")
        ):
            case "sale":
                paid_minor = rng.randrange(30_000)
                stated: Record = sale(f"r{number}", paid_minor, till_ms=whose["at_ms"], **whose)
            case "redemption":
                stated = redemption(f"r{number}", rng.randrange(200), **whose)
            case "spend":
                stated = lease_spend(lease, number, rng.randrange(150), **whose)
            case "close":
                stated = lease_closed(lease, rng.randrange(300), **whose)
            case "offer":
                device, stated = "hub", lease_offered(lease, rng.randrange(1, 300), **whose)
            case _:
                device, stated = "hub", lease_lapsed(lease, **whose)
        if stated.op not in [it.op for _, it in found]:
            found.append((device, stated))
    return found


def end_of(url: str, work: list[tuple[str, Record]], rng: random.Random | None) -> str:
    """Return the digest after `work`, in order, or shuffled and partly doubled."""
    with closing(open_ledger(url, create=True)) as opened:
        opened.close()
    world = World(url)
    tills = {name: world.till(name) for name in ("h1", "h2")}
    arrivals: list[object] = []
    for device, record in work:
        if device == "hub":
            arrivals.append(record)
        else:
            tills[device].add(record)
            arrivals.append(tills[device].batch(len(tills[device].lines)))
    if rng is not None:
        again = [it for it in arrivals if not isinstance(it, Record)]
        arrivals += rng.choices(again, k=len(again) // 2)
        rng.shuffle(arrivals)
    for it in arrivals:
        if isinstance(it, Record):
            happen(world, it)
        else:
            world.take(it)
    assert is_whole(world)
    found = digest(world.ledger)
    world.ledger.close()
    return found


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(size(3, 40)))
def test_leases_end_the_same_in_any_order_on_both_engines(tmp_path, postgres_url, seed):
    rng = random.Random(seed)
    work = days_work(rng)

    with new_database(postgres_url) as url:
        shuffled = end_of(url, work, rng)
    here = end_of(f"sqlite:///{tmp_path}/in-order.db", work, None)
    there = end_of(f"sqlite:///{tmp_path}/shuffled.db", work, rng)

    assert shuffled == here == there


def test_what_is_on_cards_is_told_beside_what_a_member_has(world):
    happen(world, sale("r1", 10_000), lease_offered("L1", 80), lease_spend("L1", 2, 30))

    view = member_view(world.ledger, "anna", START_MS)

    assert (view.balance_points, view.leased_points) == (20, 50)
