"""Any history of visits, with the hub there or away, cards pulled and power cut: no point is lost.

Once every line has come and what is left on leases has lapsed, the member has what was earned less
what was handed over, to the point, and the card was never above what the hub had set aside for it.
"""

import random
from pathlib import Path

import pytest

from loyalty.lease_records import LeaseSpend
from loyalty.programme import parse
from loyalty.records import Redemption
from simulators.chip_reader import ChipReader
from tests.device.lease_visits import World
from tests.nfc.smart_cards_on_readers import chip_of, issue

PROGRAMME = parse(
    (Path(__file__).parents[2] / "programmes" / "supermarket.toml").read_text(), source="test"
)
VISITS = 14
QUIET = {"is_online": 0.8, "is_cut": 0.0, "is_dark": 0.0}
ROUGH = {"is_online": 0.6, "is_cut": 0.15, "is_dark": 0.02}
ROUGHER = {"is_online": 0.5, "is_cut": 0.4, "is_dark": 0.01}
OFFLINE = {"is_online": 0.3, "is_cut": 0.5, "is_dark": 0.0}


async def a_world(seed: int) -> World:
    rng = random.Random(seed)
    chip = chip_of(rng.choice(["desfire_ev1", "desfire_ev2", "desfire_ev3"]), seed)
    await issue(ChipReader(chip), chip)
    chip.leave_field()
    world = World(chip, PROGRAMME, rng)
    for number in range(1, 9):
        world.earn(900, number)
    return world


def spent_in(world: World) -> int:
    return sum(it.points for it in world.lines if isinstance(it, LeaseSpend | Redemption))


@pytest.mark.parametrize("chances", [QUIET, ROUGH, ROUGHER], ids=["quiet", "rough", "rougher"])
@pytest.mark.parametrize("seed", range(16))
async def test_every_point_is_where_it_belongs_after_any_history(seed, chances):
    world = await a_world(seed)
    earned_points = world.hub.state().balance_points
    assert earned_points > 1000

    for _ in range(VISITS):
        await world.visit(**chances)
        state = world.hub.state()
        assert state.debt_points == 0, f"seed {seed}"
        assert len(state.leases) <= 1
        assert await world.carried_points() <= world.leased_points(), f"seed {seed}"
        assert await world.unstated_numbers() == set(), f"seed {seed}"
    world.connect()
    world.hub.lapse(2 * 10**12)

    state = world.hub.state()
    assert state.balance_points == earned_points - spent_in(world), f"seed {seed}"
    assert world.handed_over_points <= spent_in(world), f"seed {seed}"
    assert (state.debt_points, state.leases) == (0, ())


async def test_without_faults_what_is_spent_is_what_was_handed_over():
    for seed in range(6):
        world = await a_world(seed)

        for _ in range(VISITS):
            await world.visit(**QUIET)

        assert world.handed_over_points == spent_in(world), f"seed {seed}"


async def test_these_histories_go_every_way():
    seen = set()
    for seed in range(24):
        world = await a_world(seed)
        for number in range(2 * VISITS):
            # Every other visit is quiet, so that there is a lease to be spent in a rough one.
            await world.visit(**(OFFLINE if number % 2 else QUIET))
        seen |= world.seen

    assert {
        "account", "account_offline", "redeemed", "redeemed_offline", "offline", "not_finished",
        "lease_closed done", "lease_carried done", "lease_carried torn", "lease_spend done",
        "redemption done", "touch_unknown unknown", "touch_unknown torn",
    } <= seen  # fmt: skip
