"""One card of each kind that keeps our record, and what people do with it; no wire between."""

import copy
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from device.errors import DeviceError
from device.nfc import classic
from device.nfc.cards import classic_layout
from device.nfc.cards.kinds import store_for
from device.nfc.cards.member_card import MemberCard, Outcome, Refusal, Written
from device.nfc.cards.member_cards import MemberCards
from loyalty.card import next_counter
from simulators.chip_reader import ChipReader
from simulators.chips.classic import ClassicChip
from tests.nfc.reader_on_a_port import FIRST_OP, KEYS, UID_4, UID_7

MEMBER = "m-1001"
OP = b"sale-7f3a-01"
NEXT_OP = b"sale-7f3a-02"


@dataclass(frozen=True)
class Kind:
    """A kind of card: how one comes from the factory, and what its memory says.

    `counter` is where the chip's own counter stands, `is_lost` whether it is locked for ever, and
    `lost_at_most` at how many bytes of being personalised or wiped that may happen.
    """

    name: str
    make: Callable[[], ClassicChip]
    counter: Callable[[ClassicChip], int]
    is_lost: Callable[[ClassicChip], bool]
    lost_at_most: int

    def is_as_new(self, chip: ClassicChip) -> bool:
        """Return whether `chip` is in every byte as it came from the factory."""
        return chip.nvm.cells == self.make().nvm.cells


def _classic_counter(chip: ClassicChip) -> int:
    counts = [classic_layout.counted(chip.block(it)) for it in classic_layout.VALUE_BLOCKS]
    return max((it for it in counts if it is not None), default=-1)


def _has_a_locked_sector(chip: ClassicChip) -> bool:
    """Return whether some access bits contradict their inverted copies."""
    trailers = [chip.block(classic.trailer_block(it)) for it in range(classic.SECTORS_1K)]
    return any(classic.access_conditions(it[6:9]) is None for it in trailers)


def _classic(name: str, uid: bytes) -> Kind:
    return Kind(name, lambda: ClassicChip(uid), _classic_counter, _has_a_locked_sector, 3 * 4)


KINDS = [_classic("classic1k", UID_4), _classic("classic1k with 7 bytes", UID_7)]


class Hand:
    """Somebody with `chip` and a reader; every deed is one tap."""

    def __init__(self, chip: ClassicChip) -> None:
        self.chip = chip
        self.reader = ChipReader(chip)
        self.cards = MemberCards(self.reader, KEYS)

    def again(self) -> "Hand":
        """Take the card off and put it back, with power and nothing that goes wrong any more."""
        self.reader.tap_again(self.chip)
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


async def issued(kind: Kind, writes: int = 0) -> ClassicChip:
    """Return a card of `MEMBER` that was written `writes` times."""
    hand = Hand(kind.make())
    written = await hand.issue()
    assert isinstance(written, Written)
    assert written.outcome is Outcome.DONE
    for _ in range(writes):
        assert await hand.again().advance(b"history-----") is Outcome.DONE
    hand.reader.lift()
    return hand.chip


def copy_of(chip: ClassicChip) -> Hand:
    """Return somebody with a chip that is in every way like `chip`."""
    return Hand(copy.deepcopy(chip))


async def programmed_by(chip: ClassicChip, deed: Callable[[Hand], Awaitable[object]]) -> int:
    """Return how many bytes of a chip like `chip` are programmed by `deed`."""
    hand = copy_of(chip)
    before = hand.chip.nvm.bytes_programmed
    await deed(hand)
    return hand.chip.nvm.bytes_programmed - before


async def commands_of(chip: ClassicChip, deed: Callable[[Hand], Awaitable[object]]) -> int:
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
