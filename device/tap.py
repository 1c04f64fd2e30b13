"""A card held against a handheld's reader: waits for one, reads it, writes it."""

from typing import Literal

from device.behaviour.card import Card, CardProblem, card_without_record
from device.behaviour.events import CardRead, CardRefused, CardWritten, PlaceOpened, PlaceShut
from device.errors import DeviceError
from device.nfc.cards.card_lease import CardLease
from device.nfc.cards.keys import CardKeys, IssuerKeys
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
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import CardSeen
from device.nfc.readers.supervisor import Supervisor
from device.parts import Tell, tell_nobody
from loyalty.card import next_counter, op_digest
from loyalty.clock import Clock

POLL_S = 1.0
FAILED_MS = 20

_PROBLEMS: dict[type, CardProblem] = {
    Blank: "blank",
    Foreign: "foreign",
    WrongKey: "wrong_key",
    BadSeal: "bad_seal",
    RolledBack: "rolled_back",
    Copied: "copied",
    Worn: "worn_out",
}
_OUTCOMES: dict[Outcome, Literal["done", "torn", "unknown"]] = {
    Outcome.DONE: "done",
    Outcome.TORN: "torn",
    Outcome.UNKNOWN: "unknown",
}


class Tap:
    """The reader as a terminal uses it: whole cards in, whole writes out."""

    def __init__(
        self, reader: Supervisor, keys: CardKeys, clock: Clock, *, with_leases: bool = False
    ) -> None:
        self._reader = reader
        self._cards = MemberCards(reader, keys, with_leases=with_leases)
        self._clock = clock
        self._card: MemberCard | None = None
        self._is_shut = False  # as was told

    async def next_card(
        self, but_not: str = "", tell: Tell = tell_nobody
    ) -> CardRead | CardRefused:
        """Return the next card, once the card `but_not` has left; wait as long as it takes.

        `tell` hears when the reader is missing, and when it is there again.
        """
        if but_not:
            await self._reader.wait_until_gone(bytes.fromhex(but_not))
        while True:
            try:
                found = await self._cards.wait(POLL_S)
            except DeviceError:
                # The card left too early, or the reader failed; the reader's supervisor sees to it.
                await self._clock.sleep_ms(FAILED_MS)
                continue
            is_shut = found is None and self._reader.is_missing
            if is_shut != self._is_shut:
                await tell(PlaceShut("reader_missing") if is_shut else PlaceOpened())
                self._is_shut = is_shut
            if found is not None:
                return self.understand(found)

    async def read_now(self, seen: CardSeen) -> CardRead | CardRefused:
        """Return what the card `seen`, selected, states."""
        return self.understand(await self._cards.read(seen))

    def understand(self, found: MemberCard | Refusal) -> CardRead | CardRefused:
        """Return the event for a card that was read, and remember the card for its write."""
        if isinstance(found, Bare):
            self._card = None
            return CardRead(card_without_record(found.uid.hex(), self._cards.kind))
        if not isinstance(found, MemberCard):
            self._card = None
            return CardRefused(found.uid.hex(), _PROBLEMS[type(found)], self._cards.kind)
        self._card = found
        return CardRead(
            Card(
                uid=found.uid.hex(),
                kind=found.kind,
                member=found.member,
                counter=found.counter,
                next_counter=next_counter(found.counter, found.torn),
                rewrites=found.rewrites,
                op_digest=found.op_digest,
                proof=found.proof,
                lease=found.lease,
            )
        )

    async def write(
        self,
        card: Card,
        *,
        op: str,
        rewrites: int,
        lease: CardLease | None = None,
        credit_key: bytes = b"",
    ) -> CardWritten:
        """Write `card.next_counter` and `op` to the card read last; never raises for the card."""
        if self._card is None or self._card.uid.hex() != card.uid:
            return CardWritten("unknown", card.counter)
        written = await self._cards.write(
            self._card,
            counter=card.next_counter,
            op_digest=op_digest(op.encode()),
            rewrites=rewrites,
            lease=lease,
            credit_key=credit_key,
        )
        return self._ended(written, card.counter)

    async def personalise(
        self, uid: str, *, member: str, op: str, issuer: IssuerKeys | None = None
    ) -> CardWritten:
        """Make the blank card `uid`, on the reader, one of ours; never raises for the card."""
        try:
            seen = await self._reader.wait_for_card(POLL_S)
            if seen is None or seen.uid.hex() != uid:
                return CardWritten("torn", 0)
            digest = op_digest(op.encode())
            written = await self._cards.personalise(
                seen, member=member, op_digest=digest, issuer=issuer
            )
        except DeviceError:
            return CardWritten("unknown", 0)
        if not isinstance(written, Written):
            # A part of it opens with no key: it was torn where its access bits stand.
            return CardWritten("torn", 0, is_spoiled=True)
        return self._ended(written, 0)

    def _ended(self, written: Written, counter: int) -> CardWritten:
        if written.card is not None:
            self._card = written.card
            counter = written.card.counter
        return CardWritten(_OUTCOMES[written.outcome], counter)
