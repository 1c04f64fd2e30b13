"""A terminal gets the keys of a blank card, for itself alone, and of no card that is somebody's."""

import pytest

from hub.posting.offline_keys import OfflineKeys, credit_key, master_key
from loyalty.asks import AskCardKeys
from loyalty.key_wrap import NotWrappedForUs, unwrap
from loyalty.receipts import CardKeysGranted
from tests.hub.hub_world import SECRET, World
from tests.hub.lease_world import KEYS, UID, LeaseWorld

BLANK = "04000000000001"


@pytest.fixture
def world(ledger_url):
    found = LeaseWorld(ledger_url)
    yield found
    found.ledger.close()


def ask(world: World, card: str, ref: str = "q1"):
    (answer,) = world.take(world.h1.ask(AskCardKeys(ref=ref, card=card)))
    return answer


def test_a_blank_cards_keys_are_its_own_and_for_the_asking_device(world):
    granted = ask(world, BLANK)

    uid, master = bytes.fromhex(BLANK), KEYS.credit_master
    assert isinstance(granted, CardKeysGranted)
    assert unwrap(SECRET, "q1", granted.master_key) == master_key(master, uid)
    assert unwrap(SECRET, "q1", granted.credit_key) == credit_key(master, uid)
    with pytest.raises(NotWrappedForUs):
        unwrap(bytes(32), "q1", granted.master_key)


@pytest.mark.parametrize("card", [UID, UID.upper(), "0g01", "04" * 11])
def test_nobody_gets_the_keys_of_a_card_that_is_somebodys_or_none(world, card):
    assert ask(world, card).reason == "card_not_accepted"


def test_a_hub_without_the_master_of_cards_has_no_keys(ledger_url):
    world = World(ledger_url, offline_keys=OfflineKeys(signing_seed=KEYS.signing_seed))
    world.h1 = world.till("h1")

    assert ask(world, BLANK).reason == "card_not_accepted"
    world.ledger.close()
