"""Making a MIFARE Classic one of our cards, and making it blank again.

Key A of the counter's sector, which every read opens first, is the mark of a finished card:
personalising writes it last and wiping takes it away first. So a card pulled away in the middle of
either counts as blank, and either can simply be done again.
"""

from device.nfc.cards import classic_layout as places
from device.nfc.cards.classic_directory import ClassicDirectory
from device.nfc.cards.classic_sectors import ClassicSectors, Standing
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import Blank, Foreign, WrongKey
from device.nfc.classic import BLOCK_BYTES
from device.nfc.reader import Reader
from loyalty.card import SLOT_BYTES

_MARK = places.COUNTER_SECTOR


class ClassicIssue:
    """The selected card `uid` on its way between blank and ours."""

    def __init__(self, reader: Reader, keys: CardKeys, uid: bytes, *, is_4k: bool) -> None:
        self._uid = uid
        self._sectors = ClassicSectors(reader, keys, uid)
        self._directory = ClassicDirectory(reader, self._sectors, is_4k=is_4k)

    async def tell_blank(self) -> Blank | Foreign | WrongKey:
        """Return what a card is that our keys A do not open."""
        for sector in places.SECTORS:
            standing = await self._sectors.standing(sector)
            if standing is Standing.CLOSED or (sector == _MARK and standing is Standing.OURS):
                return WrongKey(self._uid)
            if standing is Standing.FACTORY and await self._sectors.holds_data(sector):
                return Foreign(self._uid)
        if await self._directory.names_somebody_else():
            return Foreign(self._uid)
        return Blank(self._uid)

    async def personalise(self, first_slot: bytes, counter: int) -> Foreign | WrongKey | None:
        """Make the blank card ours, with `first_slot` and the counter that goes with it."""
        for sector, slot in zip(places.SLOT_SECTORS, (first_slot, bytes(SLOT_BYTES)), strict=True):
            if not await self._sectors.take(sector, slot):
                return WrongKey(self._uid)
        await self._directory.enter()
        value = places.value_block(counter)
        is_done = await self._sectors.take(_MARK, value + value + bytes(BLOCK_BYTES))
        return None if is_done else WrongKey(self._uid)

    async def wipe(self) -> WrongKey | None:
        """Give back all our sectors that open; none while the mark of a finished card stays."""
        if not await self._sectors.give_back(_MARK):
            return WrongKey(self._uid)
        given_back = [await self._sectors.give_back(it) for it in places.SLOT_SECTORS]
        await self._directory.leave()
        return None if all(given_back) else WrongKey(self._uid)
