"""A card that proves itself to the hub, from its chip on; and a copy that says the same again."""

import random

import pytest

from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import MemberCard
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import CardSeen
from loyalty.asks import AskAccount, AskRedeem
from loyalty.receipts import AccountView, Refusal
from simulators.chip_reader import ChipReader
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.ntag424 import Ntag424, ntag424_chip
from tests.hub.hub_world import World

MASTER = bytes(range(16))
KEYS = CardKeys(
    master=MASTER,
    seal_key=b"the seal key of these tests only",
    random_bytes=random.Random(1).randbytes,
)


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    found.intake = found.intake_on(found.ledger, MASTER)
    yield found
    found.ledger.close()


async def issued(uid: str = "04de5f1eacc040") -> IsoDepChip:
    chip = ntag424_chip(bytes.fromhex(uid), rng=random.Random(7))
    seen = CardSeen(uid=chip.uid, atqa=chip.atqa, sak=chip.sak, ats=chip.ats)
    reader = ChipReader(chip)
    await reader.wait_for_card(1)
    await MemberCards(reader, KEYS).personalise(seen, member="anna", op_digest=bytes(12))
    return chip


async def tapped(chip: IsoDepChip) -> MemberCard:
    card = await MemberCards(ChipReader(chip), KEYS).wait(1)
    assert isinstance(card, MemberCard)
    return card


def question(ref: str, card: MemberCard, **changes: object) -> AskAccount:
    known = {
        "ref": ref,
        "card": card.uid.hex(),
        "member": card.member,
        "ctr_seen": card.counter,
        "proof": card.proof,
    }
    return AskAccount(**known | changes)


async def test_each_tap_of_a_card_proves_it_anew(world):
    chip, till = await issued(), world.till("h1")

    answers = [
        world.take(till.ask(question(f"a{number}", await tapped(chip))))[0] for number in range(3)
    ]

    assert [type(it) for it in answers] == [AccountView] * 3


async def test_a_proof_that_was_copied_is_refused_wherever_it_is_shown_again(world):
    card = await tapped(await issued())
    first, second = world.till("h1"), world.till("h2")
    world.take(first.ask(question("a1", card)))

    same, other = world.take(first.ask(question("a2", card)), second.ask(question("a1", card)))

    assert (same, other) == (
        Refusal(ref="a2", reason="card_replayed"),
        Refusal(ref="a1", reason="card_replayed"),
    )


async def test_a_proof_that_was_kept_back_is_refused_once_the_card_was_tapped_again(world):
    chip, till = await issued(), world.till("h1")
    copied = await tapped(chip)
    world.take(till.ask(question("a1", await tapped(chip))))

    (answer,) = world.take(till.ask(question("a2", copied)))

    assert answer == Refusal(ref="a2", reason="card_replayed")


async def test_a_replay_buys_nothing(world):
    card = await tapped(await issued())
    till = world.till("h1")
    world.take(till.ask(question("a1", card)))

    (answer,) = world.take(
        till.ask(
            AskRedeem(
                ref="g1",
                card=card.uid.hex(),
                member="anna",
                ctr_seen=card.counter,
                offer="mug",
                proof=card.proof,
            )
        )
    )

    assert answer == Refusal(ref="g1", reason="card_replayed")


async def test_an_ask_that_arrives_twice_is_answered_twice(world):
    card, till = await tapped(await issued()), world.till("h1")
    ask = till.ask(question("a1", card))

    answers = world.take(ask) + world.take(ask)

    assert [type(it) for it in answers] == [AccountView] * 2


async def test_a_proof_outlives_the_hub(world):
    card, till = await tapped(await issued()), world.till("h1")
    world.take(till.ask(question("a1", card)))
    world.intake = world.intake_on(world.ledger, MASTER)

    (answer,) = world.take(till.ask(question("a2", card)))

    assert answer == Refusal(ref="a2", reason="card_replayed")


async def test_one_card_cannot_prove_another(world):
    mine, theirs = await tapped(await issued()), await tapped(await issued("04de5f1eacc041"))
    till = world.till("h1")

    (answer,) = world.take(till.ask(question("a1", theirs, proof=mine.proof)))

    assert answer == Refusal(ref="a1", reason="card_unproven")


@pytest.mark.parametrize("proof", ["0" * 48, "x", "F" * 64])
async def test_what_no_card_of_ours_made_proves_nothing(world, proof):
    card, till = await tapped(await issued()), world.till("h1")

    (answer,) = world.take(till.ask(question("a1", card, proof=proof)))

    assert answer == Refusal(ref="a1", reason="card_unproven")


async def test_a_card_without_a_proof_is_answered_as_ever(world):
    card, till = await tapped(await issued()), world.till("h1")

    (answer,) = world.take(till.ask(question("a1", card, proof="")))

    assert isinstance(answer, AccountView)


async def test_a_hub_without_card_keys_checks_nothing(world):
    world.intake = world.intake_on(world.ledger, None)
    card, till = await tapped(await issued()), world.till("h1")

    answers = [world.take(till.ask(question(ref, card)))[0] for ref in ("a1", "a2")]

    assert [type(it) for it in answers] == [AccountView] * 2


async def test_a_phone_that_reads_the_card_does_not_spoil_the_next_tap(world):
    chip, till = await issued(), world.till("h1")
    assert isinstance(chip.applet, Ntag424)
    before = chip.applet.read_counter
    for _ in range(5):
        await tapped(chip)

    (answer,) = world.take(till.ask(question("a1", await tapped(chip))))

    assert isinstance(answer, AccountView)
    assert chip.applet.read_counter == before + 6
