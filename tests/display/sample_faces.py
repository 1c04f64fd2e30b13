"""Faces that show what a layout must stand: each language, long values, and next to nothing."""

from datetime import UTC, date, datetime
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

from device.display.cards.artist import FaceArtist
from device.display.cards.face import Expiring, Face, Money, NextTier, Stamps
from device.display.cards.layout_files import read_layout, shipped_names
from device.display.cards.payload import Payload
from device.display.cards.placing import LayoutUnfit
from device.display.cards.profile import PROFILES, STAR_TCP, Profile
from device.display.fonts import Fonts, installed_collection

NOON = datetime(2017, 3, 1, 14, 30, tzinfo=UTC)


def payload(**values) -> Payload:
    """Return an ordinary payload with `values` in place of its own."""
    ordinary = {
        "account": "8520001234567890",
        "version": 12,
        "points": 128_450,
        "as_of_s": 1_488_378_600,
        "pending_points": 40,
        "check": "k3Jx9QzPw1aB",
    }
    return Payload(**{**ordinary, **values})


@cache
def portrait() -> Image.Image:
    """Return a grey picture of somebody: head and shoulders before a bright wall."""
    picture = Image.linear_gradient("L").point(lambda grey: 255 - grey // 4).resize((320, 400))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((72, 46, 248, 262), fill=35)
    pen.rounded_rectangle((30, 300, 290, 560), 110, fill=90)
    pen.rectangle((130, 230, 190, 320), fill=175)
    pen.ellipse((92, 84, 228, 272), fill=205)
    pen.pieslice((88, 60, 232, 200), 180, 360, fill=35)
    return picture.filter(ImageFilter.GaussianBlur(3))


def rich(**values) -> Face:
    """Return a face that knows every field, with `values` in place of its own."""
    known = {
        "payload": payload(),
        "as_of": NOON,
        "this_time_points": 185,
        "prepaid": Money(123_450, "HKD"),
        "stamps": Stamps(7, 10),
        "visits": 36,
        "valid_until": date(2018, 12, 31),
        "photo": portrait(),
    }
    return Face(**{**known, **values})


MESSAGES = {
    "en": (
        "Birthday: double points",
        "Fresh bread from 7 a.m.",
        "Coffee for 40 points",
        "Milk day every Wednesday",
        "Bring a friend: 100 points",
        "Free delivery from $300",
        "Open until 11 p.m.",
        "Recycle a bag: 5 points",
        "New: pay with prepaid",
        "See you again soon",
    ),
    "zh_Hant_HK": (
        "生日月份惠顧，積分雙倍！",
        "每朝七時新鮮麵包出爐",
        "40 分換領咖啡一杯",
        "逢星期三鮮奶雙倍積分",
        "介紹朋友入會賞 100 分",
        "購物滿 $300 免費送貨",
        "營業至晚上十一時",
        "自備購物袋賞 5 分",
        "新推出：儲值付款",
        "多謝惠顧，歡迎再臨",
    ),
    "zh_Hans_CN": (
        "生日月消费，积分翻倍！",
        "每天七点新鲜面包出炉",
        "40 分兑换咖啡一杯",
        "每周三鲜奶双倍积分",
        "推荐朋友入会送 100 分",
        "购物满 ¥300 免费送货",
        "营业至晚上十一点",
        "自带购物袋送 5 分",
        "新功能：储值付款",
        "谢谢惠顾，欢迎再来",
    ),
}

FACES = {
    "en": rich(
        locale="en",
        brand="Harvest Market",
        name="Chan Tai-man",
        tier="Gold",
        expiring=Expiring(500, date(2017, 3, 31)),
        next_tier=NextTier(21_550, "Platinum"),
        messages=MESSAGES["en"],
    ),
    "zh_Hant_HK": rich(
        locale="zh_Hant_HK",
        brand="豐收超市",
        name="陳大文",
        tier="金卡會員",
        expiring=Expiring(500, date(2017, 3, 31)),
        next_tier=NextTier(21_550, "白金卡"),
        messages=MESSAGES["zh_Hant_HK"],
    ),
    "zh_Hans_CN": rich(
        locale="zh_Hans_CN",
        brand="丰收超市",
        name="陈大文",
        tier="金卡会员",
        payload=payload(pending_points=-1200),
        prepaid=Money(123_450, "CNY"),
        expiring=Expiring(500, date(2017, 3, 31)),
        next_tier=NextTier(21_550, "白金卡"),
        messages=MESSAGES["zh_Hans_CN"],
    ),
    "long": Face(
        locale="en",
        brand="The Wolfeschlegelsteinhausen Market",
        name="Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine",
        tier="PLATINUM AMBASSADOR FOR LIFE",
        payload=payload(
            account="A" * 16,
            check="c" * 16,
            version=999_999_999,
            points=-999_999_999_999,
            pending_points=999_999_999_999,
            as_of_s=8_000_000_000,
        ),
        as_of=NOON,
        messages=("龘齉爨 🎉 \x07 " * 10, "欢迎再次光临", "x" * 120),
    ),
    "plain": Face(
        locale="en",
        tier="Member",
        payload=payload(account="hh-1234", points=0, pending_points=0),
        as_of=NOON,
    ),
}


@cache
def artist(layout: str = "classic", profile: Profile = STAR_TCP) -> FaceArtist:
    """Return the artist of a shipped layout on a profile."""
    return FaceArtist(read_layout(layout), profile, Fonts(installed_collection()))


@cache
def sheets() -> tuple[tuple[str, str], ...]:
    """Return every pair of a shipped layout and a profile that it can be printed on."""
    pairs = []
    for layout in shipped_names():
        for profile in PROFILES.values():
            try:
                artist(layout, profile)
            except LayoutUnfit:
                continue
            pairs.append((layout, profile.name))
    return tuple(pairs)
