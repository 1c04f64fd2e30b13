"""Faces that show what a layout must stand: each language, long values, and next to nothing."""

from datetime import date

from device.display.cards.face import Face
from device.display.cards.payload import Payload

DAY = date(2017, 3, 1)


def payload(**values) -> Payload:
    """Return an ordinary payload with `values` in place of its own."""
    ordinary = {
        "account": "8520001234567890",
        "version": 12,
        "points": 128_450,
        "as_of_s": 1_488_326_400,
        "pending_points": 40,
        "check": "k3Jx9QzPw1aB",
    }
    return Payload(**{**ordinary, **values})


FACES = {
    "en": Face(
        locale="en",
        name="Chan Tai-man",
        tier="GOLD",
        payload=payload(),
        as_of=DAY,
        messages=(
            "Double points in your birthday month at every branch, until 31 December.",
            "Next: Platinum from 150,000 points.",
        ),
    ),
    "zh_Hant_HK": Face(
        locale="zh_Hant_HK",
        name="陳大文 Chan Tai-man",
        tier="金卡會員",
        payload=payload(),
        as_of=DAY,
        messages=(
            "生日月份雙倍積分！即日起至 31/12 於任何分店惠顧滿 $500 即賞「咖啡券」乙張，"
            "詳情請向店員查詢。",
        ),
    ),
    "zh_Hans_CN": Face(
        locale="zh_Hans_CN",
        name="",
        tier="金卡会员",
        payload=payload(pending_points=-1200),
        as_of=DAY,
        messages=("消费满 ¥500 即赠「咖啡券」一张，详情请咨询店员。", "欢迎再次光临"),
    ),
    "long": Face(
        locale="en",
        name="Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine",
        tier="PLATINUM AMBASSADOR FOR LIFE",
        payload=payload(
            account="A" * 24,
            check="c" * 16,
            version=999_999_999,
            points=-999_999_999_999,
            pending_points=999_999_999_999,
            as_of_s=8_000_000_000,
        ),
        as_of=DAY,
        messages=("龘齉爨 🎉 \x07 " * 10, "欢迎再次光临", "x" * 120),
    ),
    "plain": Face(
        locale="en",
        name="Anna",
        tier="MEMBER",
        payload=payload(points=0, pending_points=0),
        as_of=DAY,
    ),
}
