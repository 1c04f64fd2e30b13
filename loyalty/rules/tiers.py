"""Which tier a member is in: by qualifying points, upwards at once, never downwards by a sale."""

from typing import NamedTuple

from loyalty.programme import Programme
from loyalty.state import MemberState, TierChanged


class NextTier(NamedTuple):
    """`points` more points earned reach tier `tier`; an empty one is no tier."""

    tier: str
    points: int


NO_NEXT_TIER = NextTier("", 0)


def first_tier(programme: Programme) -> str:
    """Return the tier of a member who has earned nothing yet."""
    return programme.tiers[0].id


def upgrade(programme: Programme, state: MemberState) -> TierChanged | None:
    """Return the step up that `state`'s qualifying points have earned, if any (L7, L8).

    A tier that this version of the programme does not know counts as the lowest. A member whose
    points no longer reach their tier keeps it: only a period's end takes tiers away (L9).
    """
    reached, held = 0, _rank(programme, state.tier)
    for rank, tier in enumerate(programme.tiers):
        if tier.threshold_points <= state.qualifying_points:
            reached = rank
    if reached <= held and programme.tiers[held].id == state.tier:
        return None
    return TierChanged(state.tier, programme.tiers[max(reached, held)].id)


def next_tier(programme: Programme, state: MemberState) -> NextTier:
    """Return the nearest tier above `state`'s that points are missing to, and how many (L8).

    A tier whose threshold is passed already, as after a change of the programme, comes with the
    next sale whatever it earns, and is not the next one.
    """
    for tier in programme.tiers[_rank(programme, state.tier) + 1 :]:
        missing_points = tier.threshold_points - state.qualifying_points
        if missing_points > 0:
            return NextTier(tier.id, missing_points)
    return NO_NEXT_TIER


def _rank(programme: Programme, tier_id: str) -> int:
    """Return the place of a tier from the lowest, 0; one that is not known counts as that."""
    for rank, tier in enumerate(programme.tiers):
        if tier.id == tier_id:
            return rank
    return 0
