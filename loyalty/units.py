"""Money and points: integers in the smallest unit, and the exact rates between them.

Money is whole minor units of a currency (cents, yen, fils); points are a unit of their own. A
float never enters: amounts come from decimal text or `Decimal`, and rates are fractions.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import gcd

from loyalty.fields import MONEY_MAX_MINOR

# Digits after the decimal point; source: ISO 4217:2015 list one ("minor unit" column), with the
# same values in Stripe's "Supported currencies" page for those it settles.
EXPONENTS = {
    **dict.fromkeys(("AED", "AUD", "BRL", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD"), 2),
    **dict.fromkeys(("IDR", "INR", "MOP", "MYR", "NZD", "PHP", "SGD", "THB", "TWD", "USD"), 2),
    **dict.fromkeys(("JPY", "KRW", "VND"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}

RATE_PART_MAX = 10**6

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_FRACTION = re.compile(r"([0-9]{1,7})(?:/([0-9]{1,7}))?", re.ASCII)


class UnitError(ValueError):
    """No amount, currency or rate of ours; the message says what was found and wanted."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`n` for every `d`, in lowest terms: points for minor units, or a multiplier of such a rate.

    Raises:
        UnitError: `n` is negative or `d` is not positive.
    """

    n: int
    d: int

    def __post_init__(self) -> None:
        if self.n < 0 or self.d < 1:
            raise UnitError(f"rate {self.n}/{self.d}, wanted n of 0 or more for d of 1 or more")
        shared = gcd(self.n, self.d)
        object.__setattr__(self, "n", self.n // shared)
        object.__setattr__(self, "d", self.d // shared)

    def __str__(self) -> str:
        return f"{self.n}/{self.d}"

    def __lt__(self, other: "Rate") -> bool:
        return self.n * other.d < other.n * self.d

    def times(self, other: "Rate") -> "Rate":
        """Return the product, exactly."""
        return Rate(self.n * other.n, self.d * other.d)

    def of(self, amount: int) -> int:
        """Return this rate of `amount`: multiplied first, then floored once (L5)."""
        return amount * self.n // self.d


def rate_from_text(text: str) -> Rate:
    """Return the rate that `text` writes as `3/2` or `2`.

    Raises:
        UnitError: anything else, or a part above `RATE_PART_MAX`.
    """
    match = _FRACTION.fullmatch(text)
    if match is None:
        raise UnitError(f"rate {text[:40]!r}, wanted a fraction such as 3/2")
    n, d = int(match[1]), int(match[2] or 1)
    if max(n, d) > RATE_PART_MAX:
        raise UnitError(f"rate {text!r}, wanted parts of at most {RATE_PART_MAX}")
    return Rate(n, d)


def exponent_of(currency: str) -> int:
    """Return how many decimals `currency` has.

    Raises:
        UnitError: the table does not have it.
    """
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise UnitError(f"currency {currency[:40]!r}, one of {', '.join(sorted(EXPONENTS))} wanted")
    return exponent


def minor_from_text(text: str, currency: str) -> int:
    """Return the minor units of decimal `text` such as `12.50`; fewer decimals are welcome.

    Raises:
        UnitError: no decimal number, more decimals than `currency` has, or out of range.
    """
    exponent = exponent_of(currency)
    match = _AMOUNT.fullmatch(text)
    if match is None or len(text) > 40:
        raise UnitError(f"amount {text[:40]!r}, wanted a decimal number such as 12.50")
    sign, whole, decimals = match[1], match[2], match[3] or ""
    if len(decimals) > exponent:
        raise UnitError(f"amount {text!r}, wanted at most {exponent} decimals in {currency}")
    return _in_range(int(sign + whole + decimals.ljust(exponent, "0")))


def minor_from_decimal(amount: Decimal, currency: str) -> int:
    """Return the minor units of `amount`, rounded once, halves away from zero.

    Raises:
        UnitError: not a finite number, or out of range.
    """
    exponent = exponent_of(currency)
    if not amount.is_finite() or amount.adjusted() > 20:
        raise UnitError(f"amount {amount}, wanted at most {MONEY_MAX_MINOR} minor units")
    # First rounded, then moved: to move an amount of many digits would round it as well.
    rounded = amount.quantize(Decimal(1).scaleb(-exponent), ROUND_HALF_UP)
    return _in_range(int(rounded.scaleb(exponent)))


def text_from_minor(amount_minor: int, currency: str) -> str:
    """Return `amount_minor` as decimal text with all decimals of `currency`."""
    exponent = exponent_of(currency)
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(exponent + 1, "0")
    if exponent == 0:
        return sign + digits
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def _in_range(amount_minor: int) -> int:
    if abs(amount_minor) > MONEY_MAX_MINOR:
        raise UnitError(f"amount of {amount_minor} minor units, at most {MONEY_MAX_MINOR} wanted")
    return amount_minor
