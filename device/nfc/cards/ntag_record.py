"""Our record on an NTAG 213, 215 or 216 and on the larger Ultralight EV1 (MF0UL21).

    page 4 on            what a phone opens, readable by all
    12 pages             slot 0, behind the card's own password, as is all that follows
    12 pages             slot 1

An Ultralight EV1 counts our writes in its one-way counter 0, after the slot, as a MIFARE Classic
does. An NTAG counts by itself how often it was tapped; the slot notes where that stood, and a chip
that has counted less is not the one we wrote to.

A card that does not look like ours is never tried with our password: somebody else's may count
wrong ones, and lock itself for ever after a few.
"""

from dataclasses import dataclass

from device.nfc import ntag
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import (
    STEPS_OF_A_TEAR,
    BadSeal,
    Copied,
    Foreign,
    MemberCard,
    Refusal,
    RolledBack,
    WrongKey,
    member_card,
)
from device.nfc.cards.ntag_card import NtagCard
from device.nfc.cards.ntag_issue import (
    SLOT_PAGES,
    NtagIssue,
    is_protected_like_ours,
    protection,
)
from device.nfc.cards.record_store import Finding
from device.nfc.cards.slot_findings import counter_findings, slot_findings
from device.nfc.reader import CardRefused, CardSeen, Reader
from loyalty import card as layout


@dataclass(frozen=True, slots=True)
class _Memory:
    """What was read of a card: its slots and its counter."""

    slots: tuple[bytes, bytes]
    counted: int


class NtagRecord:
    """`RecordStore` of NTAG 21x and Ultralight EV1 cards."""

    def __init__(self, reader: Reader, keys: CardKeys, model: ntag.Model) -> None:
        """Work on `reader`, which must be open, with the keys of this programme."""
        self.kind = model.kind
        self._reader = reader
        self._keys = keys
        self._model = model
        self._card = NtagCard(reader, model)
        self._memory: _Memory | None = None  # As it is known to be since it was read last.

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the card states, or why it is refused."""
        self._memory = None
        try:
            around = await self._card.read_four(self._model.slots - 1)
        except CardRefused:  # Protected from an earlier page on than ours is.
            await self._reader.reselect()
            return Foreign(seen.uid)
        if not is_protected_like_ours(around, seen.uid):
            return await self._issue(seen.uid).tell_blank()
        if not await self._card.opens(*self._keys.of_pages(seen.uid)):
            return WrongKey(seen.uid)
        try:
            self._memory = await self._read()
        except CardRefused:  # Its settings are not as we left them: it counts no taps.
            return Copied(seen.uid)
        return self._understand(seen.uid, self._memory)

    async def write(self, card: MemberCard, slot: layout.Slot) -> bool:
        """Write the pages of the other slot that differ, the sealed ones last; then count."""
        memory, self._memory = self._memory, None
        if not await self._card.opens(*self._keys.of_pages(card.uid)):
            return False
        memory = await self._read() if memory is None else memory
        counted = memory.counted
        if not self._model.counts_taps and counted < card.counter:
            if not await self._card.count_to(card.counter, counted):
                return False
            counted = card.counter
        number = 1 - card.slot
        stated = self._with_taps(slot, counted)
        data = layout.pack(stated, card.uid, number, self._keys.seal_key)
        first = self._model.slots + number * SLOT_PAGES
        await self._card.write_pages(first, data, memory.slots[number])
        if await self._card.read_pages(first, SLOT_PAGES) != data:
            return False
        if not self._model.counts_taps:
            if not await self._card.count_to(slot.counter, counted):
                return False
            counted = slot.counter
        slots = (memory.slots[0], data) if number else (data, memory.slots[1])
        self._memory = _Memory(slots, counted)
        return True

    async def personalise(self, seen: CardSeen, slot: layout.Slot) -> Foreign | WrongKey | None:
        """Make the blank card `seen` ours; its counter goes on where it stands."""
        self._memory = None
        return await self._issue(seen.uid).personalise(slot)

    async def wipe(self, seen: CardSeen) -> Foreign | WrongKey | None:
        """Empty the card and take our password off it; what counts one way stays counted."""
        self._memory = None
        return await self._issue(seen.uid).wipe()

    async def check(self, seen: CardSeen) -> list[Finding]:
        """Return what is noteworthy about the card, which `read` has just understood."""
        if not await self._card.opens(*self._keys.of_pages(seen.uid)):
            return [Finding("our password does not open it any more")]
        memory = await self._read()
        findings = slot_findings(memory.slots, seen.uid, self._keys.seal_key)
        if not self._model.counts_taps:
            key = self._keys.seal_key
            findings += counter_findings(memory.counted, memory.slots, seen.uid, key)
        settings = await self._card.read_four(self._model.settings)
        held, wanted = settings[3:5], protection(self._model)
        if held != wanted:
            findings.append(Finding(f"protection is set to {held.hex()}, wanted {wanted.hex()}"))
        return findings

    async def mend(self, seen: CardSeen) -> bool:
        """Do nothing: no part of such a card keeps the others from being read."""
        return False

    def _issue(self, uid: bytes) -> NtagIssue:
        return NtagIssue(self._reader, self._keys, uid, self._model)

    async def _read(self) -> _Memory:
        data = await self._card.read_pages(self._model.slots, layout.SLOTS * SLOT_PAGES)
        slots = (data[: layout.SLOT_BYTES], data[layout.SLOT_BYTES :])
        return _Memory(slots, await self._card.counted())

    def _with_taps(self, slot: layout.Slot, counted: int) -> layout.Slot:
        if not self._model.counts_taps:
            return slot
        return layout.Slot(slot.counter, slot.member, slot.op_digest, slot.rewrites, counted)

    def _understand(self, uid: bytes, memory: _Memory) -> MemberCard | Refusal:
        contents = layout.survey(*memory.slots, uid, self._keys.seal_key)
        slot = contents.slot
        if slot is None or contents.number is None:
            return BadSeal(uid)
        if self._model.counts_taps:
            # In one stay on the reader taps are counted once, so equal is no copy.
            is_copy, is_older = memory.counted < slot.taps, False
        else:
            is_copy = memory.counted < slot.counter - STEPS_OF_A_TEAR
            is_older = memory.counted > slot.counter
        if is_older:
            return RolledBack(uid)
        if is_copy:
            return Copied(uid)
        torn = contents.state == layout.TORN
        return member_card(uid, self.kind, slot, contents.number, torn=torn)
