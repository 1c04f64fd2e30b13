"""An NTAG 424 DNA in a kiosk: what it says for itself goes to the hub, once."""

import random

from device.behaviour.events import (
    CardRead,
    CardWritten,
    Chosen,
    HubAnswered,
    IntentSaved,
    RecordSaved,
    RecordsSettled,
)
from device.behaviour.kiosk import step
from device.behaviour.kiosk_phases import State
from device.behaviour.requests import AskHub, ReturnCard
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_cards import MemberCards
from device.tap import Tap
from loyalty.aes import decrypt_block, encrypt_block
from loyalty.asks import AskAccount
from loyalty.clock import SystemClock
from loyalty.keys import sun_file_key, sun_meta_key
from loyalty.receipts import Refusal
from loyalty.sun import prove
from simulators.chip_reader import ChipReader
from simulators.chips.ntag424 import ntag424_chip
from tests.device.kiosk_visits import GRANT, NOW, SETTING, view

MASTER = bytes(range(16))
KEYS = CardKeys(master=MASTER, seal_key=bytes(32), random_bytes=random.Random(1).randbytes)


async def card_read() -> CardRead:
    """Return what a terminal makes of a card that was issued and is tapped."""
    reader = ChipReader(ntag424_chip(rng=random.Random(7)))
    seen = await reader.wait_for_card(1)
    assert seen is not None
    await MemberCards(reader, KEYS).personalise(seen, member="hh-1", op_digest=bytes(12))
    found = await Tap(reader, KEYS, SystemClock()).next_card()
    assert isinstance(found, CardRead)
    return found


def asked(*events: object) -> list[AskAccount]:
    """Return every question about an account that a kiosk asks while `events` happen."""
    state, asks = State(), []
    for event in events:
        state, requests = step(SETTING, state, event, NOW)
        asks += [it.ask for it in requests if isinstance(it, AskHub)]
    return [it for it in asks if isinstance(it, AskAccount)]


async def test_the_hub_gets_a_proof_that_the_card_made_at_this_tap():
    read = await card_read()

    (ask,) = asked(read)

    found = prove(
        ask.proof,
        sun_meta_key(MASTER, encrypt_block),
        lambda uid: sun_file_key(MASTER, uid, encrypt_block),
        encrypt_block,
        decrypt_block,
    )
    assert found is not None
    assert found[0].hex() == ask.card == read.card.uid


async def test_the_same_visit_does_not_say_it_again():
    spent = (Chosen("cheap"), Chosen("confirm"), HubAnswered(GRANT), IntentSaved())
    written = (CardWritten("done", 2), RecordSaved(), RecordsSettled())

    asks = asked(await card_read(), HubAnswered(view(250)), *spent, *written)

    assert [bool(it.proof) for it in asks] == [True, False]


async def test_a_card_that_the_hub_refuses_comes_back():
    state, _ = step(SETTING, State(), await card_read(), NOW)

    _, requests = step(SETTING, state, HubAnswered(Refusal(ref="1", reason="card_replayed")), NOW)

    assert any(isinstance(it, ReturnCard) for it in requests)
