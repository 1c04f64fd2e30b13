"""Our record on a MIFARE Classic: reads it, and writes its next state.

The sealed slot is written first and the counter follows it, so that a card pulled away between the
two is one step behind its slot; the next write counts first. Of the counter's two value blocks the
one that counts further is never touched: one less than it is transferred over the other. So a torn
transfer spoils what was spare, and the next one puts it right with key A alone.
"""

from dataclasses import dataclass

from device.nfc import classic
from device.nfc.cards import classic_layout as places
from device.nfc.cards.classic_card import ClassicCard
from device.nfc.cards.classic_check import access_findings, directory_findings
from device.nfc.cards.classic_issue import ClassicIssue
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import (
    STEPS_OF_A_TEAR,
    BadSeal,
    Blank,
    Copied,
    Foreign,
    MemberCard,
    Refusal,
    RolledBack,
    Worn,
    WrongKey,
    member_card,
)
from device.nfc.cards.record_store import Finding
from device.nfc.cards.slot_findings import counter_findings, slot_findings
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused, CardSeen, Reader
from loyalty import card as layout


@dataclass(frozen=True, slots=True)
class _Memory:
    """What was read of a card: its slots, and where its value blocks stand, None for a torn one.

    `open_slot` is the slot whose sector was opened last, and with key B: it can be written at once.
    """

    slots: tuple[bytes, bytes]
    counts: tuple[int | None, int | None]
    open_slot: int | None = None


class ClassicRecord:
    """`RecordStore` of MIFARE Classic cards."""

    def __init__(self, reader: Reader, keys: CardKeys, sak: int) -> None:
        """Work on `reader`, which must be open, with the keys of this programme."""
        self.kind = "classic4k" if sak == classic.SAK_4K else "classic1k"
        self._reader = reader
        self._keys = keys
        self._memory: _Memory | None = None  # As it is known to be since it was read last.
        self._blank: Blank | None = None  # The card that was read last, if it was blank.

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the card states, or why it is refused."""
        self._memory = self._blank = None
        try:
            self._memory = await self._read(seen.uid)
        except AuthenticationFailed:
            await self._reader.reselect()
            found = await self._issue(seen.uid).tell_blank()
            self._blank = found if isinstance(found, Blank) else None
            return found
        except CardRefused:
            return WrongKey(seen.uid)
        return self._understand(seen.uid, self._memory)

    async def write(self, card: MemberCard, slot: layout.Slot) -> bool:
        """Write the blocks of the other slot that differ, the sealed one last; then count.

        A card that does not state any more what the caller knows is left as it is.
        """
        memory = await self._read(card.uid) if self._memory is None else self._memory
        self._memory = None
        if self._understand(card.uid, memory) != card:
            return False
        chip = ClassicCard(self._reader, card.uid)
        counts, number = memory.counts, 1 - card.slot
        is_open = memory.open_slot == number
        if max(it for it in counts if it is not None) < card.counter:
            counts = await self._count(chip, card.uid, counts, card.counter)
            if not await self._holds(chip, counts):
                return False
            is_open = False
        data = layout.pack(slot, card.uid, number, self._keys.seal_key)
        changed = _changed(places.SLOT_SECTORS[number], memory.slots[number], data)
        if not await self._write_slot(chip, card.uid, number, changed, is_open=is_open):
            return False
        counts = await self._count(chip, card.uid, counts, slot.counter)
        slots = (memory.slots[0], data) if number else (data, memory.slots[1])
        self._memory = _Memory(slots, counts)
        return True

    async def personalise(self, seen: CardSeen, slot: layout.Slot) -> Foreign | WrongKey | None:
        """Make the blank card `seen` ours; a card with a past is refused."""
        issue = self._issue(seen.uid)
        if self._blank != Blank(seen.uid):
            found = await issue.tell_blank()
            if not isinstance(found, Blank):
                return found
        self._memory = self._blank = None
        first = layout.pack(slot, seen.uid, 0, self._keys.seal_key)
        return await issue.personalise(first, slot.counter)

    async def wipe(self, seen: CardSeen) -> WrongKey | None:
        """Empty our sectors and give them their transport keys."""
        self._memory = self._blank = None
        return await self._issue(seen.uid).wipe()

    async def check(self, seen: CardSeen) -> list[Finding]:
        """Return what is noteworthy about the card, which `read` has just understood."""
        memory = await self._read(seen.uid) if self._memory is None else self._memory
        values = zip(places.VALUE_BLOCKS, memory.counts, strict=True)
        counted = max(it for it in memory.counts if it is not None)
        return [
            *(
                Finding(f"value block {block} is broken; the next write puts it right")
                for block, count in values
                if count is None
            ),
            *counter_findings(counted, memory.slots, seen.uid, self._keys.seal_key),
            *slot_findings(memory.slots, seen.uid, self._keys.seal_key),
            *await access_findings(self._reader, self._keys, seen.uid),
            *await directory_findings(
                self._reader, self._keys, seen.uid, is_4k=self.kind == "classic4k"
            ),
        ]

    async def mend(self, seen: CardSeen) -> bool:
        """Write both value blocks anew, with key B, if neither is whole."""
        memory, self._memory = await self._read(seen.uid), None
        slot = layout.survey(*memory.slots, seen.uid, self._keys.seal_key).slot
        if slot is None or memory.counts != (None, None):
            return False
        chip = ClassicCard(self._reader, seen.uid)
        key = places.key_b_of(self._keys, seen.uid, places.COUNTER_SECTOR)
        await chip.authenticate(places.VALUE_BLOCKS[0], key, key_b=True)
        value = places.value_block(slot.counter)
        await chip.write_blocks(places.VALUE_BLOCKS, value + value)
        return await self._holds(chip, (slot.counter, slot.counter))

    def _issue(self, uid: bytes) -> ClassicIssue:
        return ClassicIssue(self._reader, self._keys, uid, is_4k=self.kind == "classic4k")

    async def _read(self, uid: bytes) -> _Memory:
        chip = ClassicCard(self._reader, uid)
        await self._open(chip, uid, places.COUNTER_SECTOR)
        first, second = places.VALUE_BLOCKS
        counts = (
            places.counted(await chip.read_block(first)),
            places.counted(await chip.read_block(second)),
        )
        # Writes take slots and value blocks in turns: so the slot that is written next is known
        # already. It is read last and with key B, which spares its write an authentication.
        current = _ahead(counts)
        held = await self._read_slot(chip, uid, current)
        spare = await self._read_slot(chip, uid, 1 - current, key_b=True)
        slots = (spare, held) if current else (held, spare)
        return _Memory(slots, counts, open_slot=1 - current)

    async def _read_slot(
        self, chip: ClassicCard, uid: bytes, number: int, *, key_b: bool = False
    ) -> bytes:
        sector = places.SLOT_SECTORS[number]
        await self._open(chip, uid, sector, key_b=key_b)
        return await chip.read_blocks(classic.data_blocks(sector))

    async def _open(
        self, chip: ClassicCard, uid: bytes, sector: int, *, key_b: bool = False
    ) -> None:
        key_of = places.key_b_of if key_b else places.key_a_of
        key = key_of(self._keys, uid, sector)
        await chip.authenticate(classic.first_block(sector), key, key_b=key_b)

    def _understand(self, uid: bytes, memory: _Memory) -> MemberCard | Refusal:
        contents = layout.survey(*memory.slots, uid, self._keys.seal_key)
        if contents.slot is None or contents.number is None:
            return BadSeal(uid)
        counts = [it for it in memory.counts if it is not None]
        if not counts:
            return Worn(uid)
        if max(counts) > contents.slot.counter:
            return RolledBack(uid)
        if max(counts) < contents.slot.counter - STEPS_OF_A_TEAR:
            return Copied(uid)
        torn = contents.state == layout.TORN
        return member_card(uid, self.kind, contents.slot, contents.number, torn=torn)

    async def _write_slot(
        self,
        chip: ClassicCard,
        uid: bytes,
        number: int,
        blocks: list[tuple[int, bytes]],
        *,
        is_open: bool,
    ) -> bool:
        """Write `blocks` of a slot and return whether they hold."""
        if is_open:
            try:
                return await _write_and_read_back(chip, blocks)
            except (CardGone, CardRefused):  # Somebody selected it anew, since it was read.
                await self._reader.reselect()
        await self._open(chip, uid, places.SLOT_SECTORS[number], key_b=True)
        return await _write_and_read_back(chip, blocks)

    async def _count(
        self, chip: ClassicCard, uid: bytes, counts: tuple[int | None, int | None], goal: int
    ) -> tuple[int | None, int | None]:
        """Count up to `goal` in the block that is behind; return where both stand then."""
        ahead = _ahead(counts)
        now = counts[ahead]
        assert now is not None
        await self._open(chip, uid, places.COUNTER_SECTOR)
        await chip.lower_value(
            places.VALUE_BLOCKS[ahead], goal - now, into=places.VALUE_BLOCKS[1 - ahead]
        )
        return (goal, now) if ahead else (now, goal)

    async def _holds(self, chip: ClassicCard, counts: tuple[int | None, int | None]) -> bool:
        """Return whether the value blocks stand as they should; their sector must be open."""
        blocks = [await chip.read_block(block) for block in places.VALUE_BLOCKS]
        return [places.counted(it) for it in blocks] == list(counts)


def _ahead(counts: tuple[int | None, int | None]) -> int:
    """Return which of the value blocks counts further, the first if neither does."""
    first, second = (-1 if it is None else it for it in counts)
    return 1 if second > first else 0


def _changed(sector: int, old: bytes, new: bytes) -> list[tuple[int, bytes]]:
    """Return the data blocks of `sector` that differ, each with what it is to hold."""
    size = classic.BLOCK_BYTES
    return [
        (block, new[at : at + size])
        for block, at in zip(classic.data_blocks(sector), range(0, len(new), size), strict=True)
        if new[at : at + size] != old[at : at + size]
    ]


async def _write_and_read_back(chip: ClassicCard, blocks: list[tuple[int, bytes]]) -> bool:
    for block, new in blocks:
        await chip.write_block(block, new)
    for block, new in blocks:
        if await chip.read_block(block) != new:
            return False
    return True
