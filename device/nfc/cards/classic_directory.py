"""Our entries in the application directory of a MIFARE Classic (`device.nfc.mad`).

A card without a directory gets one, if its sector 0 is as new. In somebody's directory ours are
added if transport key B still writes it, which is how directories are usually left; else our
sectors are not entered. No terminal of ours looks there, so the card is as good without.
"""

from device.nfc import classic, mad
from device.nfc.cards import classic_layout as places
from device.nfc.cards.classic_sectors import ClassicSectors, Standing
from device.nfc.reader import CardRefused, Reader

_FIRST, _SECOND = classic.data_blocks(mad.SECTOR)[1:]
_EMPTY_SECOND = mad.pack([mad.FREE] * mad.SECOND_ENTRIES)


class ClassicDirectory:
    """The directory of the selected card; `is_4k` tells whether it has a second one."""

    def __init__(self, reader: Reader, sectors: ClassicSectors, *, is_4k: bool) -> None:
        self._reader = reader
        self._sectors = sectors
        self._is_4k = is_4k

    async def read(self) -> bytes | None:
        """Return the 32 bytes of the directory; None if nothing that we have opens its sector."""
        sectors = self._sectors
        if (
            await sectors.chip.opens(_FIRST, mad.KEY_A)
            or await sectors.opens_as_new(mad.SECTOR)
            or await sectors.opens_with_b(mad.SECTOR)
        ):
            try:
                return await sectors.chip.read_blocks((_FIRST, _SECOND))
            except CardRefused:
                await self._reader.reselect()
        return None

    async def names_somebody_else(self) -> bool:
        """Return whether a whole directory says that our sectors belong to another application."""
        directory = await self.read()
        if directory is None or not mad.is_whole(directory):
            return False
        aids = mad.entries(directory)
        return any(aids[sector - 1] not in (mad.FREE, places.AID) for sector in places.SECTORS)

    async def enter(self) -> None:
        """Enter our sectors, if we may write the directory."""
        directory = await self.read()
        if directory is None:
            return
        ours = mad.with_entries(directory, places.AID, places.SECTORS)
        standing = await self._sectors.standing(mad.SECTOR)
        if standing is Standing.CLOSED:
            await self._change_somebodys(ours)
        elif standing is not Standing.FACTORY or not any(directory) or mad.is_whole(directory):
            has_second = self._is_4k and await self._take_second()
            user = mad.USER_BYTE_2 if has_second else mad.USER_BYTE_1
            await self._sectors.take(mad.SECTOR, ours, user=user)

    async def leave(self) -> None:
        """Take our entries out; a directory that we made, and that names nobody else, goes."""
        directory = await self.read()
        if directory is None:
            return
        without = mad.with_entries(directory, mad.FREE, places.SECTORS)
        standing = await self._sectors.standing(mad.SECTOR)
        if standing is Standing.CLOSED:
            if places.AID in mad.entries(directory):
                await self._change_somebodys(without)
        elif standing is Standing.FACTORY or not any(without[2:]):
            await self._sectors.give_back(mad.SECTOR)
            if self._is_4k:
                await self._sectors.give_back(mad.SECOND_SECTOR)
        elif await self._sectors.opens_with_b(mad.SECTOR):
            await self._sectors.chip.write_blocks((_FIRST, _SECOND), without)

    async def _take_second(self) -> bool:
        standing = await self._sectors.standing(mad.SECOND_SECTOR)
        if standing is Standing.FACTORY and await self._sectors.holds_data(mad.SECOND_SECTOR):
            return False
        return await self._sectors.take(mad.SECOND_SECTOR, _EMPTY_SECOND)

    async def _change_somebodys(self, directory: bytes) -> None:
        """Write the block with our entries, one write, if the transport key B may."""
        chip = self._sectors.chip
        if await chip.opens(_FIRST, classic.TRANSPORT_KEY, key_b=True):
            try:
                await chip.write_block(_FIRST, directory[: classic.BLOCK_BYTES])
            except CardRefused:  # Its access bits let nobody write any more.
                await self._reader.reselect()
