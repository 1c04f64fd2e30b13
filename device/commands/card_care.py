"""What a technician does with a card on a reader, and what is said about it afterwards.

Every deed can be done again: on a card that is as it should be nothing happens, and one that was
pulled away goes on where it stopped. Nothing here touches points or money: they stand in the hub's
ledger, and a card only states whose it is and how often it was written.
"""

from dataclasses import dataclass

from device.nfc.cards.card_lease import NO_LEASE
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.kinds import store_for
from device.nfc.cards.member_card import (
    BadSeal,
    Bare,
    Blank,
    Copied,
    Foreign,
    MemberCard,
    Outcome,
    Refusal,
    RolledBack,
    Worn,
    Written,
    WrongKey,
)
from device.nfc.cards.member_cards import FIRST_COUNTER, MemberCards
from device.nfc.cards.record_store import CheckedStore, Finding, RecordStore
from device.nfc.reader import CardSeen, Reader
from loyalty.card import next_counter, op_digest
from loyalty.card_kinds import PROFILES, Trust

CARE_OP = b"technician"  # What stands on a card as the operation done last, until a sale follows.

KINDS = {
    "classic1k": "MIFARE Classic 1K",
    "classic4k": "MIFARE Classic 4K",
    "ultralight": "MIFARE Ultralight",
    "ultralight_ev1": "MIFARE Ultralight EV1",
    "ntag213": "NTAG213",
    "ntag215": "NTAG215",
    "ntag216": "NTAG216",
    "ntag424": "NTAG 424 DNA",
    "desfire_ev1": "MIFARE DESFire EV1",
    "desfire_ev2": "MIFARE DESFire EV2",
    "desfire_ev3": "MIFARE DESFire EV3",
}
_TRUST = {
    Trust.IDENTIFIER: "Cards of this kind can be copied: it says who somebody claims to be.",
    Trust.IDENTITY: "It proves that it is no copy.",
    Trust.LEASE: "It proves that it is no copy, and may carry value that is spent offline.",
}

# Why a card is refused, and what to do now. Value is safe in every case: it is in the ledger.
_REFUSED: dict[type, tuple[str, str]] = {
    Blank: (
        "It is blank: nobody's yet, or it was pulled away while it was made somebody's.",
        "Personalise it, with --member.",
    ),
    Foreign: (
        "Somebody else uses it for something else, or we have no use for this kind.",
        "Take another card; nothing was changed on this one.",
    ),
    Bare: (
        "It has no room for our record, and is known by its number alone.",
        "Nothing can be written to it; register the number with the member instead.",
    ),
    WrongKey: (
        "Neither our keys nor the factory's open it: it is another programme's, or locked.",
        "Check that --keys names this programme's file; if it does, take another card.",
    ),
    BadSeal: (
        "Our keys open it, but what stands on it was not written by us for this card.",
        "Keep it, tell the office, and give the member a new card: the points are in the ledger.",
    ),
    RolledBack: (
        "It has counted more writes than its record knows of: an old state was written back.",
        "Keep it, tell the office, and give the member a new card: the points are in the ledger.",
    ),
    Copied: (
        "Its record is ours, but it has counted too little: it is a copy of one of our cards.",
        "Keep it, tell the office, and give the member a new card: the points are in the ledger.",
    ),
    Worn: (
        "Neither copy of its counter can be read any more.",
        "Repair it; if that happens again, give the member a new card. The points are safe.",
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What happened, sentence by sentence, and whether the card is as it should be now."""

    lines: tuple[str, ...]
    is_well: bool


NO_ISSUERS_KEYS = Told(
    (
        "The file that --keys names has no credit_master, so it is a terminal's.",
        "Take the technician's file: without its key nobody makes or wipes a card of this kind.",
    ),
    is_well=False,
)
PULLED_AWAY = Told(
    (
        "The card was pulled away, or the reader failed, before it was done.",
        "Hold the card still and give the same command again: it goes on where it stopped. "
        "The points are safe in the ledger.",
    ),
    is_well=False,
)


class CardCare:
    """A technician's deeds on cards that lie on `reader`."""

    def __init__(self, reader: Reader, keys: CardKeys) -> None:
        """Work on `reader`, which must be open, with the keys of this programme."""
        self._reader = reader
        self._keys = keys
        self._cards = MemberCards(reader, keys, with_leases=True)

    async def read(self, seen: CardSeen) -> Told:
        """Tell what the card is and states."""
        found = await self._cards.read(seen)
        if isinstance(found, MemberCard):
            return Told((*self._about(seen), *_states(found)), is_well=True)
        return self._refused(seen, found)

    async def verify(self, seen: CardSeen) -> Told:
        """Look at every part of the card and tell what is wrong."""
        found = await self._cards.read(seen)
        if not isinstance(found, MemberCard):
            return self._refused(seen, found)
        findings = await self._findings(seen)
        wrong = [it for it in findings if it.is_wrong]
        if wrong:
            verdict = "Not all is well. Repair it; the points are safe in the ledger."
        else:
            verdict = "All is well: keys, access, counter and seals are as they should be."
        noted = tuple(f"{'Wrong' if it.is_wrong else 'Note'}: {it.text}." for it in findings)
        return Told((*self._about(seen), *_states(found), *noted, verdict), is_well=not wrong)

    async def personalise(self, seen: CardSeen, *, member: str, counter: int | None) -> Told:
        """Make the card that of `member`, whose writes are counted from `counter`.

        Raises:
            ValueError: `member` or `counter` cannot stand on a card.
        """
        found = await self._cards.read(seen)
        if isinstance(found, MemberCard):
            if found.member == member:
                return Told((f"It is the card of {member} already; nothing was changed.",), True)
            said = f"It is the card of another member, {found.member}; nothing was changed."
            return Told((said, "A card stays with its member: take another one."), is_well=False)
        if not isinstance(found, Blank):
            return self._refused(seen, found)
        if self._lacks_issuers_keys():
            return NO_ISSUERS_KEYS
        ended = await self._cards.personalise(
            seen,
            member=member,
            op_digest=op_digest(CARE_OP),
            counter=FIRST_COUNTER if counter is None else counter,
        )
        if not isinstance(ended, Written):
            return self._refused(seen, ended)
        if ended.outcome is not Outcome.DONE or ended.card is None:
            return PULLED_AWAY
        said = f"It is the card of {member} now; its writes are counted from {ended.card.counter}."
        return Told((said,), is_well=True)

    async def repair(self, seen: CardSeen) -> Told:
        """Put right what can be, without a guess at what the card should state."""
        found = await self._cards.read(seen)
        if isinstance(found, Worn):
            store = await self._store(seen)
            if isinstance(store, CheckedStore) and await store.mend(seen):
                await self._reader.reselect()
                found = await self._cards.read(seen)
        if not isinstance(found, MemberCard):
            return self._refused(seen, found)
        if not found.torn and not any(it.is_wrong for it in await self._findings(seen)):
            return Told((*_states(found), "It is whole: there is nothing to repair."), is_well=True)
        await self._reader.reselect()
        await self._cards.read(seen)
        counter = next_counter(found.counter, found.torn)
        ended = await self._cards.write(
            found, counter=counter, op_digest=found.op_digest, rewrites=found.rewrites
        )
        if ended.outcome is not Outcome.DONE:
            return PULLED_AWAY
        await self._reader.reselect()
        told = await self.verify(seen)
        said = f"It was written anew. That took number {counter}, to which no sale belongs."
        return Told((*told.lines, said), told.is_well)

    async def wipe(self, seen: CardSeen, *, is_sure: bool) -> Told:
        """Make the card blank, if the technician `is_sure`; else tell what would be gone."""
        found = await self._cards.read(seen)
        if isinstance(found, Foreign | Bare | WrongKey):
            return self._refused(seen, found)
        if self._lacks_issuers_keys():
            return NO_ISSUERS_KEYS
        if not is_sure:
            states = _states(found) if isinstance(found, MemberCard) else ()
            said = "Wiping makes the card nobody's. If that is meant, say it again with --yes."
            return Told((*self._about(seen), *states, said), is_well=False)
        store = await self._store(seen)
        refused = None if store is None else await store.wipe(seen)
        if refused is not None:
            return self._refused(seen, refused)
        said = "The card is blank now. The member's points are in the ledger, as before."
        return Told((said,), is_well=True)

    def _lacks_issuers_keys(self) -> bool:
        may_carry = PROFILES[self._cards.kind].trust is Trust.LEASE
        return may_carry and self._keys.credit_master is None

    async def _store(self, seen: CardSeen) -> RecordStore | None:
        await self._reader.reselect()
        return await store_for(self._reader, self._keys, seen)

    async def _findings(self, seen: CardSeen) -> list[Finding]:
        """Return what is noteworthy about a card of ours, if its kind has parts to look at."""
        store = await self._store(seen)
        if not isinstance(store, CheckedStore):
            return []
        await store.read(seen)
        return await store.check(seen)

    def _refused(self, seen: CardSeen, found: Refusal) -> Told:
        return Told((*self._about(seen), *_REFUSED[type(found)]), is_well=False)

    def _about(self, seen: CardSeen) -> tuple[str, ...]:
        kind = self._cards.kind
        if kind not in PROFILES:
            return (f"A card of a kind that we do not use, number {seen.uid.hex()}.",)
        return (f"{KINDS[kind]}, number {seen.uid.hex()}.", _TRUST[PROFILES[kind].trust])


def _states(card: MemberCard) -> tuple[str, ...]:
    states = (
        f"It is the card of {card.member}. It was written {card.counter} times, its face "
        f"{card.rewrites} times; its state is in slot {card.slot}."
    )
    told = [states]
    if card.torn:
        told.append(
            "Its last write was not finished; the state before it stands, and the next touch goes "
            "on."
        )
    if card.lease is not None and card.lease != NO_LEASE:
        told.append(
            f"It carries a lease, of which {card.lease.left_points} points are unspent. A kiosk "
            "that reaches the hub takes it back; from a lost card it comes back by itself."
        )
    return tuple(told)
