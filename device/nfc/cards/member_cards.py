"""Our cards on a reader, of whatever kind: reads what they state, writes what comes next."""

from contextlib import suppress
from dataclasses import replace

from device.errors import DeviceError
from device.nfc.cards.card_lease import NO_LEASE, CardLease
from device.nfc.cards.keys import CardKeys, IssuerKeys
from device.nfc.cards.kinds import store_for
from device.nfc.cards.member_card import (
    Blank,
    Foreign,
    MemberCard,
    Outcome,
    Refusal,
    Written,
    WrongKey,
    member_card,
)
from device.nfc.cards.record_store import LeaseStore, RecordStore
from device.nfc.reader import CardSeen, Reader
from loyalty import card as layout

FIRST_COUNTER = 1
FIRST_WRITES_MAX = 2  # A card that is blank still after a refusal may have met noise.
BEHIND_S = 0.05  # For another card, once a foreign one was found; both are there already.


class MemberCards:
    """Our cards, one at a time, on one reader."""

    def __init__(self, reader: Reader, keys: CardKeys, *, with_leases: bool = False) -> None:
        """Work on `reader`, which must be open, with the keys of this programme.

        With `with_leases` a read also tells what the card carries. That takes some 20 ms, which
        somebody who holds the card in their hand is spared.
        """
        self._reader = reader
        self._keys = keys
        self._with_leases = with_leases
        self._store: RecordStore | None = None
        self._seen: CardSeen | None = None

    @property
    def kind(self) -> str:
        """The kind of the card that was read last; empty for one that none of our stores knows."""
        return "" if self._store is None else self._store.kind

    async def wait(self, timeout_s: float) -> MemberCard | Refusal | None:
        """Return what the next card states, or why it is refused, or None after `timeout_s`.

        Raises:
            CardGone: the card left before it was read; ask for it again.
            LinkLost, ReaderSilent: the reader failed.
        """
        seen = await self._reader.wait_for_card(timeout_s)
        if seen is None:
            return None
        found = await self.read(seen)
        return await self._behind(found) if isinstance(found, Foreign) else found

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the selected card states, or why it is refused; raises as `wait` does.

        Readers take noise on the air for a refusal, so nobody is turned away for one of those.
        Cards of 14443-4 are spared a second look: their blocks are repeated where they are damaged,
        and some count vain proofs of a key.
        """
        found = await self._look(seen)
        if isinstance(found, MemberCard | Blank) or self._store is None or seen.ats:
            return found
        await self._reader.reselect()
        return await self._look(seen)

    async def write(
        self,
        card: MemberCard,
        *,
        counter: int,
        op_digest: bytes,
        rewrites: int,
        lease: CardLease | None = None,
        credit_key: bytes = b"",
    ) -> Written:
        """Write the next state of `card`, which was read last and is still selected, and check it.

        With `lease` that is what the card carries afterwards; more points than it has now take its
        `credit_key`.

        The previous state stays readable whatever happens. TORN and UNKNOWN are answers, not
        exceptions: a card that has gone, or a reader that fails, leaves the outcome UNKNOWN.

        Raises:
            ValueError: `counter` does not rise, or a field is out of its limits.
        """
        if counter <= card.counter:
            raise ValueError(f"counter {counter}, wanted more than {card.counter}")
        slot = layout.Slot(counter, card.member, op_digest, rewrites)
        wanted = member_card(card.uid, card.kind, slot, 1 - card.slot, torn=False)
        wanted = replace(wanted, lease=lease or card.lease)
        if self._store is None or self._seen is None or self._seen.uid != card.uid:
            return Written(outcome=Outcome.UNKNOWN, card=None)
        with suppress(DeviceError):
            if await self._written(self._store, card, slot, lease, credit_key):
                return Written(outcome=Outcome.DONE, card=wanted)
        return await self._find_out(wanted)

    async def personalise(
        self,
        seen: CardSeen,
        *,
        member: str,
        op_digest: bytes,
        counter: int = FIRST_COUNTER,
        issuer: IssuerKeys | None = None,
    ) -> Written | Foreign | WrongKey:
        """Make the selected blank card `seen` the card of `member`; one with a past is refused.

        `counter` is where its writes are counted from, or from above it if the chip cannot go back.
        A card that may carry a lease takes the keys of its `issuer`, where ours do not know them.

        The outcome is as for `write`; TORN without a card means that it is blank still.

        Raises:
            ValueError: a field is out of its limits, or the issuer's keys are not known.
        """
        slot = layout.Slot(counter, member, op_digest, 0)
        refused: Foreign | WrongKey | None = None
        for _ in range(FIRST_WRITES_MAX):
            refused = await self._made_ours(seen, slot, issuer)
            wanted = member_card(seen.uid, self.kind, slot, 0, torn=False)
            if self._with_leases and isinstance(self._store, LeaseStore):
                wanted = replace(wanted, lease=NO_LEASE)
            ended = await self._find_out(wanted, is_first=True)
            if refused is None or ended.outcome is not Outcome.TORN:
                break
        return ended if refused is None or ended.outcome is Outcome.DONE else refused

    async def _made_ours(
        self, seen: CardSeen, slot: layout.Slot, issuer: IssuerKeys | None
    ) -> Foreign | WrongKey | None:
        """Return why `seen` is not made ours; None if it was, or nobody knows."""
        with suppress(DeviceError):
            if self._store is None or self._seen != seen:
                self._seen, self._store = seen, None
                self._store = await store_for(self._reader, self._keys, seen)
            if self._store is None:
                return Foreign(seen.uid)
            if isinstance(self._store, LeaseStore):
                return await self._store.personalise(seen, slot, issuer)
            return await self._store.personalise(seen, slot)
        return None

    async def _look(self, seen: CardSeen) -> MemberCard | Refusal:
        self._seen, self._store = seen, await store_for(self._reader, self._keys, seen)
        if self._store is None:
            return Foreign(seen.uid)
        found = await self._store.read(seen)
        if not (
            self._with_leases
            and isinstance(found, MemberCard)
            and isinstance(self._store, LeaseStore)
        ):
            return found
        return replace(found, lease=await self._store.read_lease())

    @staticmethod
    async def _written(
        store: RecordStore,
        card: MemberCard,
        slot: layout.Slot,
        lease: CardLease | None,
        credit_key: bytes,
    ) -> bool:
        if lease is None:
            return await store.write(card, slot)
        assert isinstance(store, LeaseStore), f"a {store.kind} carries no lease"
        return await store.write_with_lease(card, slot, lease, credit_key)

    async def _behind(self, foreign: Foreign) -> MemberCard | Foreign:
        """Return our card if it lies in the field behind a foreign one, as in a wallet."""
        store = self._store
        await self._reader.release()  # It keeps silent until it has left; ours now comes first.
        seen = await self._reader.wait_for_card(BEHIND_S)
        if seen is not None and seen.uid != foreign.uid:
            found = await self.read(seen)
            if isinstance(found, MemberCard):
                return found
        self._store = store
        return foreign

    async def _find_out(self, wanted: MemberCard, *, is_first: bool = False) -> Written:
        """Select and read the card again to learn how a write of `wanted` ended.

        A first write may have had to begin with a higher counter: one that the chip never lowers.
        """
        assert self._seen is not None
        try:
            await self._reader.reselect()
            now = await self.read(self._seen)
        except DeviceError:
            return Written(outcome=Outcome.UNKNOWN, card=None)
        if is_first and isinstance(now, MemberCard):
            wanted = replace(wanted, counter=now.counter)
        if now == wanted:
            return Written(outcome=Outcome.DONE, card=wanted)
        if isinstance(now, Blank):
            return Written(outcome=Outcome.TORN, card=None)
        if isinstance(now, MemberCard) and now.counter < wanted.counter:
            return Written(outcome=Outcome.TORN, card=now)
        return Written(outcome=Outcome.UNKNOWN, card=None)
