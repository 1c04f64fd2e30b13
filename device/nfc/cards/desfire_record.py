"""Our record on a DESFire EV1, EV2 or EV3: `LeaseStore` of cards that cannot be copied.

A tap proves key SPEND once, reads slot and counter, and writes both in one transaction that the
chip does wholly or not at all; a lease changes in the same one. The session lasts from a read to
the write of the same touch; where it was lost in between it is begun again before anything is
written.
"""

from contextlib import suppress

from device.errors import DeviceError
from device.nfc import desfire
from device.nfc.cards import desfire_layout as places
from device.nfc.cards.card_lease import CardLease
from device.nfc.cards.desfire_issue import DesfireIssue, has_others, is_selected
from device.nfc.cards.desfire_layout import CREDIT, SPEND
from device.nfc.cards.desfire_transaction import Change, commit
from device.nfc.cards.keys import CardKeys, IssuerKeys
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
from device.nfc.cards.smart_keys import is_opened
from device.nfc.reader import CardGone, CardRefused, CardSeen, Reader
from loyalty import card as layout
from loyalty.leases import CERTIFICATE_BYTES

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
        self._count: int | None = None  # Where the counter stands, while the session lasts.

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the card states, or why it is refused."""
        self._count = None
        if not await is_selected(self._card):
            return Foreign(seen.uid) if await has_others(self._card) else Blank(seen.uid)
        key = places.key_of(self._keys, seen.uid, SPEND)
        if not await is_opened(self._card, SPEND, key, ev1=self._ev1):
            return await self._tell_blank(seen.uid)
        data = await self._data(places.RECORD_FILE, layout.SLOT_BYTES)
        self._count = await self._counted()
        return self._understand(seen.uid, data, self._count)

    async def read_lease(self) -> CardLease | None:
        """Return what the card carries, which `read` has just understood.

        None is for cards from before there were leases: they have three keys for ever, and so no
        place for one.
        """
        try:
            left_points = await self._left_points()
        except StatusRefused as error:
            if error.status != desfire.NO_SUCH_FILE:
                raise
            self._count = None  # The refusal has ended the session.
            return None
        certificate = await self._data(places.CERTIFICATE_FILE, CERTIFICATE_BYTES)
        return CardLease(certificate=certificate, left_points=left_points)

    async def write(self, card: MemberCard, slot: layout.Slot) -> bool:
        """Write the slot and count, in one transaction, whose answer proves that it holds."""
        return await self._write(card, slot, None, b"")

    async def write_with_lease(
        self, card: MemberCard, slot: layout.Slot, lease: CardLease, credit_key: bytes
    ) -> bool:
        """Write what `lease` is to be as well; for more points than before, with `credit_key`."""
        return await self._write(card, slot, lease, credit_key)

    async def personalise(
        self, seen: CardSeen, slot: layout.Slot, issuer: IssuerKeys | None = None
    ) -> Foreign | WrongKey | None:
        """Make the blank card ours.

        Raises:
            ValueError: nobody has given the keys of its issuer.
        """
        return await self._issue(seen.uid, issuer).personalise(seen.uid, slot)

    async def wipe(self, seen: CardSeen) -> WrongKey | None:
        """Delete our application; without the keys of its issuer a card is locked for us."""
        self._count = None
        if self._keys.issuer_of(seen.uid, places.APPLICATION) is None:
            return WrongKey(seen.uid)
        return await self._issue(seen.uid, None).wipe(seen.uid)

    def _issue(self, uid: bytes, issuer: IssuerKeys | None) -> DesfireIssue:
        self._count = None
        issuer = issuer or self._keys.issuer_of(uid, places.APPLICATION)
        if issuer is None:
            raise ValueError(f"no issuer's keys for card {uid.hex()}")
        return DesfireIssue(self._card, self._keys, issuer, ev1=self._ev1)

    async def _tell_blank(self, uid: bytes) -> Blank | WrongKey:
        is_blank = await is_opened(self._card, SPEND, desfire.FACTORY_KEY, ev1=self._ev1)
        return Blank(uid) if is_blank else WrongKey(uid)

    async def _write(
        self, card: MemberCard, slot: layout.Slot, lease: CardLease | None, credit_key: bytes
    ) -> bool:
        key = (CREDIT, credit_key)
        if not credit_key:
            key = (SPEND, places.key_of(self._keys, card.uid, SPEND))
        if self._count is not None:
            try:
                if credit_key:
                    await self._prove(*key)
                return await self._advance(card, slot, lease, self._count)
            except CardRefused:  # The session is gone; nothing was committed.
                self._count = None
        await self._card.select(places.APPLICATION)
        await self._prove(*key)
        return await self._advance(card, slot, lease, await self._counted())

    async def _advance(
        self, card: MemberCard, slot: layout.Slot, lease: CardLease | None, count: int
    ) -> bool:
        """Write `slot` and count up to it; what fails before the last command changes nothing."""
        data = layout.pack(slot, card.uid, 1 - card.slot, self._keys.seal_key)
        change = Change(slot=data, steps=slot.counter - count)
        if lease is not None:
            change = Change(
                slot=data,
                steps=slot.counter - count,
                certificate=lease.certificate,
                more_points=lease.left_points - await self._left_points(),
            )
        await commit(self._card, change)
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

    async def _left_points(self) -> int:
        value = await self._card.command(desfire.GET_VALUE, bytes([places.LEASE_FILE]))
        left_points = places.points(value)
        if left_points is None:
            raise CardGone(f"lease of {value.hex()}, wanted four bytes and nothing below zero")
        return left_points

    async def _data(self, file: int, length: int) -> bytes:
        data = await self._card.command(desfire.READ_DATA, places.section(file, length))
        if len(data) != length:
            raise CardGone(f"file {file} of {len(data)} bytes, wanted {length}")
        return data

    async def _prove(self, number: int, key: bytes) -> None:
        await self._card.authenticate(number, key, ev1=self._ev1)

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
