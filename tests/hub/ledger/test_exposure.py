"""The worst loss without the hub is said beforehand, and clones cost no more than that."""

import pytest

from hub.ledger.exposure import exposure
from hub.web.offline_metrics import offline_metrics
from tests.hub.hub_world import Till, redemption
from tests.hub.lease_world import OFFLINE, LeaseWorld, issued

DEVICES, CARDS = 10, 4
IDENTIFIERS = OFFLINE.replace("device_points = 200", "device_points = {device_points}")


def world_with(ledger_url: str, device_points: int) -> tuple[LeaseWorld, list[Till]]:
    """Return a hub with ten tills, and four cards that can be copied."""
    world = LeaseWorld(ledger_url, offline=IDENTIFIERS.format(device_points=device_points))
    for number in range(CARDS):
        card = {"card": f"04{number:06x}", "member": f"m{number}"}
        world.happen(world.h1, issued("ntag215", **card))
    return world, [world.h1, *[world.till(f"d{it}") for it in range(1, DEVICES)]]


def spend_all(world: LeaseWorld, tills: list[Till], cards: int) -> int:
    """Spend with `cards` cards at every till what these allow, and return what was lost."""
    terms = world.programme.offline
    for till in tills:
        left_points = terms.device_points
        for number in range(cards):
            points = min(terms.identifier_points, left_points)
            if not points:
                break
            left_points -= points
            op = f"{till.name}-{number}"
            card = {"card": f"04{number:06x}", "member": f"m{number}"}
            world.happen(till, redemption(op, points, **card, auth="", granted_ms=0))
    return world.value("SELECT sum(debt) FROM member")


@pytest.mark.parametrize("device_points", [60, 70, 200])
def test_clones_of_every_known_card_at_every_device_cost_what_was_said(ledger_url, device_points):
    world, tills = world_with(ledger_url, device_points)
    said = exposure(world.ledger, world.programme)

    lost = spend_all(world, tills, CARDS)

    assert (said.devices, said.cards) == (DEVICES, CARDS)
    assert lost == said.known_points <= said.points
    world.ledger.close()


def test_cards_that_nobody_knew_cost_no_more_than_the_worst_that_was_said(ledger_url):
    world, tills = world_with(ledger_url, 200)
    said = exposure(world.ledger, world.programme)

    lost = spend_all(world, tills, cards=20)

    assert lost == said.points == DEVICES * 200
    world.ledger.close()


def test_what_is_on_leases_is_covered_and_costs_nothing(ledger_url):
    world, _ = world_with(ledger_url, 60)
    before = exposure(world.ledger, world.programme)

    world.ask_lease()

    found = exposure(world.ledger, world.programme)
    assert found == before._replace(leased_points=60)
    world.ledger.close()


def test_who_is_shut_out_cannot_cost_anything(ledger_url):
    world, _ = world_with(ledger_url, 60)
    world.ledger.revoke_device("d1", 1)
    world.ledger.connection.execute("UPDATE card SET status = 'blocked' WHERE uid = '04000001'")

    found = exposure(world.ledger, world.programme)

    assert (found.devices, found.cards) == (DEVICES - 1, CARDS - 1)
    assert (found.points, found.known_points) == (9 * 60, 9 * 60)
    world.ledger.close()


@pytest.mark.parametrize(
    "offline",
    [
        "",
        OFFLINE.replace("identifier_points = 20", "identifier_points = 0"),
        OFFLINE.replace("transaction_points = 50", "transaction_points = 0"),
        OFFLINE + '[cards]\naccepted = ["desfire_ev3"]\n',
    ],
)
def test_a_programme_that_lets_nothing_be_spent_without_a_lease_has_no_exposure(
    ledger_url, offline
):
    world = LeaseWorld(ledger_url, offline=offline)

    assert exposure(world.ledger, world.programme).points == 0
    world.ledger.close()


def test_the_worst_loss_is_among_the_hubs_figures(ledger_url):
    world, _ = world_with(ledger_url, 60)
    world.ask_lease()

    found = offline_metrics([world.programme])(world.ledger, world.clock.now_ms())

    assert {it.name: it.samples[0].value for it in found} == {
        "revisit_exposure_points": 10 * 60,
        "revisit_leased_points": 60,
    }
    world.ledger.close()
