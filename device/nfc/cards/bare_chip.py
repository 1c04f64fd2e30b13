"""A chip on which our record has no place: an Ultralight of the first kind, known by its UID."""

from device.nfc.cards.member_card import Bare, MemberCard, WrongKey
from device.nfc.reader import CardSeen
from loyalty.card import Slot


class BareChip:
    """Stands where a `RecordStore` stands, and keeps nothing."""

    kind = "ultralight"

    async def read(self, seen: CardSeen) -> Bare:
        """Return the UID, which is all that the card says."""
        return Bare(seen.uid)

    async def write(self, card: MemberCard, slot: Slot) -> bool:
        """Return that nothing holds here."""
        return False

    async def personalise(self, seen: CardSeen, slot: Slot) -> WrongKey:
        """Refuse: the card has no keys."""
        return WrongKey(seen.uid)

    async def wipe(self, seen: CardSeen) -> WrongKey:
        """Refuse: nothing of ours is there."""
        return WrongKey(seen.uid)
