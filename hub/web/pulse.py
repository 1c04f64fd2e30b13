"""What the bridge did last: its threads write it down, others look.

Each field is replaced as a whole, so that no lock is needed.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Pulse:
    """How the bridge does; moments are of the monotonic clock, in seconds.

    `is_ready` says that the broker brings us what devices send. `turned_s` is when the worker last
    had its hands free, or tried again what the ledger would not take; `delivered_s` when it last
    took a group of messages into the ledger, None for never; `trouble` is why it cannot now.
    """

    turned_s: float
    is_ready: bool = False
    delivered_s: float | None = None
    trouble: str = ""
