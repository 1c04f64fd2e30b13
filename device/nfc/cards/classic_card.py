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

    async def read_block(self, block: int) -> bytes:
        """Return the 16 bytes of a block in the open sector."""
        data = await self._reader.exchange(classic.read(block))
        if len(data) != classic.BLOCK_BYTES:
            raise CardGone(f"block {block}: {len(data)} bytes, wanted {classic.BLOCK_BYTES}")
        return data

    async def write_block(self, block: int, data: bytes) -> None:
        """Replace the 16 bytes of a block in the open sector."""
        await self._reader.exchange(classic.write(block, data))
