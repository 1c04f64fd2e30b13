"""What the fields of a layout say, in three languages."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sample_faces import FACES, payload

from device.display.cards.face import Face, Money
from device.display.cards.fields import FIELDS, field_texts, money, signed

FIGURES = {
    "en": {
        "points": "128,450",
        "pending": "+40 pending",
        "this_time": "+185 this time",
        "prepaid": "HK$1,234.50",
        "stamps_label": "Stamps 7 / 10",
        "visits": "Visit 36",
        "as_of": "as of 1 Mar 2017",
        "as_of_time": "1 Mar 2017 14:30 #12",
        "valid_until": "Valid until 31 Dec 2018",
        "expiry": "Points expiring on 31 Mar 2017: 500",
        "next_tier": "Points to Platinum: 21,550",
        "number": "No. 8520001234567890",
    },
    "zh_Hant_HK": {
        "pending": "+40 待入賬",
        "as_of": "截至 2017年3月1日",
        "as_of_time": "2017/3/1 14:30 #12",
        "expiry": "500 分將於 2017年3月31日到期",
        "next_tier": "再賺 21,550 分即可升級白金卡",
    },
    "zh_Hans_CN": {
        "pending": "−1,200 待入账",
        "prepaid": "¥1,234.50",
        "expiry": "500 分将于 2017年3月31日到期",
        "next_tier": "再得 21,550 分即可升级白金卡",
    },
}
CASES = [(locale, field, text) for locale, it in FIGURES.items() for field, text in it.items()]


@pytest.mark.parametrize(("locale", "field", "text"), CASES)
def test_a_field_says_its_value_in_the_members_language(locale, field, text):
    assert field_texts(FACES[locale], field) == (text,)


def test_what_a_face_does_not_know_takes_no_room():
    knows = {it for it in FIELDS if field_texts(FACES["plain"], it)}

    assert knows == {
        *("brand", "card", "tier", "member", "number"),
        *("points", "points_label", "as_of", "as_of_time"),
    }


def test_a_name_stands_in_place_of_the_number():
    assert field_texts(FACES["en"], "member") == ("Chan Tai-man",)
    assert field_texts(replace(FACES["en"], name=""), "member") == ("No. 8520001234567890",)


def test_pending_points_always_carry_a_sign():
    assert [signed(40), signed(0), signed(-1200)] == ["+40", "+0", "−1,200"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(0, "HKD"), "HK$0.00"),
        (Money(-5, "USD"), "−US$0.05"),
        (Money(123_456_789, "CNY"), "¥1,234,567.89"),
        (Money(1234, "JPY"), "JPY 1,234"),
    ],
)
def test_money_is_written_as_shops_of_its_currency_do(amount, text):
    assert money(amount) == text


def test_a_date_is_the_one_of_the_programmes_wall_clock():
    face = Face(
        locale="en", tier="", payload=payload(), as_of=datetime(2017, 12, 31, 9, 5, tzinfo=UTC)
    )

    assert field_texts(face, "as_of_time") == ("31 Dec 2017 09:05 #12",)
    assert face.as_of.date() == date(2017, 12, 31)
