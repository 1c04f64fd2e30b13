"""Our record on a MIFARE Classic: slot 0 is sector 1 and slot 1 is sector 2.

Key A reads, key B writes, and each card has its own. In personalisation sector 1 gets its keys
last. So a card that was pulled away before that still opens with transport keys there, counts as
blank, and can be tried again; and a card that opens with our keys there is finished. A card torn
within a sector's keys is lost: the chip writes a trailer as any other block.
"""

from device.nfc import classic
from device.nfc.cards.classic_card import ClassicCard
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import (
    BadSeal,
    Blank,
    MemberCard,
    Refusal,
    WrongKey,
    member_card,
)
from device.nfc.reader import AuthenticationFailed, CardRefused, CardSeen, Reader
from loyalty import card as layout

SECTORS = (1, 2)  # Of slot 0 and of slot 1.

_TRANSPORT_ACCESS = classic.access_bytes((classic.DATA_TRANSPORT,) * 3, classic.TRAILER_TRANSPORT)
_ACCESS = classic.access_bytes((classic.DATA_B_WRITES,) * 3, classic.TRAILER_B_WRITES)


class ClassicRecord:
    """`RecordStore` of MIFARE Classic cards."""

    kind = "classic1k"

    def __init__(self, reader: Reader, keys: CardKeys) -> None:
        """Work on `reader`, which must be open, with the keys of this programme."""
        self._reader = reader
        self._keys = keys
        self._slots: tuple[bytes, bytes] | None = None  # As last read, to write only what differs.

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the card states, or why it is refused."""
        self._slots = None
        chip = ClassicCard(self._reader, seen.uid)
        try:
            self._slots = (
                await self._read_slot(chip, seen.uid, 0),
                await self._read_slot(chip, seen.uid, 1),
            )
        except AuthenticationFailed:
            return await self._tell_blank(chip, seen.uid)
        except CardRefused:
            return WrongKey(seen.uid)
        return self._understand(seen.uid, self._slots)

    async def write(self, card: MemberCard, slot: layout.Slot) -> bool:
        """Write the blocks of the other slot that differ, the sealed one last."""
        number = 1 - card.slot
        sector = SECTORS[number]
        chip = ClassicCard(self._reader, card.uid)
        key = self._keys.of_sector(card.uid, sector, "B")
        await chip.authenticate(sector * 4, key, key_b=True)
        there = None if self._slots is None else _blocks(self._slots[number])
        self._slots = None
        data = layout.pack(slot, card.uid, number, self._keys.seal_key)
        wanted = zip(classic.data_blocks(sector), _blocks(data), strict=True)
        changed = [
            (block, new)
            for at, (block, new) in enumerate(wanted)
            if there is None or there[at] != new
        ]
        for block, new in changed:
            await chip.write_block(block, new)
        for block, new in changed:
            if await chip.read_block(block) != new:
                return False
        return True

    async def personalise(self, seen: CardSeen, slot: layout.Slot) -> WrongKey | None:
        """Make the blank card `seen` ours; a card with a past is refused."""
        first = layout.pack(slot, seen.uid, 0, self._keys.seal_key)
        for number, data in ((1, bytes(layout.SLOT_BYTES)), (0, first)):
            if not await self._convert(seen.uid, number, data):
                return WrongKey(seen.uid)
        return None

    async def wipe(self, seen: CardSeen) -> WrongKey | None:
        """Empty our sectors and give them their transport keys; sector 1, the mark, comes last."""
        factory = classic.trailer(classic.TRANSPORT_KEY, _TRANSPORT_ACCESS, classic.TRANSPORT_KEY)
        for sector in reversed(SECTORS):
            chip = ClassicCard(self._reader, seen.uid)
            key_b = self._keys.of_sector(seen.uid, sector, "B")
            if not await self._open(chip, sector, key_b):
                return WrongKey(seen.uid)
            for block in classic.data_blocks(sector):
                await chip.write_block(block, bytes(classic.BLOCK_BYTES))
            await chip.write_block(classic.trailer_block(sector), factory)
        return None

    async def _convert(self, uid: bytes, number: int, data: bytes) -> bool:
        """Write a slot and its sector's trailer; return False if no key opens the sector."""
        sector = SECTORS[number]
        chip = ClassicCard(self._reader, uid)
        key_a = self._keys.of_sector(uid, sector, "A")
        key_b = self._keys.of_sector(uid, sector, "B")
        # The sector written last opens with our keys only once a card is finished.
        ours = None if sector == SECTORS[0] else key_b
        if not await self._open(chip, sector, ours):
            return False
        for block, new in zip(classic.data_blocks(sector), _blocks(data), strict=True):
            await chip.write_block(block, new)
        trailer = classic.trailer(key_a, _ACCESS, key_b)
        await chip.write_block(classic.trailer_block(sector), trailer)
        return True

    async def _open(self, chip: ClassicCard, sector: int, key_b: bytes | None) -> bool:
        """Open a sector with its transport key or, if one is given, with its own key B."""
        tries = [(classic.TRANSPORT_KEY, False)]
        if key_b is not None:
            tries.append((key_b, True))
        for key, is_b in tries:
            try:
                await chip.authenticate(sector * 4, key, key_b=is_b)
            except AuthenticationFailed:
                await self._reader.reselect()
            else:
                return True
        return False

    async def _read_slot(self, chip: ClassicCard, uid: bytes, number: int) -> bytes:
        sector = SECTORS[number]
        await chip.authenticate(sector * 4, self._keys.of_sector(uid, sector, "A"))
        first, second, third = classic.data_blocks(sector)
        return (
            await chip.read_block(first)
            + await chip.read_block(second)
            + await chip.read_block(third)
        )

    async def _tell_blank(self, chip: ClassicCard, uid: bytes) -> Blank | WrongKey:
        await self._reader.reselect()
        try:
            await chip.authenticate(SECTORS[0] * 4, classic.TRANSPORT_KEY)
        except AuthenticationFailed:
            return WrongKey(uid)
        return Blank(uid)

    def _understand(self, uid: bytes, slots: tuple[bytes, bytes]) -> MemberCard | BadSeal:
        contents = layout.survey(slots[0], slots[1], uid, self._keys.seal_key)
        if contents.slot is None or contents.number is None:
            return BadSeal(uid)
        torn = contents.state == layout.TORN
        return member_card(uid, self.kind, contents.slot, contents.number, torn=torn)


def _blocks(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the three blocks of a slot."""
    return data[:16], data[16:32], data[32:]
