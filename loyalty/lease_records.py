"""What devices state about leases: points that a card may spend while the hub is out of reach."""

from dataclasses import dataclass
from typing import ClassVar

from loyalty.fields import Currency, Id, MoneyMinor, Points
from loyalty.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseCarried(Record):
    """The card was seen to carry `lease`, of which `left_points` were unspent."""

    kind: ClassVar[str] = "lease_carried"

    lease: Id
    left_points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSpend(Record):
    """Points of a lease were spent on an offer of the programme, without asking anybody."""

    kind: ClassVar[str] = "lease_spend"

    lease: Id
    offer: Id
    points: Points
    value_minor: MoneyMinor
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseClosed(Record):
    """The lease was taken off its card, which had `left_points` of it unspent."""

    kind: ClassVar[str] = "lease_closed"

    lease: Id
    left_points: Points
