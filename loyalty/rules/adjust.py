"""What two people gave a member, or took: a lot as if it were earned, or a redemption (L28).

Points that are given do not qualify for tiers, which are for what was earned (L8).
"""

from loyalty.fields import POINTS_MAX
from loyalty.hub_records import PointsAdjusted
from loyalty.programme import Programme
from loyalty.rules.redeem import spend_points
from loyalty.state import Earned, Fact, Lot, MemberState, Refused, Spent

LEG = "adjusted"


def adjust(
    programme: Programme, state: MemberState, fact: Fact, adjusted: PointsAdjusted
) -> Earned | Spent | Refused:
    """Return the lot that `adjusted` opens, or what it takes from those there are.

    The lot lives as long as one that is earned then; the debt is paid first.
    """
    event_ms = fact.position.event_ms
    if adjusted.points <= 0:
        return spend_points(state, -adjusted.points, event_ms)
    if state.balance_points + state.leased_points + adjusted.points > POINTS_MAX:
        return Refused("too_many_points", f"more than {POINTS_MAX} points for one member")
    paid_points = min(adjusted.points, state.debt_points)
    expires_ms = programme.days.at(event_ms).lots_expire_ms
    left_points = adjusted.points - paid_points
    lot = Lot(adjusted.op, LEG, event_ms, expires_ms, adjusted.points, left_points)
    return Earned(lot, adjusted.reason, paid_points)
