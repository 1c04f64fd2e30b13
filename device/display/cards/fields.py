"""What the fields of a layout say of a face, in the face's language."""

from collections.abc import Callable

from device.display.cards.face import Face, Money
from device.display.cards.words import WORDS, Words
from loyalty.units import text_from_minor

# As shops write them; any other currency stands with its code.
_CURRENCY_SIGNS = {"HKD": "HK$", "USD": "US$", "CNY": "¥"}


def field_texts(face: Face, field: str) -> tuple[str, ...]:
    """Return the texts of `field`, one a paragraph; none where the face does not know it."""
    found = FIELDS[field](face, WORDS[face.locale])
    return tuple(it for it in (found if isinstance(found, tuple) else (found,)) if it)


def grouped(amount: int) -> str:
    """Return `amount` with thousands apart, as all three languages write it."""
    return f"{amount:,}".replace("-", "−")


def signed(amount: int) -> str:
    """Return `amount` with its sign, so that it cannot be taken for a balance."""
    return f"+{amount:,}" if amount >= 0 else grouped(amount)


def money(amount: Money) -> str:
    """Return `amount` as shops of its currency write it."""
    sign = _CURRENCY_SIGNS.get(amount.currency, f"{amount.currency} ")
    whole, point, decimals = text_from_minor(abs(amount.amount_minor), amount.currency).partition(
        "."
    )
    minus = "−" if amount.amount_minor < 0 else ""
    return f"{minus}{sign}{int(whole):,}{point}{decimals}"


def _pending(face: Face, words: Words) -> str:
    points = face.payload.pending_points
    return words.pending.format(points=signed(points)) if points else ""


def _this_time(face: Face, words: Words) -> str:
    points = face.this_time_points
    return "" if points is None else words.this_time.format(points=signed(points))


def _number(face: Face, words: Words) -> str:
    return words.number.format(number=face.payload.account)


def _stamps(face: Face, words: Words) -> str:
    stamps = face.stamps
    return "" if stamps is None else words.stamps.format(have=stamps.have, of=stamps.of)


def _visits(face: Face, words: Words) -> str:
    return "" if face.visits is None else words.visits.format(count=grouped(face.visits))


def _valid_until(face: Face, words: Words) -> str:
    day = face.valid_until
    return "" if day is None else words.valid_until.format(day=words.day(day))


def _expiry(face: Face, words: Words) -> str:
    found = face.expiring
    if found is None:
        return ""
    return words.expiry.format(points=grouped(found.points), day=words.day(found.last_day))


def _next_tier(face: Face, words: Words) -> str:
    found = face.next_tier
    if found is None:
        return ""
    return words.next_tier.format(points=grouped(found.points), tier=found.label)


# What must be right to the last digit: it shrinks for as long as it must, and is never cut.
FIGURES = frozenset(("number", "points", "pending", "this_time", "prepaid", "as_of_time"))

# What a layout's `show` may name.
FIELDS: dict[str, Callable[[Face, Words], str | tuple[str, ...]]] = {
    "brand": lambda face, words: face.brand or words.card,
    "card": lambda face, words: words.card,
    "tier": lambda face, words: face.tier,
    "member": lambda face, words: face.name or _number(face, words),
    "name": lambda face, words: face.name,
    "number": _number,
    "points": lambda face, words: grouped(face.payload.points),
    "points_label": lambda face, words: words.points,
    "pending": _pending,
    "this_time": _this_time,
    "prepaid": lambda face, words: "" if face.prepaid is None else money(face.prepaid),
    "prepaid_label": lambda face, words: "" if face.prepaid is None else words.prepaid,
    "stamps_label": _stamps,
    "visits": _visits,
    "as_of": lambda face, words: words.as_of.format(day=words.day(face.as_of)),
    "as_of_time": lambda face, words: words.moment(face.as_of, face.payload.version),
    "valid_until": _valid_until,
    "expiry": _expiry,
    "next_tier": _next_tier,
    "messages": lambda face, words: face.messages,
}
