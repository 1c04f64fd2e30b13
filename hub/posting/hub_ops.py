"""Business keys that only the hub gives: what it lends and takes back, and what two people agreed.

Of two lines with one key the earlier counts (decision 8), so a device that may use such a key could
undo what the hub decided, or keep it from being decided at all.
"""

import re

from loyalty.leases import LAPSE, OFFER, operation

ADJUST = "adjust"

_HUBS = re.compile(
    f"{ADJUST}:[^:]*|{operation('[^:]*', OFFER)}|{operation('[^:]*', LAPSE)}", re.ASCII
)


def adjustment(proposal: str) -> str:
    """Return the business key of the points that two people agreed on by `proposal`."""
    return f"{ADJUST}:{proposal}"


def is_hubs(op: str) -> bool:
    """Return whether no device may state anything under `op`."""
    return _HUBS.fullmatch(op) is not None
