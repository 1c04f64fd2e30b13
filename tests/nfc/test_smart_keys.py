"""Whose keys a smart card has, asked of a simulated DESFire."""

import asyncio
import random

import pytest

from device.nfc import desfire
from device.nfc.cards.smart_card import SmartCard
from device.nfc.cards.smart_keys import OUR_KEY_VERSION, is_opened, is_ours
from simulators.chip_reader import ChipReader
from simulators.chips.desfire import GENERATIONS, desfire_chip

APPLICATION = b"APP"
MASTER, OTHER = 0, 1
OURS, NOBODYS = bytes(range(16)), b"\x55" * 16


@pytest.fixture(params=list(GENERATIONS))
def generation(request):
    return request.param


@pytest.fixture
def ev1(generation):
    """Whether the card is one of the generation that proves keys in its own way."""
    return generation == "desfire_ev1"


@pytest.fixture
def card(generation):
    """A card with one application of two keys, both the factory's."""
    return asyncio.run(prepared(generation))


async def prepared(generation: str) -> SmartCard:
    reader = ChipReader(desfire_chip(generation=generation, rng=random.Random(7)))
    await reader.wait_for_card(1)
    challenges, room = random.Random(3), desfire.DESFIRE_DATA_MAX_BYTES
    found = SmartCard(reader, lambda: challenges.randbytes(16), data_max_bytes=room)
    await found.command(desfire.CREATE_APPLICATION, APPLICATION + b"\x0f\x82")
    await found.select(APPLICATION)
    return found


async def test_a_new_card_opens_with_the_factorys_key_after_ours_has_failed(card, ev1):
    opened = await is_opened(card, MASTER, OURS, desfire.FACTORY_KEY, ev1=ev1)

    assert opened
    assert not await is_ours(card, MASTER)


async def test_a_card_that_has_our_key_opens_with_it_and_says_so(card, ev1):
    await is_opened(card, MASTER, desfire.FACTORY_KEY, ev1=ev1)
    await card.change_key(MASTER, OURS, OUR_KEY_VERSION, old=None)

    opened = await is_opened(card, MASTER, OURS, desfire.FACTORY_KEY, ev1=ev1)

    assert opened
    assert await is_ours(card, MASTER)
    assert not await is_ours(card, OTHER)


async def test_a_card_of_somebody_elses_opens_with_neither(card, ev1):
    await is_opened(card, MASTER, desfire.FACTORY_KEY, ev1=ev1)
    await card.change_key(MASTER, NOBODYS, OUR_KEY_VERSION + 1, old=None)

    opened = await is_opened(card, MASTER, OURS, desfire.FACTORY_KEY, ev1=ev1)

    assert not opened
