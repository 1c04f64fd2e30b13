"""Making an NTAG 21x or Ultralight EV1 one of our cards, and making it blank again.

The page of settings from which on the chip is protected is the mark of a finished card:
personalising writes it last and wiping takes it away first. Before that the password is on the
card, and has opened it: so a card pulled away in the middle is told from somebody else's by our
password, counts as blank, and can simply be done again.
"""

from device.nfc import ndef, ntag
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import Blank, Foreign, WrongKey
from device.nfc.cards.ntag_card import NtagCard
from device.nfc.reader import CardRefused, Reader
from loyalty import card as layout

SLOT_PAGES = layout.SLOT_BYTES // ntag.PAGE_BYTES
_RECORD_PAGES = layout.SLOTS * SLOT_PAGES


def is_protected_like_ours(around: bytes, uid: bytes) -> bool:
    """Return whether READ of the page before our slots met protection right behind it.

    The chip then went on from page 0, where its UID stands with a check byte after the third.
    """
    return around[4:7] == uid[:3] and around[8:12] == uid[3:]


def protection(model: ntag.Model) -> bytes:
    """Return from which page on one of our cards is protected, and how.

    Wrong passwords are not limited: with a limit anybody with a phone could lock a member's card
    for ever, and so could a terminal that was given the wrong file of keys.
    """
    return bytes(
        [model.slots, ntag.PROTECT_READING | (ntag.COUNT_TAPS if model.counts_taps else 0)]
    )


class NtagIssue:
    """The selected card `uid`, a chip of `model`, on its way between blank and ours."""

    def __init__(self, reader: Reader, keys: CardKeys, uid: bytes, model: ntag.Model) -> None:
        self._reader = reader
        self._keys = keys
        self._uid = uid
        self._model = model
        self._card = NtagCard(reader, model)

    async def tell_blank(self) -> Blank | Foreign | WrongKey:
        """Return what a card is that is not protected as ours are."""
        try:
            settings = await self._card.read_four(self._model.settings)
            locks = (await self._card.read_four(ntag.LOCK_PAGE))[2:4]
            locks += (await self._card.read_four(self._model.locks))[:3]
            record = await self._card.read_pages(self._model.slots, _RECORD_PAGES)
        except CardRefused:  # Protected by somebody, further behind.
            await self._reader.reselect()
            return Foreign(self._uid)
        if any(locks) or settings[ntag.PAGE_BYTES] & ntag.SETTINGS_LOCKED:
            return WrongKey(self._uid)
        if settings[3] != ntag.NEVER_PROTECTED:
            return Foreign(self._uid)
        if any(record) and not await self._card.opens(*self._keys.of_pages(self._uid)):
            return Foreign(self._uid)
        return Blank(self._uid)

    async def personalise(self, slot: layout.Slot) -> Foreign | WrongKey | None:
        """Make the card ours, with `slot` as its first state."""
        try:
            return await self._personalise(slot)
        except CardRefused:
            await self._reader.reselect()
            return WrongKey(self._uid)

    async def wipe(self) -> Foreign | WrongKey | None:
        """Take the mark off first, then all else that is ours."""
        around = await self._card.read_four(self._model.slots - 1)
        if is_protected_like_ours(around, self._uid):
            if not await self._card.opens(*self._keys.of_pages(self._uid)):
                return WrongKey(self._uid)
        else:
            found = await self.tell_blank()
            if not isinstance(found, Blank):
                return found
        await self._protect(from_page=ntag.NEVER_PROTECTED, access=0)
        front_pages = self._model.slots - ntag.FRONT_PAGE
        there = await self._card.read_pages(ntag.FRONT_PAGE, front_pages + _RECORD_PAGES)
        as_new = self._model.front + bytes(layout.SLOTS * layout.SLOT_BYTES)
        await self._card.write_pages(ntag.FRONT_PAGE, as_new, there)
        if not await self._card.opens(ntag.FACTORY_PASSWORD, ntag.FACTORY_ANSWER):
            await self._set_password(ntag.FACTORY_PASSWORD, ntag.FACTORY_ANSWER)
        return None

    async def _personalise(self, slot: layout.Slot) -> Foreign | WrongKey | None:
        around = await self._card.read_four(self._model.slots - 1)
        if is_protected_like_ours(around, self._uid):
            return WrongKey(self._uid)
        found = await self.tell_blank()
        if not isinstance(found, Blank):
            return found
        password, answer = self._keys.of_pages(self._uid)
        await self._set_password(password, answer)
        if not await self._card.opens(password, answer):
            return WrongKey(self._uid)
        await self._write_front()
        if not self._model.counts_taps:
            slot = await self._count_first(slot)
        record = layout.pack(slot, self._uid, 0, self._keys.seal_key) + bytes(layout.SLOT_BYTES)
        there = await self._card.read_pages(self._model.slots, _RECORD_PAGES)
        await self._card.write_pages(self._model.slots, record, there)
        if await self._card.read_pages(self._model.slots, _RECORD_PAGES) != record:
            return WrongKey(self._uid)
        from_page, access = protection(self._model)
        await self._protect(from_page=from_page, access=access)
        return None

    async def _count_first(self, slot: layout.Slot) -> layout.Slot:
        """Count one up, or up to `slot`; return `slot` with the counter that the chip has then."""
        now = await self._card.counted()
        goal = max(slot.counter, now + 1)
        await self._card.count_to(goal, now)
        return layout.Slot(goal, slot.member, slot.op_digest, slot.rewrites)

    async def _set_password(self, password: bytes, answer: bytes) -> None:
        await self._card.write_pages(self._model.settings + 3, answer + bytes(2))
        await self._card.write_pages(self._model.settings + 2, password)

    async def _protect(self, *, from_page: int, access: int) -> None:
        """Protect the chip from a page on; that page is written last, or first to take it away."""
        there = (await self._card.read_four(self._model.settings))[: 2 * ntag.PAGE_BYTES]
        first = there[:3] + bytes([from_page])
        second = bytes([access]) + there[5:]
        order = [(0, first), (1, second)]
        if from_page != ntag.NEVER_PROTECTED:
            order.reverse()
        for at, page in order:
            held = there[at * ntag.PAGE_BYTES : (at + 1) * ntag.PAGE_BYTES]
            await self._card.write_pages(self._model.settings + at, page, held)

    async def _write_front(self) -> None:
        """Write what a phone opens, if the chip has room for it."""
        room = (self._model.slots - ntag.FRONT_PAGE) * ntag.PAGE_BYTES
        front = ntag.front_with(ndef.url_message(self._keys.tap_url), room)
        if front is None:
            return
        there = await self._card.read_pages(ntag.FRONT_PAGE, room // ntag.PAGE_BYTES)
        await self._card.write_pages(ntag.FRONT_PAGE, front, there)
        if self._model.capability:
            await self._card.write_pages(ntag.CAPABILITY_PAGE, self._model.capability)
