"""From what the hub said of a member to marks that were read back."""

from dataclasses import replace
from functools import cache

import pytest

from device.display.cards.artist import FaceArtist
from device.display.cards.layout_files import read_layout
from device.display.cards.payload import decode
from device.display.cards.profile import CR80, STAR_TCP
from device.display.cards.raster import unpack
from device.display.fonts import Fonts, installed_collection
from device.face_maker import FaceMaker
from tests.device.face_content import CONTENT
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


def test_a_face_tells_tier_brand_and_the_messages_of_its_moment():
    face = maker(locale="zh_Hans_CN").face(CONTENT)

    assert (face.tier, face.brand) == ("金卡", "丰收超市")
    assert face.messages[:3] == (
        "开业庆典：3月7日前购物，积分多送两成。",
        "每周三选购鲜奶，积分翻倍。",
        "40 分兑换咖啡一杯",
    )


def test_later_that_day_another_message_is_told():
    at_three = replace(CONTENT, as_of_ms=NOON_MS + 3 * HOUR_MS)

    told = set(maker().face(at_three).messages) - set(maker().face(CONTENT).messages)

    assert told == {"Time for a coffee? Your points are enough for one."}


def test_a_tier_that_the_programme_lacks_is_shown_by_its_id():
    face = maker(programme=plain()).face(replace(CONTENT, tier="diamond"))

    assert (face.tier, face.brand) == ("diamond", "")


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
