"""What a receipt does to the journal: it settles lines, takes lines back, or is not about them."""

from typing import NamedTuple


class Settled(NamedTuple):
    """The receipt matched: `lines` more lines are the hub's (0: it told nothing new)."""

    lines: int


class Reopened(NamedTuple):
    """A hub with a new incarnation lacks `lines` settled ones; they are pending again.

    `lost_lines` more are pruned here: only the hub's own people can help there.
    """

    lines: int
    lost_lines: int


class Mismatch(NamedTuple):
    """The receipt settles nothing: its `part` (epoch, incarnation, seq or head) is not ours."""

    part: str
    found: str
    wanted: str


Settlement = Settled | Reopened | Mismatch
