"""The few fixed words on a card face, in every language we print."""

from dataclasses import dataclass
from datetime import date, datetime

LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a face says around the member's own values, as patterns with named places."""

    card: str
    number: str
    points: str
    pending: str
    this_time: str
    prepaid: str
    stamps: str
    visits: str
    as_of: str
    as_of_time: str
    valid_until: str
    expiry: str
    next_tier: str
    offer: str
    day_pattern: str

    def day(self, day: date) -> str:
        """Return `day` as people write it."""
        return self.day_pattern.format(**_parts(day))

    def moment(self, at: datetime, version: int) -> str:
        """Return the moment of an account's `version`, short enough for a narrow column."""
        return self.as_of_time.format(**_parts(at), time=f"{at:%H:%M}", version=version)


# English months are spelled here because `strftime` follows the process's locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _parts(day: date) -> dict[str, int | str]:
    return {"day": day.day, "month": day.month, "name": _MONTHS[day.month - 1], "year": day.year}


WORDS = {
    "en": Words(
        card="MEMBER CARD",
        number="No. {number}",
        points="Points",
        pending="{points} pending",
        this_time="{points} this time",
        prepaid="Prepaid balance",
        stamps="Stamps {have} / {of}",
        visits="Visit {count}",
        as_of="as of {day}",
        as_of_time="{day} {name} {year} {time} #{version}",
        valid_until="Valid until {day}",
        expiry="Points expiring on {day}: {points}",
        next_tier="Points to {tier}: {points}",
        offer="{label} for {points} points",
        day_pattern="{day} {name} {year}",
    ),
    "zh_Hant_HK": Words(
        card="會員卡",
        number="會員編號 {number}",
        points="積分結餘",
        pending="{points} 待入賬",
        this_time="今次 {points} 分",
        prepaid="儲值餘額",
        stamps="印花 {have} / {of}",
        visits="第 {count} 次光臨",
        as_of="截至 {day}",
        as_of_time="{year}/{month}/{day} {time} #{version}",
        valid_until="有效期至 {day}",
        expiry="{points} 分將於 {day}到期",
        next_tier="再賺 {points} 分即可升級{tier}",
        offer="{points} 分換領{label}",
        day_pattern="{year}年{month}月{day}日",
    ),
    "zh_Hans_CN": Words(
        card="会员卡",
        number="会员编号 {number}",
        points="积分余额",
        pending="{points} 待入账",
        this_time="本次 {points} 分",
        prepaid="储值余额",
        stamps="印花 {have} / {of}",
        visits="第 {count} 次光临",
        as_of="截至 {day}",
        as_of_time="{year}/{month}/{day} {time} #{version}",
        valid_until="有效期至 {day}",
        expiry="{points} 分将于 {day}到期",
        next_tier="再得 {points} 分即可升级{tier}",
        offer="{points} 分兑换{label}",
        day_pattern="{year}年{month}月{day}日",
    ),
}
