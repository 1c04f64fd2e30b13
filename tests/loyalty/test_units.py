"""Money and points stay whole numbers, and rates are exact."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.fields import MONEY_MAX_MINOR
from loyalty.units import (
    EXPONENTS,
    Rate,
    UnitError,
    minor_from_decimal,
    minor_from_text,
    rate_from_text,
    text_from_minor,
)

RATES = st.builds(Rate, st.integers(0, 10**6), st.integers(1, 10**6))


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "USD", 1250),
        ("12.5", "USD", 1250),
        ("12", "USD", 1200),
        ("-0.07", "USD", -7),
        ("1250", "JPY", 1250),
        ("1.234", "KWD", 1234),
        ("007", "HKD", 700),
    ],
)
def test_text_becomes_minor_units(text: str, currency: str, minor: int):
    assert minor_from_text(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("12.505", "USD"),
        ("1.0", "JPY"),
        ("1.2345", "KWD"),
        ("", "USD"),
        (".5", "USD"),
        ("5.", "USD"),
        ("1,000", "USD"),
        ("1e3", "USD"),
        (" 1", "USD"),
        ("1\n", "USD"),
        ("١", "USD"),
        ("nan", "USD"),
        ("10000000000.01", "USD"),
        ("1" * 5000, "USD"),
        ("1.00", "XXX"),
    ],
)
def test_other_text_is_no_amount(text: str, currency: str):
    with pytest.raises(UnitError):
        minor_from_text(text, currency)


@given(st.integers(-MONEY_MAX_MINOR, MONEY_MAX_MINOR), st.sampled_from(sorted(EXPONENTS)))
def test_written_amounts_are_read_back(minor: int, currency: str):
    text = text_from_minor(minor, currency)

    assert minor_from_text(text, currency) == minor
    assert minor_from_decimal(Decimal(text), currency) == minor


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("0.125", 13), ("0.124" + "9" * 30, 12), ("-0.125", -13), ("1E+2", 10_000), ("1E-9999", 0)],
)
def test_decimals_are_rounded_once_halves_away_from_zero(amount: str, minor: int):
    assert minor_from_decimal(Decimal(amount), "USD") == minor


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+999999", "10000000000.01"])
def test_a_decimal_out_of_range_is_no_amount(amount: str):
    with pytest.raises(UnitError):
        minor_from_decimal(Decimal(amount), "USD")


@given(RATES, RATES, st.integers(-(10**15), 10**15))
def test_rates_are_exact_fractions_floored_once(left: Rate, right: Rate, amount: int):
    product = left.times(right)
    exact = Fraction(left.n, left.d) * Fraction(right.n, right.d)

    assert (product.n, product.d) == (exact.numerator, exact.denominator)
    assert product.of(amount) == (exact * amount).__floor__()
    assert (left < right) == (Fraction(left.n, left.d) < Fraction(right.n, right.d))


def test_a_rate_is_written_as_a_fraction_or_a_whole_number():
    assert rate_from_text("6/4") == Rate(3, 2)
    assert rate_from_text("2") == Rate(2, 1)
    assert str(rate_from_text("6/4")) == "3/2"


@pytest.mark.parametrize("text", ["", "1.5", "-1", "1/0", "1/", "1/2/3", "1000001", "٢", "2\n"])
def test_other_text_is_no_rate(text: str):
    with pytest.raises(UnitError):
        rate_from_text(text)
