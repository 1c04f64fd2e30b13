"""What each kind of card must be able to do with our record; `member_cards.py` does the rest."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from device.nfc.cards.card_lease import CardLease
from device.nfc.cards.keys import IssuerKeys
from device.nfc.cards.member_card import Foreign, MemberCard, Refusal, WrongKey
from device.nfc.reader import CardSeen
from loyalty.card import Slot


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at a card brought up, for a technician; not everything is wrong."""

    text: str
    is_wrong: bool = True


class RecordStore(Protocol):
    """Our record on cards of one kind, on the card that the reader has selected.

    Every method may raise DeviceError: the card or the reader went away, nobody knows what was
    done. A store keeps the card's previous state readable until the next one is whole, and every
    method can simply be called again on the next touch.
    """

    @property
    def kind(self) -> str:
        """A key of `loyalty.card_kinds.PROFILES`."""
        ...

    async def read(self, seen: CardSeen) -> MemberCard | Refusal:
        """Return what the card states, or why it is refused."""
        ...

    async def write(self, card: MemberCard, slot: Slot) -> bool:
        """Make `slot` the next state of `card`, which was read last; return whether it holds.

        What an earlier write left unfinished is put right on the way.
        """
        ...

    async def personalise(self, seen: CardSeen, slot: Slot) -> Foreign | WrongKey | None:
        """Make the blank card `seen` ours, with `slot` as its first state."""
        ...

    async def wipe(self, seen: CardSeen) -> Foreign | WrongKey | None:
        """Make one of our cards as its factory made it, as far as the chip allows."""
        ...


@runtime_checkable
class CheckedStore(RecordStore, Protocol):
    """A store of cards whose parts can break one by one, and be put right one by one."""

    async def check(self, seen: CardSeen) -> list[Finding]:
        """Return what is noteworthy about the card, which `read` has just understood."""
        ...

    async def mend(self, seen: CardSeen) -> bool:
        """Put right what keeps a card from being read, if it can be; return whether it was."""
        ...


@runtime_checkable
class LeaseStore(RecordStore, Protocol):
    """A store of cards that may carry a lease, written in one step with the record or not at all.

    Only an issuer's keys make such a card ours.
    """

    async def personalise(
        self, seen: CardSeen, slot: Slot, issuer: IssuerKeys | None = None
    ) -> Foreign | WrongKey | None:
        """Make the blank card `seen` ours; without `issuer`, with the keys that we have.

        Raises:
            ValueError: we have none.
        """
        ...

    async def read_lease(self) -> CardLease | None:
        """Return what the card carries that `read` has just understood; None if it never can."""
        ...

    async def write_with_lease(
        self, card: MemberCard, slot: Slot, lease: CardLease, credit_key: bytes
    ) -> bool:
        """Do as `write` does, and make `lease` what the card carries.

        For more points than before the card wants `credit_key`, its own; else that is empty.
        """
        ...
