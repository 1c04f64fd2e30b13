"""The worst loss without the hub is said beforehand, and clones cost no more than that."""

import pytest

from hub.exposure import exposure
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


@pytest.mark.parametrize("device_points", [60, 70, 200])
def test_clones_of_every_card_at_every_device_cost_no_more_than_was_said(ledger_url, device_points):
    world, tills = world_with(ledger_url, device_points)
    said = exposure(world.ledger, world.programme)
    terms = world.programme.offline

    for till in tills:
        left_points = terms.device_points
        for number in range(CARDS):
            points = min(terms.identifier_points, left_points)
            left_points -= points
            op = f"{till.name}-{number}"
            card = {"card": f"04{number:06x}", "member": f"m{number}"}
            world.happen(till, redemption(op, points, **card, auth="", granted_ms=0))

    lost = world.value("SELECT sum(debt) FROM member")
    assert (said.devices, said.cards) == (DEVICES, CARDS)
    assert lost == said.points
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

    assert (found.devices, found.cards, found.points) == (DEVICES - 1, CARDS - 1, 9 * 60)
    world.ledger.close()


def test_a_programme_that_lets_nothing_be_spent_without_the_hub_has_no_exposure(ledger_url):
    world = LeaseWorld(ledger_url, offline="")

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
