"""Whose keys a card of the DESFire family has: ours, the factory's or somebody else's."""

from device.nfc import desfire
from device.nfc.cards.smart_card import SmartCard
from device.nfc.reader import AuthenticationFailed

OUR_KEY_VERSION = 1  # The factory's keys have version 0.


async def is_opened(card: SmartCard, number: int, *keys: bytes, ev1: bool = False) -> bool:
    """Prove key `number` with the first of `keys` that it is; return False if it is none."""
    for key in keys:
        try:
            await card.authenticate(number, key, ev1=ev1)
        except AuthenticationFailed:
            continue
        return True
    return False


async def is_ours(card: SmartCard, number: int) -> bool:
    """Return whether key `number` has the version that we give to ours."""
    version = await card.command(desfire.GET_KEY_VERSION, bytes([number]))
    return version == bytes([OUR_KEY_VERSION])
