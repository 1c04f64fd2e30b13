"""What a hub said of a member, as the tests of faces want it."""

from dataclasses import replace

from device.behaviour.requests import FaceContent
from tests.loyalty.facts import NOON_MS

CONTENT = FaceContent(
    member="hh-1234",
    tier="gold",
    points=1250,
    pending_points=-40,
    account_version=7,
    as_of_ms=NOON_MS,
    check="a1b2",
)

# The same after a redemption that the hub has folded, with what is ahead of the member.
AHEAD = replace(
    CONTENT,
    pending_points=0,
    next_tier="platinum",
    next_tier_points=3750,
    expiring_points=500,
    expires_ms=1_554_076_800_000,  # 2019-04-01T00:00:00Z, the end of the month two years on
    this_time_points=-100,
)
