"""Which tier a member is in: by qualifying points, upwards at once, never downwards by a sale."""

from loyalty.programme import Programme
from loyalty.state import MemberState, TierChanged


def first_tier(programme: Programme) -> str:
    """Return the tier of a member who has earned nothing yet."""
    return programme.tiers[0].id


def upgrade(programme: Programme, state: MemberState) -> TierChanged | None:
    """Return the step up that `state`'s qualifying points have earned, if any (L7, L8).

    A tier that this version of the programme does not know counts as the lowest. A member whose
    points no longer reach their tier keeps it: only a period's end takes tiers away (L9).
    """
    reached = held = 0
    for rank, tier in enumerate(programme.tiers):
        if tier.threshold_points <= state.qualifying_points:
            reached = rank
        if tier.id == state.tier:
            held = rank
    if reached <= held and programme.tiers[held].id == state.tier:
        return None
    return TierChanged(state.tier, programme.tiers[max(reached, held)].id)
