"""The secrets a terminal holds for cards, and what is derived from them for one card."""

from dataclasses import dataclass, field

from loyalty.aes import encrypt_block
from loyalty.keys import classic_key


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKeys:
    """16 bytes that every card's own keys come from, and the key that seals what stands on it."""

    master: bytes = field(repr=False)
    seal_key: bytes = field(repr=False)

    def of_sector(self, uid: bytes, sector: int, name: str) -> bytes:
        """Return key `name` ("A" or "B") of `sector` on the MIFARE Classic `uid`."""
        return classic_key(self.master, uid, sector, name, encrypt_block)
