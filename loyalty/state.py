"""What a member has, and what a fact changes: the values that the fold turns over.

A member's state is a pure function of that member's facts in the order of their positions.
"""

from dataclasses import dataclass
from typing import NamedTuple

from loyalty.record import Record


class Position(NamedTuple):
    """Where a fact stands among all facts, for ever: by event time, then by who stated it."""

    event_ms: int
    device: str
    epoch: str
    seq: int


class Fact(NamedTuple):
    """A record at its position."""

    position: Position
    record: Record


class Lot(NamedTuple):
    """Points earned together: `remaining_points` of `amount_points` are unspent.

    `op` and `leg` name the lot: the fact that earned it, and which of its rates.
    """

    op: str
    leg: str
    earned_ms: int
    expires_ms: int
    amount_points: int
    remaining_points: int


class LotUse(NamedTuple):
    """`points` taken from the lot named by `op` and `leg`."""

    op: str
    leg: str
    points: int


class Leased(NamedTuple):
    """What lease `lease` of `card` holds: the parts of `lots` that only that card may spend.

    A part is its lot with what is held of it as `remaining_points`; none is empty.
    """

    lease: str
    card: str
    lots: tuple[Lot, ...]

    @property
    def left_points(self) -> int:
        """What the card may still spend, as far as facts tell."""
        return sum([part.remaining_points for part in self.lots])


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberState:
    """Everything a member has.

    `qualifying_points` decide the tier and are never spent. `debt_points` were spent but not
    there: the next points earned pay them first. `lots` are those with something remaining,
    soonest expiry first, then earliest earned, then by name. `leases` are those that hold
    something, which is not in `lots`. `version` counts folded facts and `last` is the position of
    the latest.
    """

    tier: str
    qualifying_points: int = 0
    debt_points: int = 0
    lots: tuple[Lot, ...] = ()
    leases: tuple[Leased, ...] = ()
    version: int = 0
    last: Position | None = None

    @property
    def balance_points(self) -> int:
        """What all lots hold, less the debt; what cards hold on leases is not in it."""
        return sum([lot.remaining_points for lot in self.lots]) - self.debt_points

    @property
    def leased_points(self) -> int:
        """What all leases hold."""
        return sum([it.left_points for it in self.leases])


class Earned(NamedTuple):
    """A lot was opened; `rule` names the earn rule, `debt_paid_points` went to the debt at once."""

    lot: Lot
    rule: str
    debt_paid_points: int


class Spent(NamedTuple):
    """Points were spent from `uses`; `debt_points` of them were not there."""

    points: int
    uses: tuple[LotUse, ...]
    debt_points: int


class TierChanged(NamedTuple):
    """The member moved from tier `before` to tier `after`."""

    before: str
    after: str


class LeaseTaken(NamedTuple):
    """A lease of `card` took `uses` out of their lots."""

    lease: str
    card: str
    uses: tuple[LotUse, ...]


class LeaseSpent(NamedTuple):
    """The card spent `uses` of what its lease held."""

    lease: str
    card: str
    uses: tuple[LotUse, ...]


class LeaseReturned(NamedTuple):
    """A lease gave points back: `uses` to their lots, and `paid` for the debt."""

    lease: str
    card: str
    uses: tuple[LotUse, ...]
    paid: tuple[LotUse, ...]


Effect = Earned | Spent | TierChanged | LeaseTaken | LeaseSpent | LeaseReturned


class Refused(NamedTuple):
    """A rule says no; `reason` is one word for the receipt, `detail` a sentence for people."""

    reason: str
    detail: str
