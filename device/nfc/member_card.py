"""Our card on a reader: reads what it states and writes what comes next.

Slot 0 is sector 1 and slot 1 is sector 2. Key A reads, key B writes, and each card has its own.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

from device.errors import DeviceError
from device.nfc import classic
from device.nfc.aes import encrypt_block
from device.nfc.reader import AuthenticationFailed, CardRefused, CardSeen, Reader
from loyalty import card as layout
from loyalty.keys import classic_key

SECTORS = (1, 2)  # Of slot 0 and of slot 1.


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKeys:
    """The secrets a terminal holds for cards: 16 bytes that keys come from, and the seal key."""

    master: bytes = field(repr=False)
    seal_key: bytes = field(repr=False)

    def of_sector(self, uid: bytes, sector: int, name: str) -> bytes:
        """Return key `name` ("A" or "B") of `sector` on the card `uid`."""
        return classic_key(self.master, uid, sector, name, encrypt_block)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCard:
    """What one of our cards states; `torn` says that its other slot holds an unfinished write."""

    uid: bytes
    member: str
    counter: int
    slot: int
    rewrites: int
    op_digest: bytes
    torn: bool


@dataclass(frozen=True, slots=True)
class Blank:
    """A card with transport keys: nobody's yet, or its personalisation did not finish."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class Foreign:
    """A card of a kind that we never hand out."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class WrongKey:
    """A card of our kind that neither our keys nor transport keys open."""

    uid: bytes


@dataclass(frozen=True, slots=True)
class BadSeal:
    """A card that our keys open and on which no slot carries our seal: altered, or misprinted."""

    uid: bytes


Refusal = Blank | Foreign | WrongKey | BadSeal


class Outcome(Enum):
    """How a write ended: seen on the card, seen not to be on it, or not seen."""

    DONE = "done"
    TORN = "torn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The outcome of a write, and what the card states now where that was seen."""

    outcome: Outcome
    card: MemberCard | None


class MemberCards:
    """Our cards, one at a time, on one reader."""

    def __init__(self, reader: Reader, keys: CardKeys) -> None:
        """Work on `reader`, which must be open, with the keys of this programme."""
        self._reader = reader
        self._keys = keys
        self._slots: tuple[bytes, bytes] | None = None  # As last read, to write only what differs.

    async def wait(self, timeout_s: float) -> MemberCard | Refusal | None:
        """Return what the next card states, or why it is refused, or None after `timeout_s`.

        Raises:
            CardGone: the card left before it was read; ask for it again.
            LinkLost, ReaderSilent: the reader failed.
        """
        seen = await self._reader.wait_for_card(timeout_s)
        return None if seen is None else await self.read(seen)

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the selected card states, or why it is refused; raises as `wait` does."""
        self._slots = None
        if seen.sak != classic.SAK_1K:
            return Foreign(seen.uid)
        try:
            self._slots = (await self._read_slot(seen.uid, 0), await self._read_slot(seen.uid, 1))
        except AuthenticationFailed:
            return await self._tell_blank(seen.uid)
        except CardRefused:
            return WrongKey(seen.uid)
        return _understand(seen.uid, self._slots, self._keys.seal_key)

    async def write(
        self, card: MemberCard, *, counter: int, op_digest: bytes, rewrites: int
    ) -> Written:
        """Write the next state of `card`, which was read last and is still selected, and check it.

        The previous state stays readable whatever happens. TORN and UNKNOWN are answers, not
        exceptions: a card that has gone, or a reader that fails, leaves the outcome UNKNOWN.

        Raises:
            ValueError: `counter` does not rise, or a field is out of its limits.
        """
        if counter <= card.counter:
            raise ValueError(f"counter {counter}, wanted more than {card.counter}")
        number = 1 - card.slot
        slot = layout.Slot(counter, card.member, op_digest, rewrites)
        wanted = member_card(card.uid, slot, number, torn=False)
        data = layout.pack(slot, card.uid, number, self._keys.seal_key)
        with suppress(DeviceError):
            if await self._replace(card.uid, number, data):
                return Written(outcome=Outcome.DONE, card=wanted)
        return await self.find_out(card.uid, wanted)

    async def find_out(self, uid: bytes, wanted: MemberCard) -> Written:
        """Select and read the card again to learn how a write of `wanted` ended."""
        try:
            await self._reader.reselect()
            now = await self.read(CardSeen(uid=uid, atqa=b"", sak=classic.SAK_1K))
        except DeviceError:
            return Written(outcome=Outcome.UNKNOWN, card=None)
        if now == wanted:
            return Written(outcome=Outcome.DONE, card=wanted)
        if isinstance(now, Blank):
            return Written(outcome=Outcome.TORN, card=None)
        if isinstance(now, MemberCard) and now.counter < wanted.counter:
            return Written(outcome=Outcome.TORN, card=now)
        return Written(outcome=Outcome.UNKNOWN, card=None)

    async def _read_slot(self, uid: bytes, number: int) -> bytes:
        sector = SECTORS[number]
        await self._reader.authenticate(sector * 4, self._keys.of_sector(uid, sector, "A"))
        read = self._reader.read_block
        first, second, third = classic.data_blocks(sector)
        return await read(first) + await read(second) + await read(third)

    async def _tell_blank(self, uid: bytes) -> Blank | WrongKey:
        await self._reader.reselect()
        try:
            await self._reader.authenticate(SECTORS[0] * 4, classic.TRANSPORT_KEY)
        except AuthenticationFailed:
            return WrongKey(uid)
        return Blank(uid)

    async def _replace(self, uid: bytes, number: int, data: bytes) -> bool:
        """Write the blocks of a slot that differ, the sealed one last; return whether they hold."""
        sector = SECTORS[number]
        key = self._keys.of_sector(uid, sector, "B")
        await self._reader.authenticate(sector * 4, key, key_b=True)
        there = None if self._slots is None else blocks(self._slots[number])
        self._slots = None
        wanted = zip(classic.data_blocks(sector), blocks(data), strict=True)
        changed = [
            (block, new)
            for at, (block, new) in enumerate(wanted)
            if there is None or there[at] != new
        ]
        for block, new in changed:
            await self._reader.write_block(block, new)
        for block, new in changed:
            if await self._reader.read_block(block) != new:
                return False
        return True


def member_card(uid: bytes, slot: layout.Slot, number: int, *, torn: bool) -> MemberCard:
    """Return what a card states whose current slot, `number`, is `slot`."""
    return MemberCard(
        uid=uid,
        member=slot.member,
        counter=slot.counter,
        slot=number,
        rewrites=slot.rewrites,
        op_digest=slot.op_digest,
        torn=torn,
    )


def blocks(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the three blocks of a slot."""
    return data[:16], data[16:32], data[32:]


def _understand(uid: bytes, slots: tuple[bytes, bytes], seal_key: bytes) -> MemberCard | BadSeal:
    contents = layout.survey(slots[0], slots[1], uid, seal_key)
    if contents.slot is None or contents.number is None:
        return BadSeal(uid)
    torn = contents.state == layout.TORN
    return member_card(uid, contents.slot, contents.number, torn=torn)
