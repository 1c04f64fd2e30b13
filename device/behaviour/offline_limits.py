"""May this card spend now, while the hub is out of reach? Every limit, and which of them says no.

Two consecutive limits on a card's writes are EMV's (EMV 4.3 Book 3, §10.6): after the lower one it
should meet the hub where it can, after the upper one it spends nothing before it has.
"""

from dataclasses import dataclass
from typing import Literal

from loyalty.leases import Lease
from loyalty.programme_offline import OfflineTerms

HOUR_MS = 3_600_000

Reason = Literal[
    "no_trusted_time",
    "hub_silent_too_long",
    "hotlist_too_old",
    "card_stopped",
    "no_lease",
    "lease_expired",
    "too_many_writes",
    "card_limit",
    "device_limit",
    "transaction_limit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a terminal knows by itself of a card, of its own giving, and of cards that are stopped.

    `given_points` were spent here without asking and are in no line that the hub has, those of this
    card are `given_to_card_points`. The list of stopped cards is of `hotlist_as_of_ms`, 0 where
    there is none yet; `is_stopped` says that the card stands there.
    """

    given_points: int
    given_to_card_points: int
    hotlist_as_of_ms: int
    is_stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A card that wants to spend: when, under which terms, and what it carries.

    `trusted_ms` is the hub's time as far as it can be known, 0 where it cannot; the hub was heard
    `silent_ms` ago. A card that may carry a lease spends from its `lease` alone, of which it says
    that `left_points` are left; the others are identifiers.
    """

    terms: OfflineTerms
    standing: Standing
    trusted_ms: int
    silent_ms: int
    may_carry: bool
    lease: Lease | None
    left_points: int
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Up to `points` may be spent at once; `reason` names the limit that they come from.

    `should_meet_hub` says that the card has been away from the hub for long.
    """

    points: int
    reason: Reason
    should_meet_hub: bool = False


def limit_of(situation: Situation) -> Limit:
    """Return what may be spent now; 0 points with the reason why nothing may."""
    refused = _refusal(situation)
    if refused is not None:
        return Limit(points=0, reason=refused)
    terms, standing = situation.terms, situation.standing
    bounds: list[tuple[int, Reason]] = [
        (_card_points(situation), "card_limit"),
        (terms.device_points - standing.given_points, "device_limit"),
        (terms.transaction_points, "transaction_limit"),
    ]
    points, reason = min(bounds, key=lambda it: it[0])
    late = situation.lease is not None and _writes(situation, situation.lease) >= terms.writes_lower
    return Limit(points=max(0, points), reason=reason, should_meet_hub=late)


def _refusal(situation: Situation) -> Reason | None:
    terms, standing = situation.terms, situation.standing
    if not situation.trusted_ms:
        return "no_trusted_time"
    if situation.silent_ms > terms.device_hours * HOUR_MS:
        return "hub_silent_too_long"
    if situation.trusted_ms - standing.hotlist_as_of_ms > terms.hotlist_hours * HOUR_MS:
        return "hotlist_too_old"
    if standing.is_stopped:
        return "card_stopped"
    return _lease_refusal(situation) if situation.may_carry else None


def _lease_refusal(situation: Situation) -> Reason | None:
    lease = situation.lease
    if lease is None:
        return "no_lease"
    if situation.trusted_ms >= lease.expires_s * 1000:
        return "lease_expired"
    if not 0 <= _writes(situation, lease) < situation.terms.writes_upper:
        return "too_many_writes"
    return None


def _writes(situation: Situation, lease: Lease) -> int:
    return situation.counter - lease.counter


def _card_points(situation: Situation) -> int:
    if situation.lease is not None:
        return min(situation.left_points, situation.lease.points)
    return situation.terms.identifier_points - situation.standing.given_to_card_points
