"""Real baskets: what a line of a receipt becomes, and which of them are read."""

from datetime import date

import pytest

from simulators.baskets import Basket, NoBaskets, category_name, read_baskets, sale_item

NEW_YEAR = date(2018, 1, 1)


@pytest.fixture(scope="module")
def baskets() -> list[Basket]:
    """The baskets of New Year's Day, on which few people shop."""
    return read_baskets(store=None, first_day=NEW_YEAR, days=1)


@pytest.mark.parametrize(
    ("sales_value", "coupon_disc", "paid_minor"),
    [
        (3.86, 0.0, 386),
        (0.1, 0.0, 10),
        (2.675, 0.0, 268),
        (1.0, 0.335, 67),
        (0.0, 2.0, -200),
        (0.0, 0.335, -34),
        (0.0, 0.0, 0),
        (1.005, 0.005, 100),
    ],
)
def test_money_is_rounded_once_halves_away_from_zero(sales_value, coupon_disc, paid_minor):
    item = sale_item(
        category="BEEF", sales_value=sales_value, coupon_disc=coupon_disc, retail_disc=0.0
    )

    assert item.paid_minor == paid_minor


@pytest.mark.parametrize(("retail_disc", "special_price"), [(0.0, 0), (-0.5, 0), (0.01, 1)])
def test_a_discount_of_the_shop_marks_a_special_price(retail_disc, special_price):
    item = sale_item(category="BEEF", sales_value=1.0, coupon_disc=0.0, retail_disc=retail_disc)

    assert item.special_price == special_price


@pytest.mark.parametrize(
    ("product_category", "name"),
    [
        (None, "unknown"),
        ("BEEF", "BEEF"),
        ("FLUID MILK PRODUCTS", "FLUID_MILK_PRODUCTS"),
        ("FRZN MEAT/MEAT DINNERS", "FRZN_MEAT/MEAT_DINNERS"),
        ("É & (CO)", "_____CO_"),
    ],
)
def test_a_category_has_a_name_that_a_record_may_hold(product_category, name):
    assert category_name(product_category) == name


def test_a_days_baskets_come_in_time_order_with_all_their_lines(baskets):
    assert len(baskets) == 86
    assert len({it.store for it in baskets}) == 57
    assert [it.at_ms for it in baskets] == sorted(it.at_ms for it in baskets)
    assert min(it.at_ms for it in baskets) >= 1514764800_000
    assert all(it.at_ms % 1000 == 0 and it.items for it in baskets)


def test_a_product_without_a_category_is_unknown(baskets):
    categories = {item.category for it in baskets for item in it.items}

    assert "unknown" in categories


def test_a_store_has_its_own_baskets_only(baskets):
    found = read_baskets(store=367, first_day=NEW_YEAR, days=1)

    assert found == [it for it in baskets if it.store == "367"]
    assert found


@pytest.mark.parametrize(
    ("store", "first_day", "days"),
    [
        (999_999, date(2017, 3, 1), 1),
        (10**20, date(2017, 3, 1), 1),
        (None, date(2016, 12, 31), 1),
        (None, date(2018, 1, 2), 7),
        (None, date(9999, 12, 31), 366),
    ],
)
def test_where_there_are_no_baskets_it_says_which_there_are(store, first_day, days):
    with pytest.raises(NoBaskets, match="2017-01-01 to 2018-01-01"):
        read_baskets(store=store, first_day=first_day, days=days)
