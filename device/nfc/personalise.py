"""Make a blank card ours: slots, keys and access bits, then read it all back.

Sector 1 gets its keys last. So a card that was pulled away before that still opens with transport
keys there, counts as blank, and can be tried again; and a card that opens with our keys there is
finished. A card torn within a sector's keys is lost: the chip writes a trailer as any other block.
"""

from contextlib import suppress

from device.errors import DeviceError
from device.nfc import classic
from device.nfc.member_card import (
    SECTORS,
    CardKeys,
    MemberCards,
    Written,
    WrongKey,
    blocks,
    member_card,
)
from device.nfc.reader import AuthenticationFailed, CardSeen, Reader
from loyalty import card as layout

FIRST_COUNTER = 1

_ACCESS = classic.access_bytes((classic.DATA_B_WRITES,) * 3, classic.TRAILER_B_WRITES)


async def personalise(
    reader: Reader, keys: CardKeys, seen: CardSeen, *, member: str, op_digest: bytes
) -> Written | WrongKey:
    """Make the selected blank card `seen` the card of `member`; a card with a past is refused.

    The outcome is as for `MemberCards.write`; TORN without a card means that it is blank still.

    Raises:
        ValueError: a field is out of its limits.
    """
    slot = layout.Slot(FIRST_COUNTER, member, op_digest, 0)
    first = layout.pack(slot, seen.uid, 0, keys.seal_key)
    with suppress(DeviceError):
        for number, data in ((1, bytes(layout.SLOT_BYTES)), (0, first)):
            if not await _convert(reader, keys, seen.uid, number, data):
                return WrongKey(seen.uid)
    wanted = member_card(seen.uid, slot, 0, torn=False)
    return await MemberCards(reader, keys).find_out(seen.uid, wanted)


async def _convert(reader: Reader, keys: CardKeys, uid: bytes, number: int, data: bytes) -> bool:
    """Write a slot and its sector's trailer; return False if no key opens the sector."""
    sector = SECTORS[number]
    key_a, key_b = keys.of_sector(uid, sector, "A"), keys.of_sector(uid, sector, "B")
    if not await _open(reader, sector, key_b):
        return False
    for block, new in zip(classic.data_blocks(sector), blocks(data), strict=True):
        await reader.write_block(block, new)
    await reader.write_block(classic.trailer_block(sector), classic.trailer(key_a, _ACCESS, key_b))
    return True


async def _open(reader: Reader, sector: int, key_b: bytes) -> bool:
    """Open a sector that is untouched or, for the one written first, left by an earlier try."""
    tries = [(classic.TRANSPORT_KEY, False)]
    if sector != SECTORS[0]:
        tries.append((key_b, True))
    for key, is_b in tries:
        try:
            await reader.authenticate(sector * 4, key, key_b=is_b)
        except AuthenticationFailed:
            await reader.reselect()
        else:
            return True
    return False
