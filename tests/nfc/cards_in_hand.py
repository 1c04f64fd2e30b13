"""One card of each kind that keeps our record, and what people do with it; no wire between."""

import copy
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from device.errors import DeviceError
from device.nfc import classic
from device.nfc.cards import classic_layout
from device.nfc.cards.kinds import store_for
from device.nfc.cards.member_card import MemberCard, Outcome, Refusal, Written
from device.nfc.cards.member_cards import MemberCards
from loyalty import card as layout
from loyalty.card import next_counter
from simulators.chip_reader import ChipReader
from simulators.chips.classic import ClassicChip
from simulators.chips.ultralight import UltralightChip
from simulators.chips.ultralight_model import MODELS as ULTRALIGHTS
from tests.nfc.reader_on_a_port import FIRST_OP, KEYS, UID_4, UID_7

MEMBER = "m-1001"
OP = b"sale-7f3a-01"
NEXT_OP = b"sale-7f3a-02"


@dataclass(frozen=True)
class Kind:
    """A kind of card: how one comes from the factory, and what its memory says.

    `counter` is where the chip's own counter stands, or our record's if the chip has none for us.
    `is_lost` is whether it is locked for ever, and `lost_at_most` at how many bytes of being
    personalised or wiped that may happen. `memory` is what can be made as new.
    """

    name: str
    make: Callable[[], Any]
    counter: Callable[[Any], int]
    memory: Callable[[Any], bytes]
    is_lost: Callable[[Any], bool] = lambda chip: False
    lost_at_most: int = 0

    def is_as_new(self, chip: Any) -> bool:
        """Return whether `chip` is as it came from the factory, as far as it can be."""
        return self.memory(chip) == self.memory(self.make())


def _classic_counter(chip: ClassicChip) -> int:
    counts = [classic_layout.counted(chip.block(it)) for it in classic_layout.VALUE_BLOCKS]
    return max((it for it in counts if it is not None), default=-1)


def _has_a_locked_sector(chip: ClassicChip) -> bool:
    """Return whether some access bits contradict their inverted copies."""
    trailers = [chip.block(classic.trailer_block(it)) for it in (0, 1, 2, 3, 16)]
    return any(classic.access_conditions(it[6:9]) is None for it in trailers if it)


def _classic(name: str, uid: bytes, kind: str, sectors: int) -> Kind:
    """Return a kind of Classic of which we use so many `sectors`: three access bytes in each."""
    return Kind(
        name,
        lambda: ClassicChip(uid, kind=kind),
        _classic_counter,
        lambda chip: bytes(chip.nvm.cells),
        _has_a_locked_sector,
        3 * sectors,
    )


def _slot_counter(chip: UltralightChip) -> int:
    record = b"".join(chip.page(page) for page in range(0x10, 0x28))
    contents = layout.survey(record[:48], record[48:], chip.uid, KEYS.seal_key)
    return -1 if contents.slot is None else contents.slot.counter


def _pages(kind: str, counter: Callable[[UltralightChip], int]) -> Kind:
    """Return a kind whose pages can be made as new, but for 3, whose bits are set for ever."""
    pages = ULTRALIGHTS[kind].pages
    return Kind(
        kind,
        lambda: UltralightChip(kind),
        counter,
        lambda chip: b"".join(chip.page(it) for it in range(pages) if it != 3),
    )


KINDS = [
    _classic("classic1k", UID_4, "classic1k", 4),
    _classic("classic1k with 7 bytes", UID_7, "classic1k", 4),
    _classic("classic4k", UID_4, "classic4k", 5),
    _pages("ultralight_ev1_128", lambda chip: chip.counters[0].value),
    *(_pages(kind, _slot_counter) for kind in ("ntag213", "ntag215", "ntag216")),
]


class Hand:
    """Somebody with `chip` and a reader; every deed is one tap."""

    def __init__(self, chip: Any) -> None:
        self.chip = chip
        self.reader = ChipReader(chip)
        self.cards = MemberCards(self.reader, KEYS)

    def again(self) -> "Hand":
        """Take the card off and put it back, with power and nothing that goes wrong any more."""
        self.reader.tap_again(self.chip)
        self.chip.nvm.bytes_until_power_loss = None
        return self

    async def read(self) -> MemberCard | Refusal | None:
        return await self.cards.wait(0)

    async def issue(self, member: str = MEMBER) -> object:
        seen = await self.reader.wait_for_card(0)
        assert seen is not None
        return await self.cards.personalise(seen, member=member, op_digest=FIRST_OP)

    async def advance(self, op: bytes = OP) -> Outcome:
        card = await self.read()
        assert isinstance(card, MemberCard)
        counter = next_counter(card.counter, card.torn)
        return (await self.cards.write(card, counter=counter, op_digest=op, rewrites=3)).outcome

    async def wipe(self) -> object:
        seen = await self.reader.wait_for_card(0)
        assert seen is not None
        store = await store_for(self.reader, KEYS, seen)
        assert store is not None
        return await store.wipe(seen)

    async def try_to_wipe(self) -> None:
        with suppress(DeviceError):
            await self.wipe()


async def issued(kind: Kind, writes: int = 0) -> Any:
    """Return a card of `MEMBER` that was written `writes` times."""
    hand = Hand(kind.make())
    written = await hand.issue()
    assert isinstance(written, Written)
    assert written.outcome is Outcome.DONE
    for _ in range(writes):
        assert await hand.again().advance(b"history-----") is Outcome.DONE
    hand.reader.lift()
    return hand.chip


def copy_of(chip: Any) -> Hand:
    """Return somebody with a chip that is in every way like `chip`."""
    return Hand(copy.deepcopy(chip))


async def programmed_by(chip: Any, deed: Callable[[Hand], Awaitable[object]]) -> int:
    """Return how many bytes of a chip like `chip` are programmed by `deed`."""
    hand = copy_of(chip)
    before = hand.chip.nvm.bytes_programmed
    await deed(hand)
    return hand.chip.nvm.bytes_programmed - before


async def commands_of(chip: Any, deed: Callable[[Hand], Awaitable[object]]) -> int:
    """Return how many commands a chip like `chip` is sent by `deed`."""
    hand = copy_of(chip)
    await deed(hand)
    return hand.reader.commands


async def try_to(deed: Awaitable[object]) -> object:
    """Return how `deed` ended, None if the card or the reader failed before the write."""
    try:
        return await deed
    except DeviceError:
        return None
