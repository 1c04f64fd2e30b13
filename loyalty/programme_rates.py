"""What an item earns: the most specific rule times the promotions of the day (L6).

The rates of one kind of receipt are worked out once and remembered. There are no more kinds than
the document has words: a store or category that no term names is like every other such one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from loyalty.programme_terms import EarnRule, Promotion
from loyalty.units import Rate

_NOTHING = Rate(0, 1)
_ONE = Rate(1, 1)
_OTHER = ""
KINDS_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class ItemRate:
    """The `rate` of an item; `leg` names the lot it earns, `rules` the ids of what made it."""

    rate: Rate
    leg: str
    rules: str


@dataclass(frozen=True, slots=True)
class ReceiptRates:
    """The rates of a receipt's items: those of named categories, and of all the `other` ones."""

    by_category: dict[str, ItemRate]
    other: ItemRate


class Rates:
    """The earn rules and promotions of a programme, ready to be asked.

    It is a pure function of its arguments; what it remembers only makes it quick.
    """

    def __init__(
        self,
        earn: tuple[EarnRule, ...],
        promotions: tuple[Promotion, ...],
        multiplying_groups: frozenset[str],
    ) -> None:
        self._earn = sorted(earn, key=lambda it: it.selector.specificity, reverse=True)
        self._promotions = promotions
        self._multiplying_groups = multiplying_groups
        selectors = [it.selector for it in earn] + [it.selector for it in promotions]
        self._tiers = frozenset(it.tier for it in selectors)
        self._stores = frozenset(it.store for it in selectors)
        self._terminals = frozenset(it.terminal for it in selectors)
        self._categories = frozenset(it.category for it in selectors) - {_OTHER}
        self._by_kind: dict[tuple[str, str, str, tuple[str, ...]], ReceiptRates] = {}
        self._on_by_day: dict[date, tuple[str, ...]] = {}

    def of_receipt(self, *, tier: str, store: str, terminal: str, day: date) -> ReceiptRates:
        """Return the rates of a receipt of a member of `tier` on business date `day`."""
        kind = (
            tier if tier in self._tiers else _OTHER,
            store if store in self._stores else _OTHER,
            terminal if terminal in self._terminals else _OTHER,
            self._ids_on(day),
        )
        rates = self._by_kind.get(kind)
        if rates is None:
            if len(self._by_kind) >= KINDS_REMEMBERED:
                self._by_kind.clear()
            rates = self._by_kind[kind] = self._receipt_rates(*kind)
        return rates

    def _ids_on(self, day: date) -> tuple[str, ...]:
        ids = self._on_by_day.get(day)
        if ids is None:
            if len(self._on_by_day) >= KINDS_REMEMBERED:
                self._on_by_day.clear()
            ids = tuple(it.id for it in self._promotions if it.is_on(day))
            self._on_by_day[day] = ids
        return ids

    def _receipt_rates(
        self, tier: str, store: str, terminal: str, on: tuple[str, ...]
    ) -> ReceiptRates:
        promotions = [it for it in self._promotions if it.id in on]

        def item_rate(category: str) -> ItemRate:
            where = {"tier": tier, "store": store, "terminal": terminal, "category": category}
            rule = next((it for it in self._earn if it.selector.admits(**where)), None)
            if rule is None:
                return ItemRate(_NOTHING, f"rate:{_NOTHING}", "")
            multiplier, winners = best_multiplier(
                (it for it in promotions if it.selector.admits(**where)), self._multiplying_groups
            )
            rate = rule.rate.times(multiplier)
            return ItemRate(rate, f"rate:{rate}", "+".join((rule.id, *winners)))

        by_category = {it: item_rate(it) for it in sorted(self._categories)}
        return ReceiptRates(by_category, item_rate(_OTHER))


def best_multiplier(
    promotions: Iterable[Promotion], multiplying_groups: frozenset[str]
) -> tuple[Rate, tuple[str, ...]]:
    """Return what `promotions` multiply by together, and the ids of those that count (L6).

    Of one group the highest counts, the first written among equals; groups that are not among
    `multiplying_groups` compete as one. A lone multiplier below one counts as well: it is how
    points are withheld on a day.
    """
    best: dict[str, Promotion] = {}
    for promotion in promotions:
        group = promotion.group if promotion.group in multiplying_groups else _OTHER
        if group not in best or best[group].multiplier < promotion.multiplier:
            best[group] = promotion
    multiplier = _ONE
    for promotion in best.values():
        multiplier = multiplier.times(promotion.multiplier)
    return multiplier, tuple(sorted(it.id for it in best.values()))
