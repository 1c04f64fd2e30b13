"""Faces that show what a layout must stand: each language, long values, and next to nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache

from PIL import Image, ImageDraw

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
    """Return a grey picture of somebody: light falls from the left on a head and shoulders."""
    picture = Image.linear_gradient("L").rotate(90).resize((300, 360))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((30, 240, 270, 520), fill=70)
    pen.ellipse((85, 60, 215, 230), fill=190)
    pen.pieslice((80, 45, 220, 200), 180, 360, fill=40)
    return picture


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


FACES = {
    "en": rich(
        locale="en",
        brand="Harvest Market",
        name="Chan Tai-man",
        tier="Gold",
        expiring=Expiring(500, date(2017, 3, 31)),
        next_tier=NextTier(21_550, "Platinum"),
        messages=("Double points in your birthday month, at every branch.",),
    ),
    "zh_Hant_HK": rich(
        locale="zh_Hant_HK",
        brand="豐收超市",
        name="陳大文",
        tier="金卡會員",
        expiring=Expiring(500, date(2017, 3, 31)),
        next_tier=NextTier(21_550, "白金卡"),
        messages=("生日月份雙倍積分！惠顧滿 $500 即賞「咖啡券」乙張。",),
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
        messages=("消费满 ¥500 即赠「咖啡券」一张，详情请咨询店员。",),
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


def pictures() -> Iterator[tuple[str, Image.Image]]:
    """Yield the picture of every sample face, upright, and its name."""
    for layout, profile in sheets():
        for face in FACES:
            drawn = artist(layout, PROFILES[profile]).draw_upright(FACES[face])
            yield f"{layout}-{profile}-{face}", drawn
