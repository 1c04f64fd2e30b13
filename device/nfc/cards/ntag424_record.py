"""Our record on an NTAG 424 DNA: `RecordStore` of cheap cards that cannot be copied.

A tap first reads the URL as any phone would, for the hub to check, and then proves key SPEND. Slots
are written in turns, because a write may be torn at any byte. The session lasts from a read to the
write of the same touch.

In personalisation key SPEND comes last, in wiping it goes first: a card that opens with our key is
whole, one that opens with the factory's is blank, whatever else stands on it.
"""

from contextlib import suppress

from device.errors import DeviceError
from device.nfc import desfire
from device.nfc.cards import ntag424_layout as places
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import (
    BadSeal,
    Blank,
    Foreign,
    MemberCard,
    Refusal,
    WrongKey,
    member_card,
)
from device.nfc.cards.ntag424_layout import LOOK, MASTER, SPEND
from device.nfc.cards.smart_card import SmartCard
from device.nfc.cards.smart_keys import OUR_KEY_VERSION, is_opened, is_ours
from device.nfc.desfire import Mode
from device.nfc.reader import CardGone, CardRefused, CardSeen, Reader
from loyalty import card as layout
from loyalty.keys import NTAG424_APPLICATION, SUN_FILE_KEY, SUN_META_KEY
from loyalty.sun import proof_in


class Ntag424Record:
    """Our record on an NTAG 424 DNA."""

    kind = "ntag424"

    def __init__(self, reader: Reader, keys: CardKeys) -> None:
        """Work on `reader`, which must be open, with the keys of this programme."""
        self._keys = keys
        self._card = SmartCard(reader, keys.challenge, data_max_bytes=desfire.NTAG_DATA_MAX_BYTES)
        self._proved = False  # Whether key SPEND is proved, as far as we know.

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the card states, or why it is refused."""
        self._proved = False
        try:
            await self._card.select_by_name(NTAG424_APPLICATION)
        except CardRefused:
            return Foreign(seen.uid)
        proof = await self._read_proof()
        if not await is_opened(self._card, SPEND, self._key(seen.uid, SPEND)):
            return await self._tell_blank(seen.uid)
        header = places.section(places.RECORD_FILE, 0, places.RECORD_BYTES)
        data = await self._card.command(desfire.READ_NTAG_DATA, header, mode=Mode.FULL)
        if len(data) != places.RECORD_BYTES:
            raise CardGone(f"record of {len(data)} bytes, wanted {places.RECORD_BYTES}")
        self._proved = True
        return self._understand(seen.uid, data, proof)

    async def write(self, card: MemberCard, slot: layout.Slot) -> bool:
        """Write the other slot; the answer to it proves that it holds."""
        number = 1 - card.slot
        data = layout.pack(slot, card.uid, number, self._keys.seal_key)
        proved, self._proved = self._proved, False
        if proved:
            try:
                return await self._write_slot(number, data)
            except CardRefused:  # The session is gone; nothing was written.
                pass
        await self._card.select_by_name(NTAG424_APPLICATION)
        await self._card.authenticate(SPEND, self._key(card.uid, SPEND))
        return await self._write_slot(number, data)

    async def personalise(self, seen: CardSeen, slot: layout.Slot) -> Foreign | WrongKey | None:
        """Make the blank card ours; each step is left out where an earlier try has done it."""
        self._proved = False
        try:
            await self._card.select_by_name(NTAG424_APPLICATION)
        except CardRefused:
            return Foreign(seen.uid)
        if not await self._is_master_proved(seen.uid) or await is_ours(self._card, SPEND):
            return WrongKey(seen.uid)
        await self._write(places.NDEF_FILE, places.ndef_file(self._keys.tap_url), Mode.PLAIN)
        for number in (SUN_FILE_KEY, SUN_META_KEY, LOOK):
            if not await is_ours(self._card, number):
                await self._give(seen.uid, number)
        await self._enable_proofs()
        if not await is_ours(self._card, MASTER):
            await self._give_master(self._key(seen.uid, MASTER), OUR_KEY_VERSION)
            await self._card.authenticate(MASTER, self._key(seen.uid, MASTER))
        first = layout.pack(slot, seen.uid, 0, self._keys.seal_key)
        await self._write_record(first.ljust(places.RECORD_BYTES, b"\0"))
        await self._card.authenticate(MASTER, self._key(seen.uid, MASTER))
        await self._give(seen.uid, SPEND)
        return None

    async def wipe(self, seen: CardSeen) -> WrongKey | None:
        """Give the card its factory keys and an empty record.

        The NDEF file stays as it is, with its two keys: switched off and on again, its read counter
        would begin anew, and proofs that were used long ago would be good once more.
        """
        self._proved = False
        await self._card.select_by_name(NTAG424_APPLICATION)
        if not await self._is_master_proved(seen.uid):
            return WrongKey(seen.uid)
        await self._take_back(seen.uid, SPEND)
        await self._take_back(seen.uid, LOOK)
        master_is_ours = await is_ours(self._card, MASTER)
        await self._write_record(places.factory_record())
        if master_is_ours:
            await self._card.authenticate(MASTER, self._key(seen.uid, MASTER))
            await self._give_master(desfire.FACTORY_KEY, desfire.FACTORY_KEY_VERSION)
        return None

    async def _read_proof(self) -> str:
        count = len(places.ndef_file(self._keys.tap_url))
        try:
            return proof_in(
                places.url_in(await self._card.read_binary(places.NDEF_SHORT_ID, count))
            )
        except CardRefused:
            return ""  # A card without a URL is no less ours.

    async def _tell_blank(self, uid: bytes) -> Blank | WrongKey:
        is_blank = await is_opened(self._card, SPEND, desfire.FACTORY_KEY)
        return Blank(uid) if is_blank else WrongKey(uid)

    async def _is_master_proved(self, uid: bytes) -> bool:
        """Prove the master key, ours or the factory's; return False if it is neither."""
        keys = self._key(uid, MASTER), desfire.FACTORY_KEY
        return await is_opened(self._card, MASTER, *keys)

    async def _give(self, uid: bytes, number: int) -> None:
        new = self._key(uid, number)
        version = OUR_KEY_VERSION
        await self._card.change_key(number, new, version, old=desfire.FACTORY_KEY)

    async def _give_master(self, new: bytes, version: int) -> None:
        await self._card.change_key(MASTER, new, version, old=None)

    async def _take_back(self, uid: bytes, number: int) -> None:
        if await is_ours(self._card, number):
            version, old = desfire.FACTORY_KEY_VERSION, self._key(uid, number)
            await self._card.change_key(number, desfire.FACTORY_KEY, version, old=old)

    async def _enable_proofs(self) -> None:
        number = bytes([places.NDEF_FILE])
        if not places.mirrors(await self._card.command(desfire.GET_FILE_SETTINGS, number)):
            settings = places.sun_settings(self._keys.tap_url)
            await self._card.command(desfire.CHANGE_FILE_SETTINGS, number, settings, mode=Mode.FULL)

    async def _write_record(self, data: bytes) -> None:
        """Write the whole record while key SPEND is still the factory's."""
        await self._card.authenticate(SPEND, desfire.FACTORY_KEY)
        await self._write(places.RECORD_FILE, data, Mode.FULL)

    async def _write_slot(self, number: int, data: bytes) -> bool:
        """Write a slot; then close the session."""
        header = places.section(places.RECORD_FILE, number * layout.SLOT_BYTES, len(data))
        await self._card.command(desfire.WRITE_NTAG_DATA, header, data, mode=Mode.FULL)
        with suppress(DeviceError):  # What was written holds, whatever becomes of the session.
            await self._card.select_by_name(NTAG424_APPLICATION)
        return True

    async def _write(self, file: int, data: bytes, mode: Mode) -> None:
        for at in range(0, len(data), places.WRITE_MAX_BYTES):
            part = data[at : at + places.WRITE_MAX_BYTES]
            header = places.section(file, at, len(part))
            await self._card.command(desfire.WRITE_NTAG_DATA, header, part, mode=mode)

    def _key(self, uid: bytes, number: int) -> bytes:
        return places.key_of(self._keys, uid, number)

    def _understand(self, uid: bytes, data: bytes, proof: str) -> MemberCard | BadSeal:
        first, second = data[: layout.SLOT_BYTES], data[layout.SLOT_BYTES :]
        found = layout.survey(first, second, uid, self._keys.seal_key)
        if found.slot is None or found.number is None:
            return BadSeal(uid)
        torn = found.state == layout.TORN
        return member_card(uid, self.kind, found.slot, found.number, torn=torn, proof=proof)
