"""What a redemption takes: points from the lots that expire first, and debt for what is missing."""

from typing import NamedTuple

from loyalty.fields import POINTS_MAX, TIME_MAX_MS
from loyalty.lots import take, uses_of
from loyalty.programme import Programme
from loyalty.programme_terms import Offer
from loyalty.records import Redemption
from loyalty.state import Fact, MemberState, Refused, Spent


class Expiring(NamedTuple):
    """`points` are gone from `expires_ms` on; none, at 0, is nothing that expires."""

    points: int
    expires_ms: int


NOTHING_EXPIRES = Expiring(0, 0)


def redeem(
    programme: Programme, state: MemberState, fact: Fact, redemption: Redemption
) -> Spent | Refused:
    """Return what `redemption` spends.

    `points` are the record's: a programme that no longer has the offer does not undo what was
    handed over.
    """
    refused = wrong_currency(programme, redemption.currency)
    return refused or spend_points(state, redemption.points, fact.position.event_ms)


def spend_points(state: MemberState, points: int, at_ms: int) -> Spent | Refused:
    """Return what spending `points` takes: it has happened, so what is not there is debt (L30).

    Lots go in the order of `state.lots`: soonest expiry, then earliest earned, then name (L12);
    those already expired are passed over.
    """
    uses = uses_of(take(state.lots, points, at_ms))
    missing_points = points - sum([it.points for it in uses])
    if state.debt_points + missing_points > POINTS_MAX:
        return Refused("too_many_points", f"a debt of more than {POINTS_MAX} points")
    return Spent(points, uses, missing_points)


def wrong_currency(programme: Programme, currency: str) -> Refused | None:
    """Return why something of `currency` cannot be spent on, None where it can."""
    if currency == programme.currency:
        return None
    return Refused("currency", f"redemption in {currency}, programme in {programme.currency}")


def may_redeem(
    programme: Programme, state: MemberState, offer_id: str, *, at_ms: int, reserved_points: int
) -> Offer | Refused:
    """Return the offer, if the member could have it at `at_ms` with `reserved_points` set aside.

    The reasons are those of `receipts.Refusal`. A member in debt may not redeem (L16).
    """
    offer = programme.offer(offer_id)
    if offer is None:
        return Refused("unknown_offer", f"offer {offer_id!r} is not in version {programme.version}")
    free_points = spendable_points(state, at_ms) - reserved_points
    if free_points < offer.points or state.debt_points:
        return Refused("not_enough_points", f"{free_points} points free, {offer.points} wanted")
    return offer


def spendable_points(state: MemberState, at_ms: int) -> int:
    """Return what the lots not expired at `at_ms` hold, less the debt; it may be negative."""
    held_points = sum(lot.remaining_points for lot in state.lots if lot.expires_ms > at_ms)
    return held_points - state.debt_points


def first_to_expire(state: MemberState, at_ms: int) -> Expiring:
    """Return what is spendable at `at_ms` and expires first: all lots of the nearest expiry (L12).

    Points that live beyond what a line can tell live for ever.
    """
    ends_ms = (lot.expires_ms for lot in state.lots if lot.expires_ms > at_ms)
    nearest_ms = next(ends_ms, TIME_MAX_MS)
    if nearest_ms >= TIME_MAX_MS:
        return NOTHING_EXPIRES
    lots = (lot for lot in state.lots if lot.expires_ms == nearest_ms)
    return Expiring(sum(lot.remaining_points for lot in lots), nearest_ms)
