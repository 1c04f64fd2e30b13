"""What staff type at a terminal, one line an event.

sale RECEIPT CATEGORY=12.50 CATEGORY=3.00* …    a basket; * marks a special price
issue MEMBER                                    a new card
staff ID                                        who works here from now on
day YYYYMMDD                                    the business day is over here
phone NUMBER                                    the member's phone number, as they say it

A kiosk, where nothing is sold or issued, takes only the last two.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from device.behaviour.events import (
    DayEnded,
    Event,
    IssueKeyed,
    NumberKeyed,
    SaleKeyed,
    StaffSignedOn,
    TillSale,
)
from device.behaviour.setting import Setting
from loyalty.card import MEMBER_MAX_CHARS, is_member_token
from loyalty.chain import is_name
from loyalty.records import SALE_ITEMS_MAX, SaleItem
from loyalty.units import UnitError, minor_from_text, text_from_minor

LINE_MAX_CHARACTERS = 2000
FIRST_ZONE_MS = 14 * 3_600_000  # UTC+14:00, Line Islands
RECEIPT_MAX_CHARACTERS = 24  # store, receipt and leg together are a business key
WORDS_OF = {
    "handheld": ("sale", "issue", "staff", "day", "phone"),
    "kiosk": ("day", "phone"),
}


class NotUnderstood(ValueError):
    """The line is none of these; the message says what was found and wanted."""


def understand(kind: str, line: str, setting: Setting, now_ms: int) -> Event:
    """Return the event that `line` means at a `kiosk` or `handheld` of `setting` at `now_ms`.

    Raises:
        NotUnderstood: it means none.
    """
    if len(line) > LINE_MAX_CHARACTERS:
        raise NotUnderstood(f"a line of {len(line)} characters, at most {LINE_MAX_CHARACTERS}")
    word, *values = line.split() or [""]
    words = WORDS_OF[kind]
    if word not in words:
        raise NotUnderstood(f"{word[:40]!r}, wanted {', '.join(words)} or a number")
    return _READERS[word](values, setting, now_ms)


def _sale(values: list[str], setting: Setting, now_ms: int) -> Event:
    if not 1 < len(values) <= SALE_ITEMS_MAX + 1:
        raise NotUnderstood(f"sale: wanted RECEIPT and 1 to {SALE_ITEMS_MAX} CATEGORY=AMOUNT")
    receipt, *items = values
    if not is_name(receipt) or len(receipt) > RECEIPT_MAX_CHARACTERS:
        raise NotUnderstood(
            f"receipt {receipt[:40]!r}, wanted 1-{RECEIPT_MAX_CHARACTERS} of A-Z a-z 0-9 _ -"
        )
    sold = tuple(_item(it, setting.currency) for it in items)
    total_minor = sum(it.paid_minor for it in sold)
    if total_minor < 0:
        # A discount may be an item, but goods that come back earn nothing and take nothing.
        total = text_from_minor(total_minor, setting.currency)
        raise NotUnderstood(f"sale of {total} in all, wanted 0 or more: it cannot be a return")
    sale = TillSale(
        store=setting.store,
        receipt=receipt,
        till_ms=now_ms,
        currency=setting.currency,
        items=sold,
    )
    return SaleKeyed(sale)


def _item(text: str, currency: str) -> SaleItem:
    category, equals, amount = text.partition("=")
    if not equals or not is_name(category):
        raise NotUnderstood(f"item {text[:40]!r}, wanted one such as grocery=12.50")
    try:
        paid_minor = minor_from_text(amount.removesuffix("*"), currency)
    except UnitError as error:
        raise NotUnderstood(str(error)) from error
    return SaleItem(category, paid_minor, int(amount.endswith("*")))


def _issue(values: list[str], _setting: Setting, _now_ms: int) -> Event:
    member = _only(values, "issue", "MEMBER")
    if not is_member_token(member):
        wanted = f"1-{MEMBER_MAX_CHARS} of A-Z a-z 0-9 _ . : -"
        raise NotUnderstood(f"member {member[:40]!r}, wanted {wanted}")
    return IssueKeyed(member)


def _staff(values: list[str], _setting: Setting, _now_ms: int) -> Event:
    staff = _only(values, "staff", "ID")
    if not is_name(staff):
        raise NotUnderstood(f"staff {staff[:40]!r}, wanted 1-64 of A-Z a-z 0-9 _ -")
    return StaffSignedOn(staff)


def _day(values: list[str], _setting: Setting, now_ms: int) -> Event:
    day = _only(values, "day", "YYYYMMDD")
    try:
        begins = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise NotUnderstood(f"day {day[:40]!r}, wanted one such as 20170301") from error
    # Nowhere does a day begin earlier than that.
    if begins.timestamp() * 1000 - FIRST_ZONE_MS > now_ms:
        raise NotUnderstood(f"day {day}, wanted one that has begun")
    return DayEnded(int(day))


def _phone(values: list[str], _setting: Setting, _now_ms: int) -> Event:
    return NumberKeyed(" ".join(values))


def _only(values: list[str], word: str, wanted: str) -> str:
    if len(values) != 1:
        raise NotUnderstood(f"{word}: {len(values)} words, wanted one {wanted}")
    return values[0]


_READERS: dict[str, Callable[[list[str], Setting, int], Event]] = {
    "sale": _sale,
    "issue": _issue,
    "staff": _staff,
    "day": _day,
    "phone": _phone,
}
