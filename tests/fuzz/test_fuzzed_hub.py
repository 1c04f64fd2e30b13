"""Whatever comes, the hub stays up, and nothing changes but what a device has sealed."""

import random
import resource

import pytest

from hub.ledger.verify import broken, verify
from loyalty.receipts import Receipt
from tests.campaign import size
from tests.fuzz.forger import Forger
from tests.fuzz.fuzzed_world import (
    everything,
    good_message,
    honest_messages,
    honest_state,
    leasing_world,
    rogue_in,
)
from tests.hub.hub_world import World

FORGED = size(3_000, 60_000)
ROGUE = size(750, 10_000)  # on each engine
GROUP = 50  # as the bridge hands messages over
GROWTH_MAX_MIB = 96
SEED = 20_170_301


@pytest.fixture
def world(ledger_url):
    found = leasing_world(ledger_url)
    yield found
    found.ledger.close()


@pytest.fixture
def file_world(tmp_path):
    found = leasing_world(tmp_path)
    yield found
    found.ledger.close()


@pytest.mark.campaign
def test_who_has_no_secret_changes_nothing(file_world):
    world = file_world
    forger = Forger(random.Random(SEED), honest_messages(world))
    world.till("h3")
    before, memory = everything(world), peak_mib()
    world.intake.counts.clear()

    genuine, replies = 0, 0
    for _ in range(FORGED // GROUP):
        group = [forger.next() for _ in range(GROUP)]
        genuine += sum(map(forger.is_genuine, group))
        replies += len(world.intake.take(group))

    assert everything(world) == before
    assert replies == genuine > 0
    assert counted(world, "dropped_") == FORGED - genuine
    assert counted(world, "fault_") == 0
    assert peak_mib() - memory < GROWTH_MAX_MIB
    assert works(world)


@pytest.mark.campaign
def test_who_has_a_devices_secret_changes_nothing_of_others(world):
    rng = random.Random(SEED)
    honest = honest_messages(world)
    rogue = rogue_in(world, rng)
    world.till("h3")
    before, memory = honest_state(world), peak_mib()

    for number in range(ROGUE // GROUP):
        group = [rogue.next() for _ in range(GROUP)]
        for reply in world.intake.take([*group, rng.choice(honest)]):
            rogue.hear(reply.payload)
        if number % 5 == 0:
            world.clock.at_ms += 10 * 60_000
            world.intake.tick()

    assert honest_state(world) == before
    assert counted(world, "fault_") == 0
    assert world.value("SELECT count(*) FROM inbox WHERE code = 'fault'") == 0
    assert world.intake.counts["lines"] > ROGUE // 4
    assert world.value("SELECT count(*) FROM lease") > 0
    # A device that states a face which it cannot have printed is found out.
    lies = {"faces_show_what_was_held"}
    assert set(broken(verify(world.ledger, [world.programme], world.clock.at_ms))) <= lies
    assert peak_mib() - memory < GROWTH_MAX_MIB
    assert works(world)


def counted(world: World, beginning: str) -> int:
    return sum(n for word, n in world.intake.counts.items() if word.startswith(beginning))


def works(world: World) -> bool:
    """Return whether a device's first sale is posted and receipted."""
    till, message = good_message(1)
    (receipt,) = world.take(message)
    assert isinstance(receipt, Receipt)
    return (receipt.head, receipt.exceptions) == (till.heads[1].hex(), ())


def peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
