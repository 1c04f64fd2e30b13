"""The terms of a programme, each as it stands in the document and how it is read from there."""

from dataclasses import dataclass
from datetime import date

from loyalty.fields import MONEY_MAX_MINOR, POINTS_MAX
from loyalty.programme_table import Table
from loyalty.units import RATE_PART_MAX, Rate, rate_from_text

LABEL_MAX_CHARS = 40
EXPIRY_MAX = {"days": 36_500, "months": 1_200, "years": 100}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FALLBACK_LOCALE = "en"

_ROUNDINGS = ("day", "month", "year")
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class Label:
    """What people read, as pairs of locale and text; `FALLBACK_LOCALE` is always there."""

    texts: tuple[tuple[str, str], ...]

    def in_locale(self, locale: str) -> str:
        """Return the text for `locale`, or the fallback's."""
        texts = dict(self.texts)
        return texts.get(locale) or texts[FALLBACK_LOCALE]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A standing that members reach with `threshold_points` qualifying points."""

    id: str
    label: Label
    threshold_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which items a term is about; an empty text leaves that open."""

    terminal: str = ""
    store: str = ""
    category: str = ""
    tier: str = ""

    def admits(self, *, terminal: str, store: str, category: str, tier: str) -> bool:
        """Return whether an item with these properties is meant."""
        return (
            self.terminal in ("", terminal)
            and self.store in ("", store)
            and self.category in ("", category)
            and self.tier in ("", tier)
        )

    @property
    def specificity(self) -> tuple[bool, ...]:
        """What orders selectors that admit the same item: terminal, store, category, tier (L6).

        No two that admit the same item are equal in it unless they are the same selector.
        """
        return (bool(self.terminal), bool(self.store), bool(self.category), bool(self.tier))


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnRule:
    """Items of `selector` earn `rate` points for each minor unit paid."""

    id: str
    rate: Rate
    selector: Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Items of `selector` earn `multiplier` times as much on its days; both days are included."""

    id: str
    multiplier: Rate
    group: str
    first_day: date
    last_day: date
    weekdays: frozenset[int]
    selector: Selector

    def is_on(self, day: date) -> bool:
        """Return whether business date `day` is one of its days."""
        return self.first_day <= day <= self.last_day and day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`points` may be spent on this; it is worth `value_minor` to the member."""

    id: str
    label: Label
    points: int
    value_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Lots live for `count` of `unit` (`EXPIRY_MAX`'s words), to the end of that `round_to`."""

    count: int
    unit: str
    round_to: str


def read_tier(table: Table) -> Tier:
    """Return the tier of a table `[[tiers]]`."""
    return Tier(
        id=table.ident("id"),
        label=read_label(table),
        threshold_points=table.whole("threshold_points", 0, POINTS_MAX),
    )


def read_earn_rule(table: Table) -> EarnRule:
    """Return the rule of a table `[[earn]]`."""
    points = table.whole("points", 0, RATE_PART_MAX)
    per_minor = table.whole("per_minor", 1, RATE_PART_MAX)
    return EarnRule(id=table.ident("id"), rate=Rate(points, per_minor), selector=_selector(table))


def read_promotion(table: Table) -> Promotion:
    """Return the promotion of a table `[[promotions]]`; no weekdays means every day."""
    first_day, last_day, weekdays = read_on_days(table)
    return Promotion(
        id=table.ident("id"),
        multiplier=table.parsed("multiplier", rate_from_text, Rate(1, 1)),
        group=table.ident("group", default="promotion"),
        first_day=first_day,
        last_day=last_day,
        weekdays=weekdays,
        selector=_selector(table),
    )


def read_on_days(table: Table) -> tuple[date, date, frozenset[int]]:
    """Return first day, last day and weekdays of a table; what is left out leaves that open."""
    weekdays = table.words("weekdays", WEEKDAYS) or WEEKDAYS
    first_day = table.day("first_day", default=_FIRST_DAY)
    last_day = table.day("last_day", default=_LAST_DAY)
    if table.is_right("first_day", "last_day") and last_day < first_day:
        table.wrong("last_day", f"found {last_day}, wanted {first_day} or later")
    return first_day, last_day, frozenset(WEEKDAYS.index(it) for it in weekdays)


def read_offer(table: Table) -> Offer:
    """Return the offer of a table `[[offers]]`."""
    return Offer(
        id=table.ident("id"),
        label=read_label(table),
        points=table.whole("points", 1, POINTS_MAX),
        value_minor=table.whole("value_minor", 0, MONEY_MAX_MINOR),
    )


def read_expiry(table: Table) -> Expiry | None:
    """Return the terms of table `[expiry]`, or None where they are mistaken."""
    units = [unit for unit in EXPIRY_MAX if table.has(unit)]
    counts = {unit: table.whole(unit, 1, most, default=1) for unit, most in EXPIRY_MAX.items()}
    round_to = table.word("round_to", _ROUNDINGS, default="day")
    table.close()
    if len(units) == 1:
        return Expiry(count=counts[units[0]], unit=units[0], round_to=round_to)
    extra = units[1] if units else "months"
    table.wrong(
        extra, f"found {' and '.join(units) or 'nothing'}, wanted one of days, months, years"
    )
    return None


def read_label(table: Table) -> Label:
    """Return the label of a table: locales with their texts, English always among them."""
    texts = table.texts("label", LABEL_MAX_CHARS)
    if table.is_right("label") and FALLBACK_LOCALE not in dict(texts):
        found = [locale for locale, _ in texts]
        table.wrong("label", f"found {str(found)[:40]}, wanted {FALLBACK_LOCALE} among them")
    return Label(texts)


def _selector(table: Table) -> Selector:
    return Selector(
        terminal=table.ident("terminal", default=""),
        store=table.ident("store", default=""),
        category=table.ident("category", default=""),
        tier=table.ident("tier", default=""),
    )
