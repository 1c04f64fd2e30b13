"""Keys of a MIFARE Classic's sectors: taken from the factory's, and given back.

A trailer is written in three steps, and each changes one thing: key B, which can be read back as
long as the factory's access bits stand; then the access bits; then key A, once key B has opened the
sector. So a card pulled away in a step has another key that opens the sector, and the next touch
goes on from there. What remains is a card pulled away while the three access bytes themselves are
programmed: if they contradict their inverted copies, the chip locks the sector for ever.
"""

from enum import Enum

from device.nfc import classic
from device.nfc.cards import classic_layout as places
from device.nfc.cards.classic_card import ClassicCard
from device.nfc.cards.keys import CardKeys
from device.nfc.reader import CardRefused, Reader

FACTORY_TRAILER = classic.trailer(
    classic.TRANSPORT_KEY, places.TRANSPORT_ACCESS, classic.TRANSPORT_KEY
)


class Standing(Enum):
    """Whose a sector is."""

    FACTORY = "factory"  # Transport key A does everything; key B may be anything.
    BEGUN = "begun"  # Our key B writes it, key A is not ours yet, or no more.
    OURS = "ours"  # Both our keys open it.
    CLOSED = "closed"  # Nothing that we have opens it.


class ClassicSectors:
    """The sectors of the selected card `uid`; raises what `Reader.exchange` raises."""

    def __init__(self, reader: Reader, keys: CardKeys, uid: bytes) -> None:
        self.chip = ClassicCard(reader, uid)
        self._reader = reader
        self._keys = keys
        self._uid = uid

    async def standing(self, sector: int) -> Standing:
        """Return whose `sector` is; one from the factory is left open with its key A."""
        if await self.opens_as_new(sector):
            access = await self._access(sector)
            if access is None:
                return Standing.CLOSED
            if access == places.TRANSPORT_ACCESS:
                return Standing.FACTORY
        if not await self.opens_with_b(sector):
            return Standing.CLOSED
        key_a = places.key_a_of(self._keys, self._uid, sector)
        opens = await self.chip.opens(classic.first_block(sector), key_a)
        return Standing.OURS if opens else Standing.BEGUN

    async def opens_as_new(self, sector: int) -> bool:
        """Open `sector` with the transport key A; return whether it did."""
        return await self.chip.opens(classic.first_block(sector), classic.TRANSPORT_KEY)

    async def opens_with_b(self, sector: int) -> bool:
        """Open `sector` with our key B; return whether it did."""
        key_b = places.key_b_of(self._keys, self._uid, sector)
        return await self.chip.opens(classic.first_block(sector), key_b, key_b=True)

    async def take(self, sector: int, data: bytes, *, user: int = classic.FACTORY_USER) -> bool:
        """Make `sector` ours with `data` in it, from wherever it stands; False if it is closed.

        `user` is the free byte of its trailer.
        """
        standing = await self.standing(sector)
        if standing is Standing.CLOSED:
            return False
        place, access = classic.trailer_block(sector), places.access_of(sector)
        key_a = places.key_a_of(self._keys, self._uid, sector)
        key_b = places.key_b_of(self._keys, self._uid, sector)
        transport = classic.TRANSPORT_KEY
        if standing is Standing.FACTORY:
            step = classic.trailer(transport, places.TRANSPORT_ACCESS, key_b)
            await self.chip.write_block(place, step)
            if (await self.chip.read_block(place))[10:] != key_b:
                return False  # The access bits must not rely on a key that is not there.
            await self.chip.write_block(place, classic.trailer(transport, access, key_b))
        if not await self.opens_with_b(sector):
            return False
        await self.chip.write_blocks(_writable(sector), data)
        await self.chip.write_block(place, classic.trailer(key_a, access, key_b, user))
        return True

    async def give_back(self, sector: int) -> bool:
        """Empty `sector` and make it as it was new, from wherever it stands; False if closed."""
        standing = await self.standing(sector)
        if standing is Standing.CLOSED:
            return False
        place, blocks = classic.trailer_block(sector), _writable(sector)
        if standing is not Standing.FACTORY:
            if not await self.opens_with_b(sector):
                return False
            transport, access = classic.TRANSPORT_KEY, places.access_of(sector)
            key_b = places.key_b_of(self._keys, self._uid, sector)
            await self.chip.write_block(place, classic.trailer(transport, access, key_b))
            await self.chip.write_blocks(blocks, bytes(len(blocks) * classic.BLOCK_BYTES))
            step = classic.trailer(transport, places.TRANSPORT_ACCESS, key_b)
            await self.chip.write_block(place, step)
            if not await self.opens_as_new(sector):
                return False
        if (await self.chip.read_block(place))[6:] != FACTORY_TRAILER[6:]:
            await self.chip.write_block(place, FACTORY_TRAILER)
        return True

    async def holds_data(self, sector: int) -> bool:
        """Return whether anything but zeros stands in the data blocks of an open sector."""
        blocks = classic.data_blocks(sector)
        return any(await self.chip.read_blocks(blocks))

    async def _access(self, sector: int) -> bytes | None:
        """Return the access bits of the open sector; None if they contradict each other.

        Such a sector is locked for ever, although its keys may still open it.
        """
        try:
            trailer = await self.chip.read_block(classic.trailer_block(sector))
        except CardRefused:
            await self._reader.reselect()
            return None
        return trailer[6:9]


def _writable(sector: int) -> tuple[int, ...]:
    """Return the data blocks of `sector` but for the manufacturer's, block 0."""
    return tuple(block for block in classic.data_blocks(sector) if block)
