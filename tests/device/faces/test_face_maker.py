"""From what the hub said of a member to marks that were read back."""

from dataclasses import replace
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from device.display.cards.artist import FaceArtist
from device.display.cards.face import Expiring, NextTier
from device.display.cards.layout_files import read_layout
from device.display.cards.payload import decode
from device.display.cards.profile import CR80, STAR_TCP
from device.display.cards.raster import unpack
from device.display.fonts import Fonts, installed_collection
from device.faces.face_maker import FaceMaker
from loyalty.card import is_member_token
from loyalty.clock import end_of_day_ms
from loyalty.fields import POINTS_MAX
from tests.device.face_content import AHEAD, CONTENT
from tests.loyalty.facts import HOUR_MS, NOON_MS, SUPERMARKET, plain


@cache
def artist(layout="classic", profile=STAR_TCP):
    return FaceArtist(read_layout(layout), profile, Fonts(installed_collection()))


def maker(*, programme=SUPERMARKET, locale="en", drawing=None):
    return FaceMaker(drawing or artist(), programme, locale=locale)


def test_the_code_says_what_the_hub_signed_and_what_is_pending():
    made = maker().make(CONTENT)

    said = decode(made.payload)
    assert made.read_back == made.payload
    assert (said.account, said.points, said.pending_points) == ("hh-1234", 1250, -40)
    assert (said.version, said.as_of_s, said.check) == (7, NOON_MS // 1000, "a1b2")


@pytest.mark.parametrize("layout", ["classic", "identity"])
def test_every_name_that_a_member_may_have_is_printed_and_read(layout):
    member = "HK.kln:00_12-Zz9"
    assert is_member_token(member)

    made = maker(drawing=artist(layout, CR80)).make(replace(CONTENT, member=member))

    assert made.read_back == made.payload
    assert decode(made.payload).account == member


@pytest.mark.parametrize(("layout", "profile"), [("classic", STAR_TCP), ("identity", CR80)])
@pytest.mark.parametrize("points", [POINTS_MAX, -POINTS_MAX])
def test_as_many_points_as_a_line_may_tell_of_are_printed_and_read(layout, profile, points):
    content = replace(CONTENT, points=points, pending_points=points)

    made = maker(drawing=artist(layout, profile)).make(content)

    assert made.read_back == made.payload
    assert (decode(made.payload).points, decode(made.payload).pending_points) == (points, points)


def test_a_face_tells_tier_brand_and_the_messages_of_its_moment():
    face = maker(locale="zh_Hans_CN").face(CONTENT)

    assert (face.tier, face.brand) == ("金卡", "丰收超市")
    assert face.messages[:3] == (
        "开业庆典：3月7日及之前购物，积分多两成。",
        "每周三选购鲜奶，积分翻倍。",
        "40 分兑换咖啡一杯",
    )


def test_later_that_day_another_message_is_told():
    at_three = replace(CONTENT, as_of_ms=NOON_MS + 3 * HOUR_MS)

    told = set(maker().face(at_three).messages) - set(maker().face(CONTENT).messages)

    assert told == {"You have the points for a coffee."}


def test_a_tier_that_the_programme_lacks_is_shown_by_its_id():
    face = maker(programme=plain()).face(replace(CONTENT, tier="diamond"))

    assert (face.tier, face.brand) == ("diamond", "")


def test_what_is_ahead_is_told_by_the_labels_and_days_of_the_programme():
    face = maker(locale="zh_Hant_HK").face(AHEAD)

    assert face.next_tier == NextTier(3750, "白金卡")
    assert face.expiring == Expiring(500, date(2019, 3, 31))
    assert face.this_time_points == -100


def test_of_what_the_hub_does_not_tell_nothing_stands_on_the_face():
    face = maker().face(CONTENT)

    assert (face.next_tier, face.expiring, face.this_time_points) == (None, None, None)
    assert (face.name, face.visits, face.prepaid, face.stamps, face.valid_until) == (
        "",
        *[None] * 4,
    )


def test_what_expires_is_not_told_while_points_are_pending_that_may_be_of_those():
    face = maker().face(replace(AHEAD, pending_points=-40))

    assert face.expiring is None
    assert face.next_tier is not None


@pytest.mark.parametrize("cutoff_hour", [0, 4])
def test_the_last_day_of_points_is_the_business_day_that_ends_when_they_expire(cutoff_hour):
    hong_kong = ZoneInfo("Asia/Hong_Kong")
    last_day = date(2018, 12, 31)
    programme = replace(SUPERMARKET, zone=hong_kong, cutoff_hour=cutoff_hour)
    content = replace(AHEAD, expires_ms=end_of_day_ms(last_day, hong_kong, cutoff_hour))

    face = maker(programme=programme).face(content)

    assert face.expiring == Expiring(500, last_day)


def test_a_next_tier_that_the_programme_lacks_is_shown_by_its_id():
    face = maker().face(replace(AHEAD, next_tier="diamond"))

    assert face.next_tier == NextTier(3750, "diamond")


def test_the_code_says_no_more_than_the_hub_signed_and_what_is_pending():
    plain_code = maker().make(replace(CONTENT, pending_points=0)).payload

    assert maker().make(AHEAD).payload == plain_code


@pytest.mark.parametrize("locale", ["en", "zh_Hant_HK", "zh_Hans_CN"])
@pytest.mark.parametrize("layout", ["classic", "point_card"])
def test_the_face_of_a_kiosk_looks_as_it_was_approved(golden, layout, locale):
    drawing = artist(layout)

    drawn = drawing.draw_upright(maker(drawing=drawing, locale=locale).face(AHEAD))

    golden.check(f"kiosk-{layout}-{locale}", drawn)


def test_the_wall_clock_of_a_face_is_the_programmes():
    zone = SUPERMARKET.zone

    assert maker().face(CONTENT).as_of.tzinfo == zone
    assert f"{maker().face(CONTENT).as_of:%H:%M}" == "12:00"


@pytest.mark.parametrize("layout", ["classic", "identity"])
def test_inverted_film_gets_the_opposite_marks_and_still_reads(layout):
    ordinary = maker(drawing=artist(layout, CR80)).make(CONTENT)
    milky = maker(drawing=artist(layout, replace(CR80, invert=True))).make(CONTENT)

    assert milky.read_back == ordinary.payload
    shown = unpack(milky.raster, invert=True)
    assert shown.tobytes() == unpack(ordinary.raster).tobytes()


def test_bars_that_do_not_read_are_as_bad_as_a_code_that_does_not():
    class Smudged(FaceArtist):
        def draw(self, face):
            image = super().draw(face)
            image.paste(255, (0, 480, image.width, 540))
            image.paste(0, (300, 430, 700, 560))
            return image

    smudged = Smudged(read_layout("identity"), CR80, Fonts(installed_collection()))

    assert maker(drawing=smudged).make(CONTENT).read_back is None
