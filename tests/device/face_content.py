"""What a hub said of a member, as the tests of faces want it."""

from device.events import FaceContent
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
