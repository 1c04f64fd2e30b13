"""Facts and programmes for tests of the rules."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.fold import event_ms
from loyalty.hub_records import LeaseLapsed, LeaseOffered, PointsAdjusted
from loyalty.lease_records import LeaseClosed, LeaseSpend
from loyalty.leases import CLOSE, LAPSE, OFFER, operation
from loyalty.programme import Programme, parse
from loyalty.programme_terms import EarnRule, Label, Promotion, Selector, Tier
from loyalty.record import Record
from loyalty.records import CheckIn, Redemption, Sale, SaleItem
from loyalty.state import Fact, Lot, Position
from loyalty.units import Rate

SUPERMARKET_FILE = Path(__file__).parents[2] / "programmes" / "supermarket.toml"
SUPERMARKET = parse(SUPERMARKET_FILE.read_text(), source=SUPERMARKET_FILE.name)

NOON_MS = 1488369600000  # 2017-03-01T12:00:00Z, a Wednesday
HOUR_MS = 3_600_000

LABEL = Label((("en", "x"),))
PLAIN = Programme(
    name="plain",
    version=1,
    valid_from=date(2017, 1, 1),
    zone=ZoneInfo("UTC"),
    cutoff_hour=0,
    currency="USD",
    exclude_special_price=True,
    receipt_cap_points=10**12,
    expiry=None,
    tiers=(
        Tier(id="silver", label=LABEL, threshold_points=0),
        Tier(id="gold", label=LABEL, threshold_points=100),
        Tier(id="platinum", label=LABEL, threshold_points=1000),
    ),
    earn=(EarnRule(id="base", rate=Rate(1, 100), selector=Selector()),),
    promotions=(),
    multiplying_groups=frozenset(),
    offers=SUPERMARKET.offers,
)


def plain(**changes: Any) -> Programme:
    """Return the plain programme, 1 point for 1.00 and no more, with `changes`."""
    return replace(PLAIN, **changes)


def rule(rule_id: str, n: int, d: int, **selector: str) -> EarnRule:
    """Return the rule of `n` points for `d` minor units."""
    return EarnRule(id=rule_id, rate=Rate(n, d), selector=Selector(**selector))


def promotion(promotion_id: str, n: int, d: int = 1, **changes: Any) -> Promotion:
    """Return the promotion `n`/`d` on every day, with `changes`; selectors by their names."""
    selector = Selector(**{it: changes.pop(it) for it in Selector.__slots__ if it in changes})
    always = Promotion(
        id=promotion_id,
        multiplier=Rate(n, d),
        group="promotion",
        first_day=date(1970, 1, 1),
        last_day=date(2099, 12, 31),
        weekdays=frozenset(range(7)),
        selector=selector,
    )
    return replace(always, **changes)


def sale(
    *items: tuple[str, int] | tuple[str, int, int],
    at_ms: int = NOON_MS,
    number: int = 1,
    **changes: Any,
) -> Fact:
    """Return the fact of a sale of `items`: category, minor units and, maybe, special price."""
    rows = tuple(SaleItem(*(*item, 0)[:3]) for item in items)
    fields = {"op": f"m/s1/{number}/earn", "receipt": str(number), "currency": "USD"}
    record = Sale(**{**_stamp(at_ms), **fields, "till_ms": at_ms, "items": rows, **changes})
    return fact(record, number)


def redemption(points: int, *, at_ms: int = NOON_MS, number: int = 1, **changes: Any) -> Fact:
    """Return the fact of `points` spent on a voucher."""
    fields = {"offer": "voucher-5", "points": points, "value_minor": 500, "currency": "USD"}
    grant = {"op": f"m/s1/{number}/spend", "auth": "a1", "granted_ms": at_ms}
    return fact(Redemption(**{**_stamp(at_ms), **fields, **grant, **changes}), number)


def lease_offered(
    points: int, *, lease: str = "L1", at_ms: int = NOON_MS, number: int = 1, **changes: Any
) -> Fact:
    """Return the fact of a lease of `points` for the member's card."""
    terms = {"lease": lease, "points": points, "expires_ms": at_ms + 72 * HOUR_MS, "counter": 1}
    stated = {**_stamp(at_ms), **terms, "op": operation(lease, OFFER)}
    return fact(LeaseOffered(**{**stated, **changes}), number)


def lease_spend(
    points: int, *, lease: str = "L1", at_ms: int = NOON_MS, number: int = 1, **changes: Any
) -> Fact:
    """Return the fact of `points` of a lease spent on a voucher."""
    fields = {"offer": "voucher-5", "points": points, "value_minor": 500, "currency": "USD"}
    stated = {**_stamp(at_ms), **fields, "lease": lease, "op": f"s1:{lease}:{number}:spend"}
    return fact(LeaseSpend(**{**stated, **changes}), number)


def lease_closed(
    left_points: int, *, lease: str = "L1", at_ms: int = NOON_MS, number: int = 1, **changes: Any
) -> Fact:
    """Return the fact of a lease that was taken off its card with `left_points` on it."""
    stated = {**_stamp(at_ms), "lease": lease, "op": operation(lease, CLOSE)}
    return fact(LeaseClosed(**{**stated, "left_points": left_points, **changes}), number)


def lease_lapsed(
    *, lease: str = "L1", at_ms: int = NOON_MS, number: int = 1, **changes: Any
) -> Fact:
    """Return the fact of a lease that nobody can have spent more of."""
    stated = {**_stamp(at_ms), "lease": lease, "op": operation(lease, LAPSE)}
    return fact(LeaseLapsed(**{**stated, **changes}), number)


def adjusted(points: int, *, at_ms: int = NOON_MS, number: int = 1, **changes: Any) -> Fact:
    """Return the fact of `points` given by two people, or taken if negative."""
    terms = {"points": points, "reason": "goodwill", "receipt": "", "checker": "chan"}
    stated = {**_stamp(at_ms), **terms, "proposal": f"p{number}", "op": f"adjust:p{number}"}
    return fact(PointsAdjusted(**{**stated, **changes}), number)


def check_in(*, at_ms: int = NOON_MS, number: int = 1) -> Fact:
    """Return the fact of a visit."""
    return fact(CheckIn(**_stamp(at_ms)), number)


def fact(record: Record, number: int) -> Fact:
    """Return `record` at its own position, line `number` of device h1."""
    return Fact(Position(event_ms(record), "h1", "ep1", number), record)


def lot(op: str, points: int, *, earned_ms: int = 0, expires_ms: int = 10**15) -> Lot:
    """Return an untouched lot of `points`."""
    return Lot(op, "rate:1/100", earned_ms, expires_ms, points, points)


def _stamp(at_ms: int) -> dict[str, Any]:
    return {
        "at_ms": at_ms,
        "mono_ms": 0,
        "boot": 1,
        "hub_ms": 0,
        "staff": "",
        "store": "s1",
        "rules": 1,
        "card": "04a1b2c3",
        "member": "m1",
        "ctr_seen": 0,
        "ctr_used": 1,
        "touch": "done",
        "op": "",
    }
