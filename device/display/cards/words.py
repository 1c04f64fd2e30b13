"""The few fixed words on a card face, in every language we print."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a face says around the member's own values."""

    card: str
    member_number: Callable[[str], str]
    points: str
    pending: Callable[[str], str]
    as_of: Callable[[date], str]
    offer: Callable[[str, int], str]


# English months are spelled here because `strftime` follows the process's locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

WORDS = {
    "en": Words(
        card="MEMBER CARD",
        member_number=lambda number: f"No. {number}",
        points="Points",
        pending=lambda amount: f"{amount} pending",
        as_of=lambda day: f"as of {day.day} {_MONTHS[day.month - 1]} {day.year}",
        offer=lambda label, points: f"{label} for {points:,} points",
    ),
    "zh_Hant_HK": Words(
        card="會員卡",
        member_number=lambda number: f"會員編號 {number}",
        points="積分結餘",
        pending=lambda amount: f"{amount} 待入賬",
        as_of=lambda day: f"截至 {day.year}年{day.month}月{day.day}日",
        offer=lambda label, points: f"{points:,} 分換領{label}",
    ),
    "zh_Hans_CN": Words(
        card="会员卡",
        member_number=lambda number: f"会员编号 {number}",
        points="积分余额",
        pending=lambda amount: f"{amount} 待入账",
        as_of=lambda day: f"截至 {day.year}年{day.month}月{day.day}日",
        offer=lambda label, points: f"{points:,} 分兑换{label}",
    ),
}
