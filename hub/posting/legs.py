"""Between which accounts the legs of facts move points."""

from hub.ledger.books import Books
from hub.ledger.rows import MemberRow
from hub.ledger.schema import POINTS_ISSUED, POINTS_REDEEMED
from loyalty.legs import LEASE_SPEND_LEG, SPEND_LEG, Leg


def ends(books: Books, member: MemberRow, leg: Leg, store: str) -> tuple[int, int]:
    """Return the accounts that `leg` of a fact of `store` moves points from and to."""
    if leg.name == LEASE_SPEND_LEG:
        other, own = books.postings.house(store, POINTS_REDEEMED), books.postings.escrow(leg.card)
    elif leg.card:
        other, own = books.postings.escrow(leg.card), member.account
    else:
        kind = POINTS_REDEEMED if leg.name == SPEND_LEG else POINTS_ISSUED
        other, own = books.postings.house(store, kind), member.account
    return (other, own) if leg.points > 0 else (own, other)
