"""A MIFARE Classic on a reader: sectors are opened, blocks read and written, values counted."""

from device.nfc import classic
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused, Reader


class ClassicCard:
    """The selected card, whose UID is `uid`; raises what `Reader.exchange` raises."""

    def __init__(self, reader: Reader, uid: bytes) -> None:
        self._reader = reader
        self._uid = uid

    async def authenticate(self, block: int, key: bytes, *, key_b: bool = False) -> None:
        """Open the sector of `block`, or raise AuthenticationFailed; the card has then halted."""
        command = classic.authenticate(block, key, self._uid, key_b)
        try:
            await self._reader.exchange(command)
        except CardRefused as error:
            sector, name = classic.sector_of(block), "B" if key_b else "A"
            raise AuthenticationFailed(f"key {name} does not open sector {sector}") from error

    async def opens(self, block: int, key: bytes, *, key_b: bool = False) -> bool:
        """Return whether `key` opens the sector of `block`; if not, the card is selected anew."""
        try:
            await self.authenticate(block, key, key_b=key_b)
        except AuthenticationFailed:
            await self._reader.reselect()
            return False
        return True

    async def read_block(self, block: int) -> bytes:
        """Return the 16 bytes of a block in the open sector."""
        data = await self._reader.exchange(classic.read(block))
        if len(data) != classic.BLOCK_BYTES:
            raise CardGone(f"block {block}: {len(data)} bytes, wanted {classic.BLOCK_BYTES}")
        return data

    async def read_blocks(self, blocks: tuple[int, ...]) -> bytes:
        """Return what several blocks of the open sector hold, one after the other."""
        return b"".join([await self.read_block(block) for block in blocks])

    async def write_block(self, block: int, data: bytes) -> None:
        """Replace the 16 bytes of a block in the open sector."""
        await self._reader.exchange(classic.write(block, data))

    async def write_blocks(self, blocks: tuple[int, ...], data: bytes) -> None:
        """Replace several blocks of the open sector, in this order."""
        for at, block in enumerate(blocks):
            start = at * classic.BLOCK_BYTES
            await self.write_block(block, data[start : start + classic.BLOCK_BYTES])

    async def lower_value(self, block: int, amount: int, into: int) -> None:
        """Write the value of `block`, less `amount`, to the block `into` of the same sector.

        Both commands bear being done twice: only the second touches the memory.
        """
        await self._reader.exchange(classic.decrement(block, amount))
        await self._reader.exchange(classic.transfer(into))
