"""What only the hub may state: its decisions, in a chain of its own. Most are about a member."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

from loyalty.fields import (
    Choice,
    Count,
    Counter,
    Day,
    Id,
    OptionalId,
    Points,
    Rows,
    SignedPoints,
    TimeMs,
)
from loyalty.record import Record

CLOSE_CHAINS_MAX = 200  # whatever their names are, they fit a line
FORK_BRANCHES_MAX = 16


class ChainEnd(NamedTuple):
    """The last line of a chain that a decision has seen."""

    device: Id
    epoch: Id
    seq: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDayClosed(Record):
    """The hub closed business day `day` of `store`; the next day opened at `opens_ms`.

    The close saw the lines up to `ends`. Whatever else happened before `opens_ms` is late, and
    counts from then on.
    """

    kind: ClassVar[str] = "store_day_closed"
    row_types: ClassVar[Mapping[str, Any]] = {"ends": ChainEnd}

    day: Day
    opens_ms: TimeMs
    ends: Annotated[tuple[ChainEnd, ...], Rows(CLOSE_CHAINS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochLost(Record):
    """A person told the hub that lines from `from_seq` on of that device's epoch never come."""

    kind: ClassVar[str] = "epoch_lost"

    device: Id
    epoch: Id
    from_seq: Count


class AdoptedBranch(NamedTuple):
    """A branch of a fork, up to line `upto_seq`; its name is of the head after its first line."""

    branch: Id
    upto_seq: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkAdopted(Record):
    """Two people took `branches` of a forked chain for what happened; the epoch is over.

    Why, and who proposed it, is in the ledger under `proposal`.
    """

    kind: ClassVar[str] = "fork_adopted"
    row_types: ClassVar[Mapping[str, Any]] = {"branches": AdoptedBranch}

    device: Id
    epoch: Id
    branches: Annotated[tuple[AdoptedBranch, ...], Rows(FORK_BRANCHES_MAX)]
    proposal: Id
    checker: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseOffered(Record):
    """`points` of the member are set aside for `card`, which may spend them until `expires_ms`.

    `counter` is the card's when it was offered.
    """

    kind: ClassVar[str] = "lease_offered"

    lease: Id
    points: Points
    expires_ms: TimeMs
    counter: Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseLapsed(Record):
    """What is left of a lease goes back to the member: nobody can have spent more of it."""

    kind: ClassVar[str] = "lease_lapsed"

    lease: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsAdjusted(Record):
    """Two people gave the member `points`, or took them if negative.

    `receipt` is the one that this makes good, empty for none; who proposed it and why are in the
    ledger under `proposal`.
    """

    kind: ClassVar[str] = "points_adjusted"

    points: SignedPoints
    reason: Id
    receipt: OptionalId
    proposal: Id
    checker: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStopped(Record):
    """From now on `stopped` is nobody's to use."""

    kind: ClassVar[str] = "card_stopped"

    stopped: Id
    reason: Annotated[str, Choice(("lost", "stolen", "cloned", "worn", "retired"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAllowed(Record):
    """`allowed` was stopped and may be used again."""

    kind: ClassVar[str] = "card_allowed"

    allowed: Id
