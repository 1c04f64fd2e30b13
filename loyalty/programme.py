"""A programme document (TOML) becomes a frozen, versioned Programme, or a list of mistakes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from loyalty.clock import start_of_day_ms
from loyalty.fields import COUNT_MAX, POINTS_MAX
from loyalty.programme_adjust import NOTHING_BY_HAND, AdjustTerms, read_adjustments
from loyalty.programme_cards import EVERY_CARD, CardTerms, read_cards
from loyalty.programme_days import Days
from loyalty.programme_faces import PLAIN_FACES, FaceTerms, read_faces
from loyalty.programme_messages import Message, read_message
from loyalty.programme_offline import NOTHING_OFFLINE, OfflineTerms, read_offline
from loyalty.programme_rates import Rates
from loyalty.programme_table import Table, read_document
from loyalty.programme_terms import (
    EarnRule,
    Expiry,
    Offer,
    Promotion,
    Selector,
    Tier,
    read_earn_rule,
    read_expiry,
    read_offer,
    read_promotion,
    read_tier,
)
from loyalty.programme_toml import DocumentErrors
from loyalty.units import EXPONENTS

TERMS_MAX = 1000  # of each sort: tiers, earn rules, promotions, offers, messages
MULTIPLYING_GROUPS_MAX = 16  # each adds digits to the rates, which stand in the names of lots
UNKNOWN_CATEGORY = "unknown"  # what a sale says of a product that has none


class ProgrammeErrors(DocumentErrors):
    """The document is no programme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What a programme promises from business date `valid_from` on; build it with `parse`.

    `tiers` rise by threshold. `receipt_cap_points` limits one receipt (`POINTS_MAX`: no limit).
    `expiry` is None where points live for ever. `days` and `rates` follow from the rest and
    answer quickly.
    """

    name: str
    version: int
    valid_from: date
    zone: ZoneInfo
    cutoff_hour: int
    currency: str
    exclude_special_price: bool
    receipt_cap_points: int
    expiry: Expiry | None
    tiers: tuple[Tier, ...]
    earn: tuple[EarnRule, ...]
    promotions: tuple[Promotion, ...]
    multiplying_groups: frozenset[str]
    offers: tuple[Offer, ...]
    messages: tuple[Message, ...] = ()
    faces: FaceTerms = PLAIN_FACES
    cards: CardTerms = EVERY_CARD
    offline: OfflineTerms = NOTHING_OFFLINE
    adjustments: AdjustTerms = NOTHING_BY_HAND
    starts_ms: int = field(init=False, compare=False)
    days: Days = field(init=False, compare=False, repr=False)
    rates: Rates = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        starts_ms = start_of_day_ms(self.valid_from, self.zone, self.cutoff_hour)
        days = Days(self.zone, self.cutoff_hour, self.expiry)
        rates = Rates(self.earn, self.promotions, self.multiplying_groups)
        object.__setattr__(self, "starts_ms", starts_ms)
        object.__setattr__(self, "days", days)
        object.__setattr__(self, "rates", rates)

    def tier(self, tier_id: str) -> Tier | None:
        """Return the tier of that id."""
        return next((it for it in self.tiers if it.id == tier_id), None)

    def offer(self, offer_id: str) -> Offer | None:
        """Return the offer of that id."""
        return next((it for it in self.offers if it.id == offer_id), None)


def in_force(programmes: Sequence[Programme], event_ms: int) -> Programme:
    """Return the version for an event at `event_ms`: the latest valid on its business date.

    An event older than all of them gets the earliest; of two with one date the higher version.

    Raises:
        ValueError: there is no programme at all.
    """
    if len(programmes) == 1:
        return programmes[0]
    if not programmes:
        raise ValueError("found no programme, wanted at least one")
    begun = [it for it in programmes if it.starts_ms <= event_ms]
    if begun:
        return max(begun, key=_valid_and_version)
    earliest = min(it.valid_from for it in programmes)
    return max((it for it in programmes if it.valid_from == earliest), key=_valid_and_version)


def _valid_and_version(programme: Programme) -> tuple[date, int]:
    return programme.valid_from, programme.version


def parse(text: str, *, source: str) -> Programme:
    """Return the programme that TOML `text` describes; `source` names it in mistakes.

    Raises:
        ProgrammeErrors: with every mistake of the document at once.
    """
    return read_document(text, source=source, make=_programme, errors=ProgrammeErrors)


def _programme(root: Table) -> Programme:
    tiers = _terms(root, "tiers", read_tier, least=1)
    _check_thresholds(root, tiers)
    earn = _terms(root, "earn", read_earn_rule, least=1)
    _check_selectors(earn, tiers)
    promotions = _terms(root, "promotions", read_promotion)
    for promotion, table in promotions:
        _check_tier(table, promotion.selector, tiers)
    offers = _terms(root, "offers", read_offer)
    messages = _terms(root, "messages", read_message)
    for message, table in messages:
        _check_tiers(table, message, tiers)
    faces, cards = root.table("faces"), root.table("cards")
    expiry, offline = root.table("expiry"), root.table("offline")
    adjustments = root.table("adjustments")
    programme = Programme(
        name=root.ident("name"),
        version=root.whole("version", 1, COUNT_MAX),
        valid_from=root.day("valid_from"),
        zone=root.parsed("zone", _zone, ZoneInfo("UTC")),
        cutoff_hour=root.whole("cutoff_hour", 0, 23, default=4),
        currency=root.word("currency", tuple(sorted(EXPONENTS))),
        exclude_special_price=root.flag("exclude_special_price", default=False),
        receipt_cap_points=root.whole("receipt_cap_points", 1, POINTS_MAX, default=POINTS_MAX),
        expiry=read_expiry(expiry) if expiry else None,
        tiers=tuple(it for it, _ in tiers),
        earn=tuple(it for it, _ in earn),
        promotions=tuple(it for it, _ in promotions),
        multiplying_groups=frozenset(root.idents("multiplying_groups")),
        offers=tuple(it for it, _ in offers),
        messages=tuple(it for it, _ in messages),
        faces=read_faces(faces) if faces else PLAIN_FACES,
        cards=read_cards(cards) if cards else EVERY_CARD,
        offline=read_offline(offline) if offline else NOTHING_OFFLINE,
        adjustments=read_adjustments(adjustments) if adjustments else NOTHING_BY_HAND,
    )
    _check_groups(root, programme)
    root.close()
    return programme


class _Term(Protocol):
    @property
    def id(self) -> str: ...


Term = TypeVar("Term", bound=_Term)


def _terms(
    root: Table, key: str, read_term: Callable[[Table], Term], *, least: int = 0
) -> list[tuple[Term, Table]]:
    """Return the terms of the list of `key`, each with its table; two of one id are a mistake."""
    terms: list[tuple[Term, Table]] = []
    ids: set[str] = set()
    for table in root.tables(key, least, TERMS_MAX):
        term = read_term(table)
        if table.is_right("id") and term.id in ids:
            table.wrong("id", f"found {term.id!r} again, wanted an id of its own")
        ids.add(term.id)
        terms.append((term, table))
    return terms


def _check_thresholds(root: Table, tiers: list[tuple[Tier, Table]]) -> None:
    below = -1
    for index, (tier, table) in enumerate(tiers):
        if not table.is_right("threshold_points"):
            continue
        if index == 0 and tier.threshold_points != 0:
            table.wrong(
                "threshold_points", f"found {tier.threshold_points}, wanted 0 for the first"
            )
        elif tier.threshold_points <= below:
            table.wrong(
                "threshold_points", f"found {tier.threshold_points}, wanted more than {below}"
            )
        below = tier.threshold_points


def _check_selectors(earn: list[tuple[EarnRule, Table]], tiers: list[tuple[Tier, Table]]) -> None:
    taken: dict[Selector, str] = {}
    for rule, table in earn:
        _check_tier(table, rule.selector, tiers)
        if not table.is_right("tier", "category", "store", "terminal"):
            continue
        if rule.selector in taken:
            first = taken[rule.selector]
            table.wrong("id", f"found {rule.id!r} for the same items as {first!r}, wanted one rule")
        taken.setdefault(rule.selector, rule.id)


def _check_tier(table: Table, selector: Selector, tiers: list[tuple[Tier, Table]]) -> None:
    ids = [it.id for it, _ in tiers]
    if table.is_right("tier") and selector.tier and selector.tier not in ids:
        table.wrong("tier", f"found {selector.tier!r}, wanted one of {', '.join(ids)}")


def _check_tiers(table: Table, message: Message, tiers: list[tuple[Tier, Table]]) -> None:
    ids = [it.id for it, _ in tiers]
    unknown = sorted(message.tiers.difference(ids))
    if unknown:
        table.wrong("tiers", f"found {unknown[0]!r}, wanted some of {', '.join(ids)}")


def _check_groups(root: Table, programme: Programme) -> None:
    found = len(programme.multiplying_groups)
    if found > MULTIPLYING_GROUPS_MAX:
        wanted = f"wanted at most {MULTIPLYING_GROUPS_MAX}"
        root.wrong("multiplying_groups", f"found {found} groups, {wanted}")
    groups = {it.group for it in programme.promotions}
    for group in sorted(programme.multiplying_groups - groups):
        root.wrong("multiplying_groups", f"found {group!r}, wanted the group of a promotion")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # ZoneInfoNotFoundError is a KeyError; a directory's name gives an OSError.
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"found {name[:40]!r}, wanted an IANA time zone") from error
