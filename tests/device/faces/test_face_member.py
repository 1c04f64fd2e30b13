"""A made-up member for previews: read whole, or every mistake told; and what their face says."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from device.commands.face import SAMPLE_MEMBER
from device.display.cards.face import Expiring, Money, NextTier, Stamps
from device.faces.face_member import MemberErrors, face_of, parse_member
from tests.loyalty.facts import SUPERMARKET

SAMPLE = SAMPLE_MEMBER.read_text()
LEAST = 'member = "hh-1"\ntier = "gold"\npoints = 0\nat = "2017-03-04 15:00"\n'


def test_the_sample_member_knows_every_field():
    member = parse_member(SAMPLE, source="sample")

    assert member.prepaid == Money(123_450, "HKD")
    assert member.stamps == Stamps(7, 10)
    assert member.expiring == Expiring(500, date(2017, 3, 31))
    assert member.next_tier == NextTier(1783, "platinum")
    assert (member.visits, member.this_time_points) == (36, 185)


def test_the_least_member_leaves_the_rest_out():
    face = face_of(parse_member(LEAST, source="least"), None, locale="en")

    assert (face.name, face.brand, face.tier, face.messages) == ("", "", "gold", ())
    assert (face.prepaid, face.stamps, face.expiring, face.next_tier, face.visits) == (None,) * 5


def test_the_programme_masks_the_name_and_gives_its_labels():
    face = face_of(parse_member(SAMPLE, source="sample"), SUPERMARKET, locale="zh_Hant_HK")

    assert (face.name, face.tier, face.brand) == ("陳＊＊", "金卡", "豐收超市")
    assert face.next_tier == NextTier(1783, "白金卡")
    assert face.as_of == datetime(2017, 3, 1, 14, 30, tzinfo=UTC)
    assert face.payload.as_of_s == 1_488_378_600


def test_the_moment_is_one_of_the_programmes_wall_clock():
    hong_kong = replace(SUPERMARKET, zone=ZoneInfo("Asia/Hong_Kong"))

    face = face_of(parse_member(SAMPLE, source="sample"), hong_kong, locale="en")

    assert f"{face.as_of:%H:%M}" == "14:30"
    assert face.payload.as_of_s == 1_488_378_600 - 8 * 3600


def test_messages_are_those_of_the_members_moment_and_then_the_offers():
    face = face_of(parse_member(LEAST, source="least"), SUPERMARKET, locale="en")

    assert face.messages == (
        "Until 7 March: 20% more points.",
        "Coffee for 40 points",
        "1.00 voucher for 100 points",
        "5.00 voucher for 500 points",
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"8520001234567890"', '"no spaces"', "4: member: found 'no spaces', wanted 1-16 of"),
        ("points = 3217", "points = 1.5", "6: points: found 1.5, wanted a whole number"),
        ("14:30", "2 p.m.", "7: at: found '2017-03-01 2 p.m.', wanted one such as 2017-03-01"),
        ("have = 7", "have = 11", "23: stamps.have: found 11, wanted a whole number from 0 to 10"),
        ('"HKD"', '"HK"', "17: currency: found 'HK', wanted one of"),
        ('"1234.50"', '"1234.555"', "16: prepaid: found an amount '1234.555', wanted at most 2"),
        ("陳大文", "陳" * 61, "11: name: found 61 characters, wanted at most 60"),
        ("visits = 36", "visit = 36", "13: visit: found an unknown key"),
    ],
)
def test_each_mistake_names_its_line_what_was_found_and_wanted(old, new, told):
    assert old in SAMPLE

    with pytest.raises(MemberErrors) as caught:
        parse_member(SAMPLE.replace(old, new, 1), source="m.toml")

    assert [str(it)[: len(told) + 7] for it in caught.value.mistakes] == [f"m.toml:{told}"]


def test_what_is_no_toml_is_a_mistake():
    with pytest.raises(MemberErrors, match=r"m\.toml:1: no TOML"):
        parse_member("member", source="m.toml")
