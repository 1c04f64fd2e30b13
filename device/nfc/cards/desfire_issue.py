"""How a DESFire becomes ours, and how it ceases to be.

Key SPEND comes last: a card that opens with our key is finished, and one that opens with the
factory's can be tried again from the start.
"""

from device.nfc import desfire
from device.nfc.cards import desfire_layout as places
from device.nfc.cards.desfire_layout import CREDIT, LOOK, MASTER, SPEND
from device.nfc.cards.desfire_transaction import Change, commit
from device.nfc.cards.keys import CardKeys, IssuerKeys
from device.nfc.cards.member_card import Foreign, WrongKey
from device.nfc.cards.smart_card import SmartCard, StatusRefused
from device.nfc.cards.smart_keys import OUR_KEY_VERSION, is_opened, is_ours
from device.nfc.reader import CardGone
from loyalty import card as layout

_TOP = bytes(3)
_FILES = {
    places.RECORD_FILE: (desfire.CREATE_BACKUP_FILE, places.create_record_file()),
    places.COUNTER_FILE: (desfire.CREATE_VALUE_FILE, places.create_counter_file()),
    places.LEASE_FILE: (desfire.CREATE_VALUE_FILE, places.create_lease_file()),
    places.CERTIFICATE_FILE: (desfire.CREATE_BACKUP_FILE, places.create_certificate_file()),
}


class DesfireIssue:
    """The selected card, which is to be made ours, or nobody's, with the keys of its issuer."""

    def __init__(self, card: SmartCard, keys: CardKeys, issuer: IssuerKeys, *, ev1: bool) -> None:
        self._card = card
        self._keys = keys
        self._issuer = issuer
        self._ev1 = ev1

    async def personalise(self, uid: bytes, slot: layout.Slot) -> Foreign | WrongKey | None:
        """Make the blank card ours; each step is left out where an earlier try has done it."""
        if not await is_selected(self._card):
            if await has_others(self._card):
                return Foreign(uid)
            if not await self._is_created():
                return WrongKey(uid)
        if not await self._is_master_proved() or await is_ours(self._card, SPEND):
            return WrongKey(uid)
        await self._create_files()
        for number in (LOOK, CREDIT):
            if not await is_ours(self._card, number):
                await self._give(number, self._key(uid, number))
        if not await is_ours(self._card, MASTER):
            await self._give(MASTER, self._issuer.master)
        await self._prove(SPEND, desfire.FACTORY_KEY)
        await commit(self._card, await self._first(uid, slot))
        await self._card.select(places.APPLICATION)
        await self._prove(MASTER, self._issuer.master)
        await self._give(SPEND, self._key(uid, SPEND))
        return None

    async def wipe(self, uid: bytes) -> WrongKey | None:
        """Delete our application; its memory comes back only when the whole card is formatted."""
        if not await is_selected(self._card):
            return None
        if not await self._is_master_proved():
            return WrongKey(uid)
        await self._card.command(desfire.DELETE_APPLICATION, places.APPLICATION)
        return None

    async def _is_created(self) -> bool:
        """Create and select our application; return False on a card that its owner has locked."""
        try:
            await self._card.command(desfire.CREATE_APPLICATION, places.create_application())
        except StatusRefused:
            return False
        return await is_selected(self._card)

    async def _is_master_proved(self) -> bool:
        """Prove the master key, ours or the factory's; return False if it is neither."""
        keys = self._issuer.master, desfire.FACTORY_KEY
        return await is_opened(self._card, MASTER, *keys, ev1=self._ev1)

    async def _give(self, number: int, new: bytes) -> None:
        """Replace a key of the factory's with ours; for the master key, prove it anew."""
        old = None if number == MASTER else desfire.FACTORY_KEY
        await self._card.change_key(number, new, OUR_KEY_VERSION, old=old)
        if number == MASTER:
            await self._prove(MASTER, new)

    async def _create_files(self) -> None:
        there = await self._card.command(desfire.GET_FILE_IDS)
        for file, (code, parameters) in _FILES.items():
            if file not in there:
                await self._card.command(code, parameters)

    async def _first(self, uid: bytes, slot: layout.Slot) -> Change:
        value = await self._card.command(desfire.GET_VALUE, bytes([places.COUNTER_FILE]))
        count = places.counted(value)
        if count is None:
            raise CardGone(f"counter of {value.hex()}, wanted four bytes and nothing below zero")
        data = layout.pack(slot, uid, 0, self._keys.seal_key)
        return Change(slot=data, steps=slot.counter - count)

    async def _prove(self, number: int, key: bytes) -> None:
        await self._card.authenticate(number, key, ev1=self._ev1)

    def _key(self, uid: bytes, number: int) -> bytes:
        if number == CREDIT:
            return self._issuer.credit
        return places.key_of(self._keys, uid, number)


async def is_selected(card: SmartCard) -> bool:
    """Select our application; return whether it is there."""
    try:
        await card.select(places.APPLICATION)
    except StatusRefused as error:
        if error.status != desfire.NO_SUCH_APPLICATION:
            raise
        return False
    return True


async def has_others(card: SmartCard) -> bool:
    """Return whether somebody else has an application here, or hides whether."""
    await card.select(_TOP)
    try:
        return bool(await card.command(desfire.GET_APPLICATION_IDS))
    except StatusRefused:
        return True
