"""Our record on a DESFire EV1, EV2 or EV3: `RecordStore` of cards that cannot be copied.

A tap proves key SPEND once, reads slot and counter, and writes both in one transaction that the
chip does wholly or not at all. The session lasts from a read to the write of the same touch; where
it was lost in between it is begun again before anything is written.

In personalisation key SPEND comes last: a card that opens with our key is finished, and one that
opens with the factory's can be tried again from the start.
"""

from contextlib import suppress

from device.errors import DeviceError
from device.nfc import desfire
from device.nfc.cards import desfire_layout as places
from device.nfc.cards.desfire_layout import LOOK, MASTER, SPEND
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import (
    BadSeal,
    Blank,
    Copied,
    Foreign,
    MemberCard,
    Refusal,
    RolledBack,
    WrongKey,
    member_card,
)
from device.nfc.cards.smart_card import SmartCard, StatusRefused
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused, CardSeen, Reader
from loyalty import card as layout

_TOP = bytes(3)


class DesfireRecord:
    """Our record on cards of one generation; `kind` is "desfire_ev1", "desfire_ev2" or so."""

    def __init__(self, reader: Reader, keys: CardKeys, kind: str) -> None:
        """Work on `reader`, which must be open, with the keys of this programme."""
        self.kind = kind
        self._keys = keys
        self._ev1 = kind == "desfire_ev1"
        self._card = SmartCard(
            reader, keys.challenge, data_max_bytes=desfire.DESFIRE_DATA_MAX_BYTES
        )
        self._count: int | None = None  # Where the counter stands, since it was read last.

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the card states, or why it is refused."""
        self._count = None
        if not await self._selected():
            return Foreign(seen.uid) if await self._has_others() else Blank(seen.uid)
        try:
            await self._prove(SPEND, self._key(seen.uid, SPEND))
        except AuthenticationFailed:
            return await self._tell_blank(seen.uid)
        header = places.section(places.RECORD_FILE, layout.SLOT_BYTES)
        data = await self._card.command(desfire.READ_DATA, header)
        if len(data) != layout.SLOT_BYTES:
            raise CardGone(f"record of {len(data)} bytes, wanted {layout.SLOT_BYTES}")
        self._count = await self._counted()
        return self._understand(seen.uid, data, self._count)

    async def write(self, card: MemberCard, slot: layout.Slot) -> bool:
        """Write the slot and count, in one transaction, whose answer proves that it holds."""
        if self._count is not None:
            try:
                return await self._advance(card.uid, slot, 1 - card.slot, self._count)
            except CardRefused:  # The session is gone; nothing was committed.
                self._count = None
        await self._card.select(places.APPLICATION)
        await self._prove(SPEND, self._key(card.uid, SPEND))
        return await self._advance(card.uid, slot, 1 - card.slot, await self._counted())

    async def personalise(self, seen: CardSeen, slot: layout.Slot) -> Foreign | WrongKey | None:
        """Make the blank card ours; each step is left out where an earlier try has done it."""
        if not await self._selected():
            if await self._has_others():
                return Foreign(seen.uid)
            if not await self._created():
                return WrongKey(seen.uid)
        if not await self._prove_master(seen.uid) or await self._is_ours(SPEND):
            return WrongKey(seen.uid)
        await self._create_files()
        if not await self._is_ours(LOOK):
            await self._give(seen.uid, LOOK)
        if not await self._is_ours(MASTER):
            await self._give(seen.uid, MASTER)
        await self._prove(SPEND, desfire.FACTORY_KEY)
        await self._advance(seen.uid, slot, 0, await self._counted())
        await self._card.select(places.APPLICATION)
        await self._prove(MASTER, self._key(seen.uid, MASTER))
        await self._give(seen.uid, SPEND)
        return None

    async def wipe(self, seen: CardSeen) -> WrongKey | None:
        """Delete our application; its memory comes back only when the whole card is formatted."""
        self._count = None
        if not await self._selected():
            return None
        if not await self._prove_master(seen.uid):
            return WrongKey(seen.uid)
        await self._card.command(desfire.DELETE_APPLICATION, places.APPLICATION)
        return None

    async def _selected(self) -> bool:
        """Select our application; return whether it is there."""
        try:
            await self._card.select(places.APPLICATION)
        except StatusRefused as error:
            if error.status != desfire.NO_SUCH_APPLICATION:
                raise
            return False
        return True

    async def _created(self) -> bool:
        """Create and select our application; return False on a card that its owner has locked."""
        try:
            await self._card.command(desfire.CREATE_APPLICATION, places.create_application())
        except StatusRefused:
            return False
        return await self._selected()

    async def _has_others(self) -> bool:
        """Return whether somebody else has an application here, or hides whether."""
        await self._card.select(_TOP)
        try:
            return bool(await self._card.command(desfire.GET_APPLICATION_IDS))
        except StatusRefused:
            return True

    async def _tell_blank(self, uid: bytes) -> Blank | WrongKey:
        try:
            await self._prove(SPEND, desfire.FACTORY_KEY)
        except AuthenticationFailed:
            return WrongKey(uid)
        return Blank(uid)

    async def _prove_master(self, uid: bytes) -> bool:
        """Prove the master key, ours or the factory's; return False if it is neither."""
        for key in (self._key(uid, MASTER), desfire.FACTORY_KEY):
            try:
                await self._prove(MASTER, key)
            except AuthenticationFailed:
                continue
            return True
        return False

    async def _is_ours(self, number: int) -> bool:
        version = await self._card.command(desfire.GET_KEY_VERSION, bytes([number]))
        return version == bytes([places.OUR_KEY_VERSION])

    async def _give(self, uid: bytes, number: int) -> None:
        """Replace a key of the factory's with ours; for the master key, prove it anew."""
        new = self._key(uid, number)
        old = None if number == MASTER else desfire.FACTORY_KEY
        await self._card.change_key(number, new, places.OUR_KEY_VERSION, old=old)
        if number == MASTER:
            await self._prove(MASTER, new)

    async def _create_files(self) -> None:
        there = await self._card.command(desfire.GET_FILE_IDS)
        if places.RECORD_FILE not in there:
            await self._card.command(desfire.CREATE_BACKUP_FILE, places.create_record_file())
        if places.COUNTER_FILE not in there:
            await self._card.command(desfire.CREATE_VALUE_FILE, places.create_counter_file())

    async def _advance(self, uid: bytes, slot: layout.Slot, number: int, count: int) -> bool:
        """Write `slot` and count up to it; what fails before the last command changes nothing."""
        data = layout.pack(slot, uid, number, self._keys.seal_key)
        header = places.section(places.RECORD_FILE, len(data))
        await self._card.command(desfire.WRITE_DATA, header, data)
        if count < slot.counter:
            steps = places.amount(slot.counter - count)
            await self._card.command(desfire.DEBIT, bytes([places.COUNTER_FILE]), steps)
        await self._card.command(desfire.COMMIT_TRANSACTION)
        self._count = None
        with suppress(DeviceError):  # What was written holds, whatever becomes of the session.
            await self._card.select(_TOP)
        return True

    async def _counted(self) -> int:
        value = await self._card.command(desfire.GET_VALUE, bytes([places.COUNTER_FILE]))
        count = places.counted(value)
        if count is None:
            raise CardGone(f"counter of {value.hex()}, wanted four bytes and nothing below zero")
        return count

    async def _prove(self, number: int, key: bytes) -> None:
        await self._card.authenticate(number, key, ev1=self._ev1)

    def _key(self, uid: bytes, number: int) -> bytes:
        return places.key_of(self._keys, uid, number)

    def _understand(self, uid: bytes, data: bytes, count: int) -> MemberCard | Refusal:
        found = layout.survey(data, bytes(len(data)), uid, self._keys.seal_key)
        if found.slot is None:
            found = layout.survey(bytes(len(data)), data, uid, self._keys.seal_key)
        if found.slot is None or found.number is None:
            return BadSeal(uid)
        if count > found.slot.counter:
            return RolledBack(uid)
        if count < found.slot.counter:
            return Copied(uid)
        return member_card(uid, self.kind, found.slot, found.number, torn=False)
