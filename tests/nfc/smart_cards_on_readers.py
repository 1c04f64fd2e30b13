"""DESFire and NTAG 424 DNA chips on a reader without a cable, for tests of what is said to them."""

import random
from collections.abc import Callable

from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import MemberCard, Outcome, Written
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import CardSeen
from loyalty.card import next_counter
from simulators.chip_reader import ChipReader
from simulators.chips.desfire import desfire_chip
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.ntag424 import ntag424_chip

TAP_S = 0.2
MEMBER = "m-1001"
FIRST_OP = b"op-of-issue."
OP = b"op-of-a-tap."

CHIPS: dict[str, Callable[[random.Random], IsoDepChip]] = {
    "desfire_ev1": lambda rng: desfire_chip(generation="desfire_ev1", rng=rng),
    "desfire_ev2": lambda rng: desfire_chip(generation="desfire_ev2", rng=rng),
    "desfire_ev3": lambda rng: desfire_chip(generation="desfire_ev3", rng=rng),
    "ntag424": lambda rng: ntag424_chip(rng=rng),
}


def keys(master: bytes = bytes(range(16)), *, seed: int = 1) -> CardKeys:
    """Return the keys of a programme."""
    return CardKeys(
        master=master,
        seal_key=b"the seal key of these tests only",
        random_bytes=random.Random(seed).randbytes,
        credit_master=bytes(reversed(master)),
    )


KEYS = keys()
OTHER_KEYS = keys(bytes(16))


def chip_of(kind: str, seed: int = 7) -> IsoDepChip:
    """Return a chip as its factory made it."""
    return CHIPS[kind](random.Random(seed))


def seen(chip: IsoDepChip) -> CardSeen:
    """Return what a reader tells of `chip`."""
    return CardSeen(uid=chip.uid, atqa=chip.atqa, sak=chip.sak, ats=chip.ats)


async def tap(reader: ChipReader, card_keys: CardKeys = KEYS) -> object:
    """Return what the card on the reader states, selected anew."""
    return await MemberCards(reader, card_keys).wait(TAP_S)


async def issue(reader: ChipReader, chip: IsoDepChip) -> MemberCard:
    """Personalise the blank `chip`, which lies on the reader."""
    await reader.wait_for_card(TAP_S)
    written = await MemberCards(reader, KEYS).personalise(
        seen(chip), member=MEMBER, op_digest=FIRST_OP
    )
    assert isinstance(written, Written)
    assert written.card is not None
    return written.card


async def advance(reader: ChipReader, op_digest: bytes = OP) -> Outcome:
    """Read the card on the reader and write its next state."""
    cards = MemberCards(reader, KEYS)
    now = await cards.wait(TAP_S)
    assert isinstance(now, MemberCard)
    counter = next_counter(now.counter, now.torn)
    return (await cards.write(now, counter=counter, op_digest=op_digest, rewrites=0)).outcome
